package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Finished;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.QemuIo;
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
    void parityIsWorkedOutWithTheVectorApiWhereTheJdkHasIt() throws IOException {
        assertThat(cairn.wholeLog())
                .contains(
                        Runtime.version().feature() < 19
                                ? "parity is worked out with the Vector API"
                                : "parity is worked out with loops");
    }

    @Test
    void aMirrorsLegThatGoesAndComesBackIsGivenWhatItMissed() throws IOException {
        Raid raid = mirror(SIZE);
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=8M", "--iodepth=16", "--rate_iops=1000")) {
            goesAndComesBack(raid, "raLeg1", "1 of 2 members");
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aParityArraysMemberThatGoesAndComesBackIsGivenWhatItMissed() throws IOException {
        Raid raid = parity(SIZE);
        try (Fio load = stripes("--rate_iops=1000")) {
            goesAndComesBack(raid, "raDisk2", "3 of 4 members");
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    /** Its bdev is deleted, and then its file is not there any more. */
    private void goesAndComesBack(Raid raid, String disk, String left) throws IOException {
        String uuid = Stack.uuids(stack.rpc()).get(disk);
        long since = Raid.nextNotification(stack.rpc());
        awaitWrites(200);

        stack.delete("bdev_aio_delete", disk);
        raid.awaitHealth("degraded");
        assertThat(cairn.shell().runOverSsh("bdev:list")).containsPattern(ARRAY + " .* ready, degraded");
        degradedAndBack(raid, disk, uuid);

        Path away = Files.move(file(disk), directory.resolve("away"));
        stack.rescan(disk);
        raid.awaitHealth("degraded");
        Files.move(away, file(disk));
        degradedAndBack(raid, disk, uuid);

        awaitWrites(200);
        assertThat(raid.told(since))
                .containsSubsequence(
                        "bdev_member_lost: base bdev '" + disk + "' was removed",
                        "bdev_degraded: " + left,
                        "bdev_process_begin: rebuild",
                        "bdev_process_end: rebuild: done",
                        "bdev_optimal",
                        "bdev_degraded: " + left,
                        "bdev_optimal");
    }

    /** It comes back while the client writes, and is not given the whole array. */
    private void degradedAndBack(Raid raid, String disk, String uuid) {
        raid.awaitHealth("degraded");
        awaitWrites(200);
        stack.aio(disk, file(disk), BLOCK, uuid);
        raid.awaitHealth("optimal");
        assertThat(stat(disk, "bytes_written")).isBetween(1L, SIZE / 2L);
    }

    @Test
    void theModuleOfALegIsStoppedAndStartedUnderLoad() throws IOException {
        zeroes("raLeg0");
        stack.malloc("raLeg1", SIZE);
        Raid raid = exported(stack.raid(ARRAY, "raid1", 0, List.of("raLeg0", "raLeg1")));
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=16M", "--iodepth=16")) {
            moduleStoppedAndStarted(raid);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void theModuleOfAParityArraysMemberIsStoppedAndStartedUnderLoad() throws IOException {
        stack.malloc("raDisk0", SIZE);
        zeroes("raDisk1");
        stack.malloc("raDisk2", SIZE);
        stack.malloc("raDisk3", SIZE);
        Raid raid = exported(stack.raid(ARRAY, "raid5f", STRIP, List.of("raDisk0", "raDisk1", "raDisk2", "raDisk3")));
        try (Fio load = stripes()) {
            moduleStoppedAndStarted(raid);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    /** The bundle of the module that one member is of, twice. */
    private void moduleStoppedAndStarted(Raid raid) {
        for (int round = 0; round < 2; round++) {
            awaitWrites(200);
            cairn.shell().runOverSsh("bundle:stop io.cairn.module.aio");
            raid.awaitHealth("degraded");
            awaitWrites(200);
            cairn.shell().runOverSsh("bundle:start io.cairn.module.aio");
            raid.awaitHealth("optimal");
        }
        awaitWrites(200);
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
            failAWrite(failing);
            Await.untilTrue("spare taken", LIMIT, () -> raid.told(since).contains("bdev_spare_taken: raSpare"));
            raid.awaitHealth("optimal");
            awaitWrites(100);
            load.end().clean();
        }
        assertThat(raid.told(since)).anySatisfy(told -> assertThat(told)
                .startsWith("bdev_member_lost: WRITE on base bdev '" + failing + "'")
                .endsWith("it had 1 write error"));
        assertThat(raid.slot(1).path("name").asString()).isEqualTo("raSpare");
        assertThat(stack.rpc().call("bdev_raid_get_spares")).isEmpty();
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aSpareTakesThePlaceOfAMemberThatStaysAway() throws IOException {
        Raid raid = mirror(SMALL);
        disks(SMALL, "raSpare");
        spare("raSpare");
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

    /** The second loss comes while the first spare is being rebuilt. */
    @Test
    void twoSparesTakeThePlacesOfTwoLegsThatFailTheirWrites() throws IOException {
        disks(SMALL, "raLeg0", "raLeg1", "raLeg2", "raSpare0", "raSpare1");
        List<String> failing = List.of(stack.error("raLeg0"), stack.error("raLeg1"));
        Raid raid = exported(stack.raid(ARRAY, "raid1", 0, List.of(failing.get(0), failing.get(1), "raLeg2")));
        spare("raSpare0");
        spare("raSpare1");
        long since = Raid.nextNotification(stack.rpc());
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=16M", "--iodepth=16")) {
            awaitWrites(100);
            rebuildsAtMost(2);
            failAWrite(failing.get(0));
            raid.awaitProcess("rebuild", 0);
            failAWrite(failing.get(1));
            Await.untilTrue("second loss", LIMIT, () -> raid.told(since).stream()
                    .anyMatch(told -> told.startsWith("bdev_member_lost: WRITE on base bdev '" + failing.get(1))));
            assertThat(stack.rpc().call("bdev_raid_get_spares"))
                    .as("waits for the end of the rebuild")
                    .hasSize(1);
            rebuildsAtMost(0);
            raid.awaitHealth("optimal");
            awaitWrites(100);
            load.end().clean();
        } finally {
            rebuildsAtMost(0);
        }
        assertThat(raid.told(since))
                .filteredOn(told -> told.startsWith("bdev_spare_taken"))
                .hasSize(2);
        assertThat(List.of(raid.slot(0), raid.slot(1)))
                .extracting(slot -> slot.path("name").asString())
                .containsExactlyInAnyOrder("raSpare0", "raSpare1");
        assertThat(stack.rpc().call("bdev_raid_get_spares")).isEmpty();
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aMirrorsLegIsReplacedUnderLoad() throws IOException {
        Raid raid = mirror(SMALL);
        try (Fio load = Fio.verifying(cairn.nbdUri(ARRAY), "--size=16M", "--iodepth=16")) {
            replaced(raid, "raLeg0", 0);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void aParityArraysMemberIsReplacedUnderLoad() throws IOException {
        Raid raid = parity(SMALL);
        try (Fio load = stripes()) {
            replaced(raid, "raDisk2", 2);
            load.end().clean();
        }
        assertThat(raid.scrub(false)).isZero();
    }

    /** The array is as well as before at any time, and the old one is nobody's in the end. */
    private void replaced(Raid raid, String old, int slot) throws IOException {
        disks(SMALL, "raNew");
        long since = Raid.nextNotification(stack.rpc());
        awaitWrites(100);

        stack.rpc()
                .call(
                        "bdev_raid_replace_base_bdev",
                        Map.of("raid_name", ARRAY, "base_name", old, "new_base_name", "raNew"));
        Await.untilTrue(
                "raNew in slot " + slot,
                LIMIT,
                () -> raid.slot(slot).path("name").asString().equals("raNew"));
        raid.awaitRest();
        awaitWrites(100);

        assertThat(raid.info().path("health").asString()).isEqualTo("optimal");
        assertThat(raid.told(since)).containsExactly("bdev_process_begin: replace", "bdev_process_end: replace: done");
        assertThat(stack.rpc().call("bdev_why", Map.of("name", old)).path("reasons"))
                .extracting(reason -> reason.path("reason").asString())
                .containsExactly("free");
        assertThat(stack.rpc().call("bdev_why", Map.of("name", "raNew")).path("reasons"))
                .extracting(reason -> reason.path("reason").asString())
                .contains("base_of");
        assertThat(Arrays.copyOf(Files.readAllBytes(file(old)), BLOCK))
                .as("its superblock")
                .containsOnly(0);
    }

    @Test
    void aFlippedByteOfALegIsFoundAndRepaired() throws IOException {
        Raid raid = mirror(SIZE);
        qemuIo("write -P 0x33 3M 8M", "flush").ok();
        flippedAndRepaired(raid, 1, (5 << 20) + 1234);
    }

    @Test
    void aFlippedByteOfParityIsFoundAndRepaired() throws IOException {
        Raid raid = parity(SIZE);
        qemuIo("write -P 0x33 0 12M", "flush").ok();
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

    // ---- stripes and clients ----

    /** It is told the stripe as block size, so that it reads, changes and writes whole ones. */
    @Test
    void aClientThatAsksForBlockSizesWritesPartsOfStripes() throws IOException {
        List<String> disks = List.of("raDisk0", "raDisk1", "raDisk2");
        for (String disk : disks) {
            zeroes(disk);
        }
        Raid raid = exported(stack.raid(ARRAY, "raid5f", STRIP, disks));
        qemuIo("write -P 0x11 0 64k", "write -P 0x77 4608 512", "flush").ok();
        qemuIo("read -P 0x11 0 4608", "read -P 0x77 4608 512", "read -P 0x11 5k 59k")
                .ok();
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void partsOfStripesThatTheProtocolCannotSayAreRefused() throws IOException {
        Raid raid = parity(SIZE);
        qemuIo("write -P 0x11 0 12k", "flush").ok();
        Finished part = qemuIo("write -P 0x77 4k 512");
        assertThat(part.out() + part.err()).contains("Invalid argument");
        qemuIo("read -P 0x11 0 12k").ok();
        assertThat(Tool.named("nbdinfo").run(cairn.nbdUri(ARRAY)).ok().out())
                .contains("written in units of 12288 bytes");
        assertThat(raid.scrub(false)).isZero();
    }

    @Test
    void stripesLongerThanAMebibyteAreWritten() throws IOException {
        Raid raid =
                exported(stack.raid(ARRAY, "raid5f", 1024, disks(SIZE, "raDisk0", "raDisk1", "raDisk2", "raDisk3")));
        qemuIo("write -P 0x33 3M 6M", "write -z 6M 3M", "flush").ok();
        qemuIo("read -P 0x33 3M 3M", "read -P 0 6M 3M").ok();
        assertThat(raid.scrub(false)).isZero();
    }

    // ---- helpers ----

    private Finished qemuIo(String... commands) {
        return QemuIo.run(cairn.nbdUri(ARRAY), commands);
    }

    private Raid mirror(int size) throws IOException {
        return exported(stack.raid(ARRAY, "raid1", 0, disks(size, "raLeg0", "raLeg1")));
    }

    private Raid parity(int size) throws IOException {
        return exported(stack.raid(ARRAY, "raid5f", STRIP, disks(size, "raDisk0", "raDisk1", "raDisk2", "raDisk3")));
    }

    private Raid exported(Raid raid) {
        stack.export(ARRAY);
        return raid;
    }

    /** A disk of zeroes, like one in memory. */
    private void zeroes(String disk) throws IOException {
        stack.aio(disk, Files.write(file(disk), new byte[SIZE]), BLOCK);
    }

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

    private void failAWrite(String error) {
        stack.rpc()
                .call(
                        "bdev_error_inject_error",
                        Map.of("name", error, "io_type", "write", "error_type", "failure", "num", 1));
    }

    /** In MiB per second; 0: no limit. */
    private void rebuildsAtMost(int speed) {
        stack.rpc().call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", speed));
    }

    /** A load of whole stripes. */
    private Fio stripes(String... more) {
        List<String> options = new ArrayList<>(List.of("--bs=12k", "--size=12M", "--iodepth=8"));
        options.addAll(List.of(more));
        return Fio.verifying(cairn.nbdUri(ARRAY), options.toArray(String[]::new));
    }

    /** Waits until the client has written as many blocks again. */
    private void awaitWrites(int more) {
        long before = stat(ARRAY, "num_write_ops");
        Await.untilTrue("I/O", LIMIT, () -> stat(ARRAY, "num_write_ops") > before + more);
    }

    private long stat(String bdev, String what) {
        return Stack.iostat(stack.rpc(), bdev, what);
    }
}
