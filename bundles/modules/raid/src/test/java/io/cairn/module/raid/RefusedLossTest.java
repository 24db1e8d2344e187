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
import io.cairn.module.raid.format.Reserved;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A member fails, and no record of that can be written: several members refuse writes for a moment, as behind one controller. The array goes on with all of them, and each does
 * what it did before: it keeps intents and journal entries, and is lost as any other later.
 */
class RefusedLossTest extends RaidOnDisks {
    private static final long DATA = 2048;
    private static final long BITMAP = new Reserved(BLOCK, 0, DATA).bitmapOffset() / BLOCK;

    RefusedLossTest() {
        super(61, 2);
    }

    @Override
    SimSettings settings(int i) {
        return SimSettings.of("B" + i, BLOCK, BLOCKS).withUuid(new UUID(1, i)).withWriteCache(false);
    }

    private static SimFault write(long block, long blocks, int times) {
        return new SimFault(Set.of(IoType.WRITE), block, blocks, times, IoStatus.FAILED);
    }

    /** Has some disks refuse writes while blocks are written, which fails. */
    private void writeWhileAllRefuse(TestDescriptor open, long block, byte[] data, int... which) {
        core.expectErrorsInLog();
        for (int i : which) {
            disks.get(i).inject(always(IoType.WRITE, 0, BLOCKS));
        }
        TestIo failed = open.channel(0).start(IoRequest.write(block, data.length / BLOCK, data));
        core.until("its end", failed::isDone);
        assertThat(failed.status().isSuccess()).isFalse();
        core.settle();
        for (int i : which) {
            disks.get(i).clearFaults();
        }
        untilHealth("optimal");
    }

    @Test
    void legsAreMadeToAgreeAfterAPowerCut() {
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        writeWhileAllRefuse(open, 2500, pattern(2, 8), 0, 1);
        open.channel(0).write(5000, pattern(3, 8));
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        open.channel(0).start(IoRequest.write(5000, 8, pattern(4, 8)));
        awhile(5);
        assertThat(media.get(0).read(DATA + 5000, 8)).isEqualTo(pattern(4, 8));
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(pattern(3, 8));

        losePower();
        comeBack(0);
        comeBack(1);
        untilHealth("optimal");
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(media.get(0).read(DATA + 5000, 8));
    }

    /** One leg does not take the data, the other one not the record of that. */
    @Test
    void whatALegMissesLaterIsGivenToItAfterAPowerCut() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(0).write(5000, pattern(3, 8));
        // all intents are taken back, but for one
        awhile(1000);
        open.channel(0).write(0, pattern(1, 8));
        disks.get(0).inject(write(DATA, BLOCKS - DATA, 1));
        disks.get(1).inject(write(0, DATA, 1));
        TestIo failed = open.channel(0).start(IoRequest.write(0, 8, pattern(2, 8)));
        core.until("its end", failed::isDone);
        assertThat(failed.status().isSuccess()).isFalse();
        untilHealth("optimal");

        pull(1);
        open.channel(0).write(5000, pattern(4, 8));
        losePower();
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        comeBack(0);
        comeBack(1);
        untilHealth("optimal");
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(pattern(4, 8));
    }

    /** One leg does not take the intent, the other one not the record of that, and the one that has the intent leaves. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatALegMissesLaterIsGivenToItAlsoIfTheOtherOneDidNotTakeTheIntent(boolean neverTakesIt) {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(0).write(5000, pattern(3, 8));
        // all intents are taken back
        awhile(1000);
        disks.get(0).inject(write(BITMAP, 64, neverTakesIt ? Integer.MAX_VALUE : 1));
        disks.get(1).inject(write(0, BITMAP, 1));
        open.channel(0).write(5000, pattern(2, 8));
        core.settle();
        assertThat(bases()).allSatisfy(base -> assertThat(base).containsEntry("role", "in_sync"));
        pull(1);
        open.channel(0).write(5000, pattern(4, 8));
        losePower();
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        comeBack(0);
        comeBack(1);
        untilHealth("optimal");
        assertThat(media.get(0).read(DATA + 5000, 8)).isEqualTo(pattern(4, 8));
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(pattern(4, 8));
    }

    /** No leg takes the intent, and none the record of a loss. */
    @Test
    void legsAreMadeToAgreeWhereNobodyHasTheIntent() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(0).write(5000, pattern(3, 8));
        // all intents are taken back
        awhile(1000);
        for (int i = 0; i < 2; i++) {
            disks.get(i).inject(write(BITMAP, 64, Integer.MAX_VALUE));
            disks.get(i).inject(write(0, 1, Integer.MAX_VALUE));
        }
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        open.channel(0).start(IoRequest.write(5000, 8, pattern(4, 8)));
        core.until("the change", () -> Arrays.equals(media.get(0).read(DATA + 5000, 8), pattern(4, 8)));
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(pattern(3, 8));

        losePower();
        comeBack(0);
        comeBack(1);
        untilHealth("optimal");
        assertThat(media.get(1).read(DATA + 5000, 8)).isEqualTo(media.get(0).read(DATA + 5000, 8));
    }

    @Test
    void intentsAreTakenBackAgain() {
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        writeWhileAllRefuse(open, 2500, pattern(2, 8), 0, 1);
        open.channel(0).write(5000, pattern(3, 8));
        assertThat(media.get(0).read(BITMAP, 8)).isNotEqualTo(new byte[8 * BLOCK]);
        awhile(1000);
        assertThat(media.get(0).read(BITMAP, 8)).isEqualTo(new byte[8 * BLOCK]);
        assertThat(media.get(1).read(BITMAP, 8)).isEqualTo(new byte[8 * BLOCK]);
    }

    /** Two of three do not take the record of the third's loss, one after the other. */
    @Test
    void whoWasToBeFailedWithItStaysToo() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(0).write(0, pattern(1, 8));
        disks.get(0).inject(write(DATA, BLOCKS - DATA, 1));
        disks.get(1).inject(write(0, DATA, 1));
        // it takes the first record, and not the one without the second one
        int[] superblocks = new int[1];
        disks.get(2).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0 && ++superblocks[0] == 2);
        TestIo failed = open.channel(0).start(IoRequest.write(0, 8, pattern(2, 8)));
        core.until("the second record", () -> superblocks[0] == 2);
        disks.get(2).inject(write(0, 1, 1));
        disks.get(2).release();
        core.until("its end", failed::isDone);
        assertThat(failed.status().isSuccess()).isFalse();
        untilHealth("optimal");

        assertThat(bases()).allSatisfy(base -> assertThat(base).containsEntry("role", "in_sync"));
        open.channel(0).write(100, pattern(5, 8));
        for (int i = 0; i < 3; i++) {
            assertThat(media.get(i).read(DATA + 100, 8)).isEqualTo(pattern(5, 8));
        }
    }

    /** Each member has journal entries again when another one is lost, and what is torn by that loss is told. */
    @Test
    void membersOfRaid5fAreJournalledOnLater() {
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        for (int stripe = 0; stripe < 6; stripe++) {
            open.channel(0).write(stripe * 16L, pattern(stripe, 16));
        }
        writeWhileAllRefuse(open, 0, pattern(7, 16), 0, 1, 2);
        open.channel(0).write(0, pattern(0, 16));
        pull(2);
        for (int stripe = 0; stripe < 6; stripe++) {
            open.channel(0).write(stripe * 16L, pattern(10 + stripe, 16));
        }
        for (int stripe = 0; stripe < 6; stripe++) {
            assertThat(open.channel(1).read(stripe * 16L, 16)).isEqualTo(pattern(10 + stripe, 16));
        }
    }
}
