package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.Raid;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import io.cairn.itests.support.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Members of arrays go, fail, lie and come back under a client that compares everything that it reads: it notices nothing. */
@ExtendWith(SharedDistribution.class)
class RaidIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String ARRAY = "raArray";
    private static final int SIZE = 64 << 20;

    /** Of members that are rebuilt as a whole while a client writes, which the rebuild makes way for. */
    private static final int SMALL = 20 << 20;

    private static final int BLOCK = 512;

    /** Of raid5f in KiB, as small as fio's blocks should be: one write is one stripe of three of them. */
    private static final int STRIP = 4;

    /** What every file is full of at first: members that hold it agree, and three of them are their own parity. */
    private static final byte FILLED = 0x5a;

    @TempDir
    private Path directory;

    private final RunningDistribution cairn;
    private Stack stack;

    RaidIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void connect() throws IOException {
        stack = new Stack(cairn.rpc());
    }

    @AfterEach
    void unmake() {
        stack.close();
    }

    @Test
    void aMirrorsLegThatGoesAndComesBackIsGivenWhatItMissed() throws IOException {
        Raid raid = stack.raid(ARRAY, "raid1", 0, disks(SIZE, "raLeg0", "raLeg1"));
        stack.export(ARRAY);
        String uuid = Stack.uuids(stack.rpc()).get("raLeg1");
        long since = Raid.nextNotification(stack.rpc());
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=8M", "--iodepth=16", "--rate_iops=1000")) {
            awaitWrites(200);

            stack.delete("bdev_aio_delete", "raLeg1");
            degradedAndBack(raid, uuid);

            // and once more: its file is not there any more
            Path away = Files.move(file("raLeg1"), directory.resolve("away"));
            stack.rescan("raLeg1");
            raid.awaitHealth("degraded");
            Files.move(away, file("raLeg1"));
            degradedAndBack(raid, uuid);

            awaitWrites(200);
            load.end().clean();
        }
        assertThat(raid.told(since))
                .containsSubsequence(
                        "bdev_member_lost: base bdev 'raLeg1' was removed",
                        "bdev_degraded: 1 of 2 members",
                        "bdev_process_begin: rebuild",
                        "bdev_process_end: rebuild: done",
                        "bdev_optimal",
                        "bdev_degraded: 1 of 2 members",
                        "bdev_optimal");
        assertThat(raid.scrub(false)).isZero();
    }

    /** It comes back while the client writes, and is not given the whole array. */
    private void degradedAndBack(Raid raid, String uuid) {
        raid.awaitHealth("degraded");
        awaitWrites(200);
        stack.aio("raLeg1", file("raLeg1"), BLOCK, uuid);
        raid.awaitHealth("optimal");
        assertThat(stat("raLeg1", "bytes_written")).isBetween(1L, SIZE / 2L);
    }

    @Test
    void theModuleOfALegIsStoppedAndStartedUnderLoad() throws IOException {
        Files.write(file("raLeg0"), new byte[SIZE]);
        stack.aio("raLeg0", file("raLeg0"), BLOCK);
        stack.malloc("raLeg1", SIZE);
        Raid raid = stack.raid(ARRAY, "raid1", 0, List.of("raLeg0", "raLeg1"));
        stack.export(ARRAY);
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=16M", "--iodepth=16")) {
            for (String module : List.of("aio", "aio")) {
                awaitWrites(200);
                cairn.shell().runOverSsh("bundle:stop io.cairn.module." + module);
                raid.awaitHealth("degraded");
                awaitWrites(200);
                cairn.shell().runOverSsh("bundle:start io.cairn.module." + module);
                raid.awaitHealth("optimal");
            }
            awaitWrites(200);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aSpareTakesThePlaceOfAMemberThatFailsItsWrites() throws IOException {
        disks(SMALL, "raDisk0", "raDisk1", "raDisk2", "raDisk3", "raSpare");
        String failing = stack.error("raDisk1");
        Raid raid = stack.raid(ARRAY, "raid5f", STRIP, List.of("raDisk0", failing, "raDisk2", "raDisk3"));
        spare("raSpare");
        stack.export(ARRAY);
        long since = Raid.nextNotification(stack.rpc());
        try (Fio load = stripes()) {
            awaitWrites(100);
            stack.rpc()
                    .call(
                            "bdev_error_inject_error",
                            Map.of("name", failing, "io_type", "write", "error_type", "failure", "num", 1));
            Await.untilTrue("spare taken", LIMIT, () -> raid.told(since).contains("bdev_spare_taken: raSpare"));
            raid.awaitHealth("optimal");
            awaitWrites(100);
            load.end().clean();
        }
        assertThat(raid.slot(1).path("name").asString()).isEqualTo("raSpare");
        assertThat(stack.rpc().call("bdev_raid_get_spares")).isEmpty();
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aSpareTakesThePlaceOfAMemberThatStaysAway() throws IOException {
        Raid raid = stack.raid(ARRAY, "raid1", 0, disks(SMALL, "raLeg0", "raLeg1"));
        disks(SMALL, "raSpare");
        spare("raSpare");
        stack.export(ARRAY);
        stack.rpc().call("bdev_raid_set_policy", Map.of("name", ARRAY, "spare_delay_sec", 1));
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=16M", "--iodepth=16")) {
            awaitWrites(200);
            stack.delete("bdev_aio_delete", "raLeg0");
            raid.awaitHealth("optimal");
            awaitWrites(200);
            load.end().clean();
        }
        assertThat(raid.slot(0).path("name").asString()).isEqualTo("raSpare");
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aParityArraysMemberGoesAndComesBackUnderLoad() throws IOException {
        Raid raid = stack.raid(ARRAY, "raid5f", STRIP, disks(SIZE, "raDisk0", "raDisk1", "raDisk2", "raDisk3"));
        stack.export(ARRAY);
        String uuid = Stack.uuids(stack.rpc()).get("raDisk2");
        try (Fio load = stripes()) {
            awaitWrites(100);
            stack.delete("bdev_aio_delete", "raDisk2");
            raid.awaitHealth("degraded");
            awaitWrites(100);
            stack.aio("raDisk2", file("raDisk2"), BLOCK, uuid);
            raid.awaitHealth("optimal");
            awaitWrites(100);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aFlippedByteOfALegIsFoundAndRepaired() throws IOException {
        Raid raid = stack.raid(ARRAY, "raid1", 0, disks(SIZE, "raLeg0", "raLeg1"));
        stack.export(ARRAY);
        Tool.named("qemu-io")
                .run("-f", "raw", "-c", "write -P 0x33 3M 8M", "-c", "flush", cairn.nbdUri(ARRAY))
                .ok();
        flippedAndRepaired(raid, 1, (5 << 20) + 1234);
    }

    @Test
    void aFlippedByteOfParityIsFoundAndRepaired() throws IOException {
        Raid raid = stack.raid(ARRAY, "raid5f", STRIP, disks(SIZE, "raDisk0", "raDisk1", "raDisk2", "raDisk3"));
        stack.export(ARRAY);
        Tool.named("qemu-io")
                .run("-f", "raw", "-c", "write -P 0x33 0 12M", "-c", "flush", cairn.nbdUri(ARRAY))
                .ok();
        // stripe 4 has its parity where stripe 0 has it: in the last slot
        flippedAndRepaired(raid, 3, 4 * (STRIP << 10) + 1000);
    }

    /** Flips a byte of a member's data behind the server's back. */
    private void flippedAndRepaired(Raid raid, int slot, long at) throws IOException {
        assertThat(raid.scrub(false)).isZero();
        JsonNode member = raid.slot(slot);
        Path file = file(member.path("name").asString());
        long offset = member.path("data_offset").asLong() * BLOCK;
        byte[] before = data(file, offset);
        flip(file, offset + at);

        assertThat(raid.scrub(false)).as("blocks that differ").isEqualTo(1);
        assertThat(data(file, offset)).as("not repaired yet").isNotEqualTo(before);
        assertThat(raid.scrub(true)).as("blocks that differed").isEqualTo(1);
        assertThat(data(file, offset)).isEqualTo(before);
        assertThat(raid.scrub(false)).isZero();
    }

    private static void flip(Path file, long at) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
            channel.write(one, at);
            channel.force(true);
        }
    }

    /** What is behind the array's own record. */
    private static byte[] data(Path file, long offset) throws IOException {
        byte[] all = Files.readAllBytes(file);
        return Arrays.copyOfRange(all, (int) offset, all.length);
    }

    // ---- helpers ----

    private Path file(String disk) {
        return directory.resolve(disk + ".img");
    }

    private List<String> disks(int size, String... names) throws IOException {
        byte[] content = new byte[size];
        Arrays.fill(content, FILLED);
        for (String name : names) {
            stack.aio(name, Files.write(file(name), content), BLOCK);
        }
        return new ArrayList<>(List.of(names));
    }

    /** The array takes it by itself, and then it is no spare any more. */
    private void spare(String disk) {
        stack.rpc().call("bdev_raid_add_spare", Map.of("base_bdev", disk, "raid_bdev", ARRAY));
    }

    /** A load of whole stripes. */
    private Fio stripes() {
        return Fio.verifying(cairn.nbdUri(ARRAY), "--bs=12k", "--size=12M", "--iodepth=8");
    }

    /** Waits until the client has written as many blocks again. */
    private void awaitWrites(int more) {
        long before = stat(ARRAY, "num_write_ops");
        Await.untilTrue("I/O", LIMIT, () -> stat(ARRAY, "num_write_ops") > before + more);
    }

    private long stat(String bdev, String what) {
        return stack.rpc()
                .call("bdev_get_iostat", Map.of("names", List.of(bdev)))
                .path("bdevs")
                .path(0)
                .path(what)
                .asLong();
    }
}
