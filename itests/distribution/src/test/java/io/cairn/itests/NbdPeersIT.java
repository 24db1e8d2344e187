package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Digests;
import io.cairn.itests.support.Finished;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.Running;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import io.cairn.itests.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What libnbd, QEMU and fio find when they talk to the NBD server. */
@ExtendWith(SharedDistribution.class)
class NbdPeersIT {
    private static final long MIB = 1 << 20;
    private static final long SIZE = 64 * MIB;
    private static final String DISK = "peers-disk";

    private final RunningDistribution cairn;
    private Stack stack;
    private String uri;

    NbdPeersIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void serve() throws IOException {
        stack = new Stack(cairn.rpc());
        stack.malloc(DISK, SIZE);
        stack.export(DISK);
        uri = cairn.nbdUri(DISK);
    }

    @AfterEach
    void withdraw() {
        stack.close();
    }

    @Test
    void nbdinfoSeesSizeAndFlags() {
        Tool nbdinfo = Tool.named("nbdinfo");

        assertThat(nbdinfo.run("--size", uri).ok().out().strip()).isEqualTo(Long.toString(SIZE));
        for (String ability : new String[] {"multi-conn", "flush", "fua", "trim", "zero", "fast-zero", "cache"}) {
            nbdinfo.run("--can", ability, uri).ok();
        }
        nbdinfo.run("--can", "structured-reply", uri).ok();
        // 2 is nbdinfo's status for "no"
        assertThat(nbdinfo.run("--is", "read-only", uri).status()).isEqualTo(2);
    }

    @Test
    void nbdinfoListsEveryExport() {
        stack.export(DISK, "peers second name", true);

        JsonNode exports = JsonMapper.shared()
                .readTree(Tool.named("nbdinfo")
                        .run("--json", "--list", cairn.nbdUri(""))
                        .ok()
                        .out())
                .get("exports");

        assertThat(exports.findValuesAsString("export-name")).contains(DISK, "peers second name");
    }

    @Test
    void anUnknownExportIsRefused() {
        Tool.named("nbdinfo").run(cairn.nbdUri("no-such-export")).refused();
    }

    @Test
    void nbdinfoMapsWhatIsAllocated() {
        writeOneMegabyteAt16();

        JsonNode map = JsonMapper.shared()
                .readTree(Tool.named("nbdinfo").run("--json", "--map", uri).ok().out());

        long covered = 0;
        long data = 0;
        boolean found = false;
        for (JsonNode extent : map) {
            assertThat(extent.path("offset").asLong()).isEqualTo(covered);
            long length = extent.path("length").asLong();
            covered += length;
            if (extent.path("type").asInt() == 0) {
                data += length;
                long offset = extent.path("offset").asLong();
                found |= offset <= 16 * MIB && offset + length >= 17 * MIB;
            }
        }
        assertThat(covered).isEqualTo(SIZE);
        assertThat(found).as("what was written is data: %s", map).isTrue();
        assertThat(data).as("most of it is a hole: %s", map).isLessThan(8 * MIB);
    }

    @Test
    void qemuImgMapsWhatIsAllocated() {
        writeOneMegabyteAt16();

        JsonNode map = JsonMapper.shared()
                .readTree(Tool.named("qemu-img")
                        .run("map", "--output=json", "-f", "raw", uri)
                        .ok()
                        .out());

        long data = 0;
        long zero = 0;
        for (JsonNode extent : map) {
            long length = extent.path("length").asLong();
            data += extent.path("data").asBoolean() ? length : 0;
            zero += extent.path("zero").asBoolean() ? length : 0;
        }
        assertThat(data).as("data of %s", map).isBetween(MIB, 8 * MIB);
        assertThat(zero).as("zeroes of %s", map).isEqualTo(SIZE - data);
    }

    @Test
    void nbdcopyCopiesInAndOut(@TempDir Path directory) throws IOException {
        Path in = directory.resolve("in");
        byte[] content = new byte[(int) SIZE];
        new Random(7).nextBytes(content);
        Files.write(in, content);
        Path out = directory.resolve("out");
        Tool nbdcopy = Tool.named("nbdcopy");

        nbdcopy.run("--flush", in, uri).ok();
        nbdcopy.run(uri, out).ok();

        Tool.named("cmp").run(in, out).ok();
        assertThat(Digests.sha256(out, 0, SIZE)).isEqualTo(Digests.sha256(in, 0, SIZE));
    }

    @Test
    void aReadOnlyExportRefusesWrites() {
        stack.export(DISK, "peers-read-only", true);
        String readOnly = cairn.nbdUri("peers-read-only");

        Tool.named("nbdinfo").run("--is", "read-only", readOnly).ok();
        QemuIo.run(readOnly, "write -P 1 0 4k").refused();
        QemuIo.run(readOnly, "-r", "read -P 0 0 " + SIZE).ok();
    }

    @Test
    void qemuIoZeroesAndDiscards() {
        qemuIo(
                "write -P 0x5a 0 8M",
                "write -z 0 1M",
                "write -zu 1M 1M",
                "discard 2M 1M",
                // not aligned to anything but blocks
                "write -z 4097k 511",
                "read -P 0 0 3M",
                "read -P 0x5a 3M 1M",
                "read -P 0 4097k 511",
                "read -P 0x5a 5M 3M",
                "flush");
    }

    @Test
    void discardGivesMemoryBack() {
        qemuIo("write -P 0x5a 0 64M", "discard 0 64M", "read -P 0 0 64M");

        JsonNode map = JsonMapper.shared()
                .readTree(Tool.named("nbdinfo").run("--json", "--map", uri).ok().out());

        map.forEach(extent ->
                assertThat(extent.path("type").asInt()).as("%s", extent).isEqualTo(3));
    }

    @Test
    void fioUsesSeveralConnections() {
        Tool.named("fio")
                .run(
                        "--name=jobs",
                        "--ioengine=nbd",
                        "--uri=" + uri,
                        "--numjobs=4",
                        "--rw=randwrite",
                        "--bs=4k",
                        "--size=16M",
                        "--offset_increment=16M",
                        "--iodepth=32",
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--verify_state_save=0",
                        "--group_reporting")
                .ok();
    }

    @Test
    void hotRemoveEndsTheSessionAndTheServerGoesOn() {
        stack.malloc("peers-other", MIB);
        stack.export("peers-other");
        try (Running fio = Tool.named("fio")
                .start(
                        "",
                        "--name=load",
                        "--ioengine=nbd",
                        "--uri=" + uri,
                        "--rw=randrw",
                        "--bs=4k",
                        "--size=64M",
                        "--iodepth=32",
                        "--time_based",
                        "--runtime=60")) {
            Await.untilTrue("I/O of fio", Duration.ofSeconds(20), () -> writes() > 100);

            stack.delete("bdev_malloc_delete", DISK);

            Finished ended = fio.await(Duration.ofSeconds(20));
            ended.refused();
        }
        Tool.named("nbdinfo").run("--size", cairn.nbdUri("peers-other")).ok();
        Tool.named("nbdinfo").run("--size", uri).refused();

        stack.malloc(DISK, SIZE);
        assertThat(Tool.named("nbdinfo").run("--size", uri).ok().out().strip())
                .as("the export waits for its bdev")
                .isEqualTo(Long.toString(SIZE));
    }

    private void writeOneMegabyteAt16() {
        qemuIo("write -P 0x11 16M 1M");
    }

    private void qemuIo(String... commands) {
        List<String> words = new ArrayList<>(List.of(commands));
        // without it QEMU drops discards by itself
        words.add("--discard=unmap");
        QemuIo.run(uri, words.toArray(String[]::new)).ok();
    }

    private long writes() {
        return Stack.iostat(stack.rpc(), DISK, "num_write_ops");
    }
}
