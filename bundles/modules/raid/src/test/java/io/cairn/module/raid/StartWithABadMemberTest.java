package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.operations.ConfigEntry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An array is to start of which a member does not take its record, or what is in front of its data cannot be read. */
class StartWithABadMemberTest extends RaidOnDisks {
    private static final long DATA = 2048;

    StartWithABadMemberTest() {
        super(29, 2);
    }

    private void createAndWrite(String level, long strip, List<String> bases) {
        create(level, strip, true, bases);
        write(pattern(1, 16));
    }

    private void write(byte[] data) {
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, data);
            open.channel(0).flush();
        }
    }

    private byte[] read() {
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            return open.channel(1).read(0, 16);
        }
    }

    /** Starts the module anew, with a disk of which some blocks have gone bad meanwhile. */
    private void restartWithBad(IoType type, long block, long blocks, int... which) {
        core.remove(module);
        for (int i : which) {
            disks.get(i).inject(new SimFault(Set.of(type), block, blocks, Integer.MAX_VALUE, IoStatus.FAILED));
        }
        module = new RaidModule();
        core.add(module);
        core.settle();
    }

    @Test
    void legsThatDoNotTakeTheRecordAreLeftOutAndNotBelievedLater() {
        createAndWrite("raid1", 0, List.of("B0", "B1", "B2"));
        restartWithBad(IoType.WRITE, 0, 8, 1, 2);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(read()).isEqualTo(pattern(1, 16));
        assertThat(disks.get(1).bdev().claims()).isEmpty();
        assertThat(disks.get(2).bdev().claims()).isEmpty();
        write(pattern(2, 16));

        core.remove(module);
        for (int i = 0; i < 3; i++) {
            core.await(disks.get(i).remove());
        }
        module = new RaidModule();
        core.add(module);
        comeBack(1);
        comeBack(2);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        comeBack(0);
        untilHealth("optimal");
        assertThat(read()).isEqualTo(pattern(2, 16));
        assertThat(media.get(2).read(DATA, 16)).isEqualTo(pattern(2, 16));
    }

    @Test
    void waitsWhenTooFewTakeTheRecordAndForgetsThatLater() {
        createAndWrite("raid1", 0, List.of("B0", "B1"));
        restartWithBad(IoType.WRITE, 0, 8, 0, 1);
        assertThat(info("R")).containsEntry("state", "configuring");

        disks.get(0).clearFaults();
        disks.get(1).clearFaults();
        restart();
        core.settle();
        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "optimal");
        assertThat(read()).isEqualTo(pattern(1, 16));
    }

    /** A record of the attempt is on one member only, which is away at the next one. */
    @Test
    void whatAnAttemptThatFailedHasWrittenIsNotNewerThanTheNextOne() {
        core.expectErrorsInLog();
        createAndWrite("raid5f", 4, List.of("B0", "B1", "B2"));
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        restartWithBad(IoType.WRITE, 0, 8, 1, 2);
        assertThat(info("R")).containsEntry("state", "configuring");
        pull(0);
        disks.get(1).clearFaults();
        disks.get(2).clearFaults();
        pull(1);
        comeBack(1);
        awhile(200);
        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        write(pattern(2, 16));

        core.remove(module);
        core.await(disks.get(1).remove());
        core.await(disks.get(2).remove());
        module = new RaidModule();
        core.add(module);
        for (int i = 0; i < 3; i++) {
            comeBack(i);
        }
        untilHealth("optimal");
        assertThat(read()).isEqualTo(pattern(2, 16));
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0", "raid5f, 4"})
    void intentsThatOneCannotReadAreReadFromTheOthers(String level, long strip) {
        createAndWrite(level, strip, List.of("B0", "B1", "B2"));
        Reserved where = new Reserved(BLOCK, strip * 1024 / BLOCK, DATA);
        long bitmap = where.bitmapOffset() / BLOCK;
        restartWithBad(IoType.READ, bitmap, where.unit() / BLOCK, 1);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "optimal");
        assertThat(read()).isEqualTo(pattern(1, 16));
    }

    @Test
    void aMemberWhoseJournalCannotBeReadIsLeftOut() {
        createAndWrite("raid5f", 4, List.of("B0", "B1", "B2"));
        Reserved where = new Reserved(BLOCK, 8, DATA);
        restartWithBad(IoType.READ, where.journalSlotOffset(0) / BLOCK, where.unit() / BLOCK, 1);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(disks.get(1).bdev().claims()).isEmpty();
        assertThat(read()).isEqualTo(pattern(1, 16));
    }

    /** Its definition is all there is of it: it stays in the configuration, and its bases are taken by their names when they are well. */
    @Test
    void aNewArrayThatIsRefusedIsAsNewAsBefore() {
        core.expectErrorsInLog();
        pull(1);
        create("raid1", 0, true, List.of("B0", "B1"));
        disks.get(0).inject(always(IoType.WRITE, 0, DATA / 2));
        comeBack(1);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(module.configuration()).extracting(ConfigEntry::method).contains("bdev_raid_create");

        disks.get(0).clearFaults();
        pull(1);
        comeBack(1);
        core.settle();
        assertIsNew();
    }

    /** A member has taken the record of the new array, and cannot be wiped. */
    @Test
    void aNewArrayThatIsRefusedTakesBackWhatItCouldNotWipe() {
        core.expectErrorsInLog();
        pull(2);
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        disks.get(0).inject(always(IoType.WRITE, 0, 8));
        disks.get(1).inject(always(IoType.WRITE_ZEROES, 0, 8));
        comeBack(2);
        core.settle();
        assertThat(SuperblockCodec.decode(media.get(1).read(0, 8), BLOCK)).isInstanceOf(SuperblockRead.Found.class);
        assertThat(info("R")).containsEntry("state", "configuring");

        disks.get(0).clearFaults();
        for (int i = 1; i < 3; i++) {
            pull(i);
            comeBack(i);
        }
        core.settle();
        assertIsNew();
    }

    private void assertIsNew() {
        assertThat(info("R"))
                .containsEntry("state", "online")
                .containsEntry("health", "optimal")
                .containsEntry("unsynced_rows", 0L);
    }
}
