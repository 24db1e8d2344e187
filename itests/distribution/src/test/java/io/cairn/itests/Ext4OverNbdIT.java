package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Digests;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import io.cairn.itests.support.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real ext4 file system on aio, passthru and split, exported over NBD: read, written and mounted by programs that
 * are not ours.
 *
 * <p>The file is two parts long: the file system is the first, the second is free for writing.
 */
@ExtendWith(SharedDistribution.class)
class Ext4OverNbdIT {
    private static final int PART_MIB = 128;
    private static final long PART = (long) PART_MIB << 20;
    private static final int FILES = 400;

    private final RunningDistribution cairn;
    private Path directory;
    private Path disk;
    private Path pristine;
    private Stack stack;
    private String fileSystem;
    private String free;

    Ext4OverNbdIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void serve(@TempDir Path directory) throws IOException {
        this.directory = directory;
        Path tree = tree(directory.resolve("tree"));
        pristine = directory.resolve("pristine.img");
        Tool.named("mke2fs")
                .run("-q", "-t", "ext4", "-d", tree, pristine, PART_MIB + "M")
                .ok();
        disk = directory.resolve("disk.img");
        Files.copy(pristine, disk);
        try (FileChannel file = FileChannel.open(disk, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(1), 2 * PART - 1);
        }
        stack = new Stack(cairn.rpc());
        stack.aio("ext4-disk", disk, 512);
        stack.passthru("ext4-pass", "ext4-disk");
        List<String> parts = stack.split("ext4-pass", 2, PART_MIB);
        assertThat(parts).containsExactly("ext4-passp0", "ext4-passp1");
        fileSystem = parts.get(0);
        free = parts.get(1);
        stack.export(fileSystem);
        stack.export(free);
    }

    @AfterEach
    void withdraw() {
        if (stack != null) {
            stack.close();
        }
    }

    @Test
    void qemuImgReadsItByteForByte() throws IOException {
        Path copy = directory.resolve("copy.img");

        Tool.named("qemu-img")
                .run("convert", "-f", "raw", "-O", "raw", cairn.nbdUri(fileSystem), copy)
                .ok();

        assertThat(Digests.sha256(copy, 0, PART)).isEqualTo(Digests.sha256(pristine, 0, PART));
        assertThat(copy).hasSize(PART);
    }

    @Test
    void nbdcopyReadsItByteForByte() throws IOException {
        Path copy = directory.resolve("copy.img");

        Tool.named("nbdcopy").run(cairn.nbdUri(fileSystem), copy).ok();

        Tool.named("cmp").run(copy, pristine).ok();
        assertThat(copy).hasSize(PART);
    }

    @Test
    void fioWritesAndFindsItsChecksumsAgain() throws IOException {
        Tool.named("fio")
                .run(
                        "--name=verify",
                        "--ioengine=nbd",
                        "--uri=" + cairn.nbdUri(free),
                        "--rw=randwrite",
                        "--bs=4k-64k",
                        "--size=96M",
                        "--iodepth=16",
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--verify_state_save=0",
                        "--end_fsync=1")
                .ok();

        assertThat(Digests.sha256(disk, 0, PART))
                .as("the part beside it is as it was")
                .isEqualTo(Digests.sha256(pristine, 0, PART));
        assertThat(Digests.isZero(disk, PART, 2 * PART)).isFalse();
    }

    @Test
    void qemuIoWritesLandWhereTheyBelong() throws IOException {
        Tool.named("qemu-io")
                .run(
                        "-f",
                        "raw",
                        "-c",
                        "write -P 0xab 0 64k",
                        "-c",
                        "write -f -P 0xcd 1M 4k",
                        "-c",
                        "write -P 0xef " + (PART - 512) + " 512",
                        "-c",
                        "flush",
                        "-c",
                        "read -P 0xab 0 64k",
                        "-c",
                        "read -P 0xcd 1M 4k",
                        "-c",
                        "read -P 0 2M 1M",
                        cairn.nbdUri(free))
                .ok();

        assertThat(Digests.isFilled(disk, PART, PART + (64 << 10), 0xab)).isTrue();
        assertThat(Digests.isFilled(disk, PART + (64 << 10), PART + (1 << 20), 0))
                .isTrue();
        assertThat(Digests.isFilled(disk, PART + (1 << 20), PART + (1 << 20) + 4096, 0xcd))
                .isTrue();
        assertThat(Digests.isFilled(disk, 2 * PART - 512, 2 * PART, 0xef)).isTrue();
        assertThat(Digests.sha256(disk, 0, PART)).isEqualTo(Digests.sha256(pristine, 0, PART));
    }

    @Test
    void aLinuxKernelMountsItAndWritesFiles() throws IOException {
        Tool.named("qemu-system-x86_64");
        Path brought = directory.resolve("brought");
        Files.copy(Path.of("/proc/self/exe"), brought, StandardCopyOption.REPLACE_EXISTING);
        Path script = Files.writeString(
                directory.resolve("guest.sh"),
                """
                set -e
                nbd-client -N %s 10.0.2.2 %d /dev/nbd0 >/dev/null
                mount -t ext4 /dev/nbd0 /mnt
                mkdir /mnt/written
                i=0
                while [ $i -lt 50 ]; do
                  dd if=/dev/urandom of=/mnt/written/$i bs=4k count=$((i + 1)) 2>/dev/null
                  i=$((i + 1))
                done
                cp /in/brought /mnt/written/brought
                rm -r /mnt/0
                sync
                (cd /mnt/written; sha256sum *)
                umount /mnt
                nbd-client -d /dev/nbd0 >/dev/null
                """
                        .formatted(fileSystem, cairn.nbdAddress().getPort()));

        String printed = Tool.script("linux-guest")
                .run(Duration.ofMinutes(4), "", "host", script, brought)
                .ok()
                .out();

        Map<String, String> digests = printed.lines()
                .filter(line -> line.matches("[0-9a-f]{64}  .+"))
                .collect(Collectors.toMap(line -> line.substring(66), line -> line.substring(0, 64)));
        assertThat(digests).hasSize(51).containsEntry("brought", Digests.sha256(brought, 0, Files.size(brought)));
        // Closes the file: from here on it is an ordinary file again.
        stack.close();
        stack = null;
        Tool.named("e2fsck").run("-fn", disk).ok();
        Tool debugfs = Tool.named("debugfs");
        Path dump = Files.createDirectory(directory.resolve("dump"));
        debugfs.run("-R", "rdump /written " + dump, disk).ok();
        for (Map.Entry<String, String> written : digests.entrySet()) {
            Path file = dump.resolve("written").resolve(written.getKey());
            assertThat(Digests.sha256(file, 0, Files.size(file)))
                    .as(written.getKey())
                    .isEqualTo(written.getValue());
        }
        // a line is /inode/mode/user/group/name/size/, and a folder has no size
        assertThat(debugfs.run("-R", "ls -p /", disk).ok().out()).doesNotContain("/0//");
    }

    /** Real files of different sizes and depths: what this JDK brings, 50 to a folder. */
    private static Path tree(Path root) throws IOException {
        Path jdk = Path.of(System.getProperty("java.home"));
        int count = 0;
        try (Stream<Path> files = Files.walk(jdk)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> file.toFile().length() < (1 << 20))
                    .sorted()
                    .limit(FILES)
                    .toList()) {
                Path copy = root.resolve(Integer.toString(count / 50)).resolve(count + "-" + file.getFileName());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
                count++;
            }
        }
        assertThat(count).as("files in the tree").isGreaterThanOrEqualTo(200);
        return root;
    }
}
