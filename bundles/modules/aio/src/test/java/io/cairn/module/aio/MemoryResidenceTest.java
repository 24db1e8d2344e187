package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are in memory, by what a kernel says of them. */
class MemoryResidenceTest {
    private static final String SWAPS_HEADER = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    @TempDir
    private Path proc;

    private Path swaps;

    @BeforeEach
    void makeProc() throws IOException {
        swaps = proc.resolve("swaps");
        Files.writeString(swaps, SWAPS_HEADER);
        Files.createDirectory(proc.resolve("fdinfo"));
        fd(3, "2");
        fd(4, "27");
        fd(5, "270");
        fd(6, "28");
        fd(7, "99");
        Files.writeString(proc.resolve("fdinfo/8"), "pos:\t0\n");
        Files.writeString(
                proc.resolve("mountinfo"),
                """
                2 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
                27 2 0:22 / /mnt/a\\040-\\040ext4\\040b rw,nosuid shared:2 master:1 - tmpfs tmpfs rw,size=64k
                270 2 0:23 / /mnt/over rw - overlay tmpfs rw,lowerdir=/a - tmpfs
                28 2 0:24 / /mnt/ram rw - ramfs none rw
                """);
    }

    private void fd(int number, String mount) throws IOException {
        Files.writeString(
                proc.resolve("fdinfo/" + number), "pos:\t0\nflags:\t0100002\nmnt_id:\t" + mount + "\nino:\t27\n");
    }

    private boolean holds(int fd) {
        return new MemoryResidence(proc, swaps).holds(fd);
    }

    @Test
    void filesOnTmpfsAndRamfsAreInMemory() {
        assertThat(holds(4)).isTrue();
        assertThat(holds(6)).isTrue();
        assertThat(holds(3)).as("ext4").isFalse();
        assertThat(holds(5)).as("overlay over tmpfs").isFalse();
    }

    @Test
    void whatCannotBeFoundOutIsNot() throws IOException {
        assertThat(holds(7)).as("a mount that is not listed").isFalse();
        assertThat(holds(8)).as("no mount").isFalse();
        assertThat(holds(9)).as("no file descriptor").isFalse();
        Files.delete(proc.resolve("mountinfo"));
        assertThat(holds(4)).isFalse();
    }

    @Test
    void swapTakesTmpfsOutOfMemoryAndNotRamfs() throws IOException {
        Files.writeString(swaps, SWAPS_HEADER + "/dev/vdb  partition\t1048572\t\t0\t\t-2\n");
        assertThat(holds(4)).isFalse();
        assertThat(holds(6)).isTrue();
    }

    @Test
    void aKernelWithoutSwapHasNoList() throws IOException {
        Files.delete(swaps);
        assertThat(holds(4)).isTrue();
        Files.createDirectory(swaps);
        assertThat(holds(4)).as("an unreadable list").isFalse();
    }
}
