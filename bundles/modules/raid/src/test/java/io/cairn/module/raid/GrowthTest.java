package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** All members of an array grow, and something comes between. */
class GrowthTest extends RaidOnDisks {
    /** Where the data of a member begins; all that is ours is in front of it. */
    private static final int DATA = 2048;
    /** Where the intents are, behind the superblock and the extension. */
    private static final int INTENTS = 144;

    private static final int INTENT_BLOCKS = 64;
    /** With one block more, a region of the intents has twice as many rows. */
    private static final long MOST_OF_A_DIVISION = 1L << 29;
    /** In a region that has another number in the next division. */
    private static final long ROW = 2048L * 100_000;

    private long size = BLOCKS;

    GrowthTest() {
        super(67, 2);
    }

    @Override
    SimSettings settings(int i) {
        return SimSettings.of("B" + i, BLOCK, size).withUuid(new UUID(1, i)).withWriteCache(false);
    }

    private void createMirrorOf(long blocks) {
        resizeDisks(blocks);
        create("raid1", 0, true, List.of("B0", "B1"));
    }

    private void resizeDisks(long blocks) {
        size = blocks;
        core.await(disks.get(0).resize(blocks));
        // the array hears of each, and grows with the last
        core.settle();
        core.await(disks.get(1).resize(blocks));
    }

    private void cutPower() {
        core.await(disks.get(0).cutPower());
        core.await(disks.get(1).cutPower());
    }

    /** Starts the module again with the disks as they are. */
    private void startAgain() {
        core.remove(module);
        core.await(disks.get(0).remove());
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        comeBack(0);
        comeBack(1);
        letTimePass();
        untilHealth("optimal");
    }

    /** Lets a change get to B0 alone. */
    private TestIo changeOnOneLeg(TestDescriptor open, long row, int blocks) {
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        TestIo change = open.channel(0).start(IoRequest.write(row, blocks, pattern(2, blocks)));
        core.until("the change", () -> disks.get(1).held() == 1);
        return change;
    }

    private void refuseRecords(int disk) {
        disks.get(disk).inject(always(IoType.WRITE, 0, 8));
    }

    private void letTimePass() {
        for (int i = 0; i < 20; i++) {
            core.step(100);
            core.settle();
        }
    }

    private long arrayBlocks() {
        return core.find("R").orElseThrow().numBlocks();
    }

    /** Returns the array's size by a member's superblock. */
    private long recordedBlocks(int disk) {
        return SuperblockCodec.decode(media.get(disk).read(0, 8), BLOCK) instanceof SuperblockRead.Found found
                ? found.superblock().numBlocks()
                : 0;
    }

    /** Rows that are new have an intent before anybody is told that they are there. */
    @Test
    void newRowsAgreeAfterAPowerCut() {
        core.expectErrorsInLog();
        createMirrorOf(BLOCKS);
        for (int i = 0; i < 2; i++) {
            media.get(i).write(BLOCKS, pattern(i + 10, 64));
        }
        for (int i = 0; i < 2; i++) {
            boolean[] recorded = {false};
            // nothing is written any more when the record of the new size is there
            disks.get(i).hold(io -> {
                boolean before = recorded[0];
                recorded[0] |= io.type() == IoType.WRITE && io.offsetBlocks() == 0;
                return before && io.type() == IoType.WRITE;
            });
        }
        resizeDisks(2 * BLOCKS);
        core.until("what follows the record", () -> disks.get(1).held() > 0);
        byte[][] intents = {
            media.get(0).read(INTENTS, INTENT_BLOCKS), media.get(1).read(INTENTS, INTENT_BLOCKS)
        };
        cutPower();
        // what was held has not got there
        for (int i = 0; i < 2; i++) {
            media.get(i).write(INTENTS, intents[i]);
        }
        startAgain();
        assertThat(arrayBlocks()).isEqualTo(2 * BLOCKS - DATA);
        assertThat(media.get(1).read(BLOCKS, 64)).isEqualTo(media.get(0).read(BLOCKS, 64));
    }

    /**
     * The power goes when regions are about to be divided otherwise: before the record says so, or right after that. A change is out that began before it all, or in the middle.
     */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void intentsCountInTheDivisionThatTheRecordSays(boolean recorded, boolean late) {
        core.expectErrorsInLog();
        createMirrorOf(DATA + MOST_OF_A_DIVISION);
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.keepOpenOnRemove();
        if (!late) {
            changeOnOneLeg(open, ROW, 8);
        }
        boolean[] records = {false, false};
        for (int i = 0; i < 2; i++) {
            int disk = i;
            disks.get(i).hold(io -> {
                if (io.type() != IoType.WRITE) {
                    return false;
                }
                if (io.offsetBlocks() >= DATA) {
                    return disk == 1;
                }
                boolean afterwards = records[disk];
                if (io.offsetBlocks() >= INTENTS) {
                    return afterwards && !late;
                }
                // of the record the extension is first
                records[disk] |= io.offsetBlocks() == 0 || !recorded;
                return afterwards || !recorded;
            });
        }
        resizeDisks(size + 4096);
        core.until("the record", () -> records[0] && records[1]);
        if (recorded) {
            core.until(
                    "the size in it",
                    () -> recordedBlocks(0) > MOST_OF_A_DIVISION && recordedBlocks(1) > MOST_OF_A_DIVISION);
        }
        if (late) {
            open.channel(0).start(IoRequest.write(ROW, 8, pattern(2, 8)));
        }
        core.until("the change", () -> Arrays.equals(media.get(0).read(DATA + ROW, 8), pattern(2, 8)));
        byte[][] fronts = {media.get(0).read(0, DATA), media.get(1).read(0, DATA)};
        byte[] before = media.get(1).read(DATA + ROW, 8);
        cutPower();
        // what was held has not got there
        media.get(1).write(DATA + ROW, before);
        for (int i = 0; i < 2; i++) {
            media.get(i).write(0, fronts[i]);
        }
        startAgain();
        assertThat(arrayBlocks()).isEqualTo(MOST_OF_A_DIVISION + (recorded ? 4096 : 0));
        assertThat(media.get(1).read(DATA + ROW, 8)).isEqualTo(media.get(0).read(DATA + ROW, 8));
    }

    /** Regions are larger from then on, whether the array is or not. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void intentsCountInTheNextDivisionAfterwards(boolean grows) {
        core.expectErrorsInLog();
        createMirrorOf(DATA + MOST_OF_A_DIVISION);
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.keepOpenOnRemove();
        open.channel(0).write(ROW, pattern(1, 8));
        if (!grows) {
            // the record of the new size; the one that takes it back is taken
            disks.get(0).inject(new SimFault(Set.of(IoType.WRITE), 0, 8, 1, IoStatus.FAILED));
            disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), 0, 8, 1, IoStatus.FAILED));
        }
        resizeDisks(size + 4096);
        letTimePass();
        untilHealth("optimal");
        assertThat(arrayBlocks()).isEqualTo(MOST_OF_A_DIVISION + (grows ? 4096 : 0));
        core.until("the intents to be taken back", () -> isBare(0) && isBare(1));
        changeOnOneLeg(open, ROW, 8);
        byte[] before = media.get(1).read(DATA + ROW, 8);
        cutPower();
        media.get(1).write(DATA + ROW, before);
        startAgain();
        assertThat(media.get(1).read(DATA + ROW, 8)).isEqualTo(media.get(0).read(DATA + ROW, 8));
    }

    @Test
    void doesNotGrowWithoutARecordOfIt() {
        core.expectErrorsInLog();
        createMirrorOf(BLOCKS);
        long before = arrayBlocks();
        refuseRecords(0);
        refuseRecords(1);
        resizeDisks(2 * BLOCKS);
        letTimePass();
        assertThat(recordedBlocks(0)).isEqualTo(before);
        assertThat(arrayBlocks()).isEqualTo(before);
        assertThat(info("R")).containsEntry("unsynced_rows", 0L);
        // with the next growth that its members take
        disks.get(0).clearFaults();
        disks.get(1).clearFaults();
        resizeDisks(3 * BLOCKS);
        letTimePass();
        untilHealth("optimal");
        assertThat(arrayBlocks()).isEqualTo(3 * BLOCKS - DATA);
        assertThat(info("R")).containsEntry("unsynced_rows", 0L);
    }

    /** All rows that are new have an intent then, those of the growth that came to nothing too. */
    @Test
    void aGrowthThatCameToNothingLeavesNoIntents() {
        core.expectErrorsInLog();
        createMirrorOf(BLOCKS);
        refuseRecords(0);
        refuseRecords(1);
        resizeDisks(2 * BLOCKS);
        letTimePass();
        disks.get(0).clearFaults();
        disks.get(1).clearFaults();
        // as long as the record may say that there are more rows, they have an intent
        core.step(3000);
        assertThat(media.get(0).read(INTENTS, INTENT_BLOCKS)).isNotEqualTo(new byte[INTENT_BLOCKS * BLOCK]);
        // the record is written again by itself
        core.until("the intents to be taken back", () -> isBare(0) && isBare(1));
    }

    private boolean isBare(int disk) {
        for (byte bits : media.get(disk).read(INTENTS, INTENT_BLOCKS)) {
            if (bits != 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aMemberThatDoesNotTakeTheRecordOfTheNewSizeIsFailed() {
        core.expectErrorsInLog();
        createMirrorOf(BLOCKS);
        refuseRecords(1);
        resizeDisks(2 * BLOCKS);
        letTimePass();
        assertThat(arrayBlocks()).isEqualTo(2 * BLOCKS - DATA);
        assertThat(info("R")).containsEntry("health", "degraded");
        assertThat(bases().get(1)).asString().contains("failed");
    }

    /** Without redundancy nobody can be done without. */
    @ParameterizedTest
    @ValueSource(strings = {"raid0", "concat"})
    void doesNotGrowIfAMemberThatIsNeededDoesNotTakeTheRecord(String level) {
        core.expectErrorsInLog();
        create(level, 64, true, List.of("B0", "B1"));
        long before = arrayBlocks();
        refuseRecords(1);
        resizeDisks(2 * BLOCKS);
        letTimePass();
        assertThat(arrayBlocks()).isEqualTo(before);
        disks.get(1).clearFaults();
        resizeDisks(3 * BLOCKS);
        letTimePass();
        assertThat(arrayBlocks()).isGreaterThan(before);
    }

    /** No leg can be read where they differ: the rows stay in doubt, until a scrub finds that they can. */
    @Test
    void rowsThatNobodyCouldReadStayInDoubt() {
        createMirrorOf(BLOCKS);
        core.call("bdev_raid_set_options", Map.of("max_read_errors", 0L));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(0).write(0, pattern(1, 1));
        TestIo change = changeOnOneLeg(open, 0, 1);
        disks.get(0).inject(always(IoType.READ, DATA, 1));
        disks.get(1).inject(always(IoType.READ, DATA, 1));
        open.channel(0).abort(change);
        core.until("the end of the change", change::isDone);
        // of what was given up there may be anything on a disk
        media.get(1).write(DATA, pattern(3, 1));
        disks.get(1).release();
        letTimePass();
        assertThat(media.get(1).read(DATA, 1)).isNotEqualTo(media.get(0).read(DATA, 1));
        assertThat(info("R")).containsEntry("health", "resyncing").doesNotContainEntry("unsynced_rows", 0L);
        disks.get(0).clearFaults();
        disks.get(1).clearFaults();
        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        untilHealth("optimal");
        assertThat(media.get(1).read(DATA, 1)).isEqualTo(media.get(0).read(DATA, 1));
        open.close();
    }
}
