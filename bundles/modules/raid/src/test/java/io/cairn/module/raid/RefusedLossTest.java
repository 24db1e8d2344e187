package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
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
    /** Blocks in a stripe of the raid5f array of four. */
    private static final int STRIPE = 24;

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

    /** Two of the others have taken the record without B0 when a third does not: it counts for them as long as none is taken that says that B0 is in. */
    private TestDescriptor recordALossThatIsRefused(int... refuseOn) {
        core.expectErrorsInLog();
        create("raid5f", 4, true, List.of("B0", "B1", "B2", "B3"));
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        for (int stripe = 0; stripe < 8; stripe++) {
            open.channel(0).write((long) stripe * STRIPE, pattern(stripe, STRIPE));
        }
        // all intents are taken back
        awhile(1000);
        disks.get(0).inject(new SimFault(Set.of(IoType.WRITE), DATA, BLOCKS - DATA, 1, IoStatus.FAILED));
        disks.get(3).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0);
        TestIo failed = open.channel(0).start(IoRequest.write(5 * STRIPE, STRIPE, pattern(50, STRIPE)));
        core.until("the record on the others", () -> saysOut(1, 0) && saysOut(2, 0));
        disks.get(3).inject(new SimFault(Set.of(IoType.WRITE), 0, 8, 1, IoStatus.FAILED));
        for (int i : refuseOn) {
            disks.get(i).inject(always(IoType.WRITE, 0, 8));
        }
        disks.get(3).release();
        core.until("its end", failed::isDone);
        assertThat(failed.status().isSuccess()).isFalse();
        core.settle();
        untilHealth("optimal");
        return open;
    }

    private boolean saysOut(int disk, int member) {
        return SuperblockCodec.decode(media.get(disk).read(0, 8), BLOCK) instanceof SuperblockRead.Found found
                && found.superblock()
                        .inSlot(member)
                        .filter(slot -> slot.state() == MemberState.FAILED)
                        .isPresent();
    }

    /** Cuts the power when a write of the first stripe is on all members but B1; another stripe is written, and flushed, before. */
    private void tearAStripe(TestDescriptor open) {
        open.channel(0).write(STRIPE, pattern(60, STRIPE));
        open.channel(0).flush();
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        TestIo torn = open.channel(0).start(IoRequest.write(0, STRIPE, pattern(70, STRIPE)));
        awhile(5);
        assertThat(torn.isDone()).isFalse();
        losePower();
        for (int i = 0; i < 4; i++) {
            comeBack(i);
        }
        awhile(10);
        untilHealth("optimal");
    }

    /** Returns how many blocks of the first two stripes are refused; the others have what was written last, or before. */
    private int refusedOfTorn() {
        int refused = 0;
        try (TestDescriptor again = core.open("R", OpenMode.READ)) {
            for (int block = 0; block < 2 * STRIPE; block++) {
                TestIo read = again.channel(0).start(IoRequest.read(block, 1));
                core.until("a read", read::isDone);
                if (read.status().isSuccess()) {
                    assertThat(read.data()).isIn(writtenTo(block));
                } else {
                    refused++;
                }
            }
        }
        return refused;
    }

    private static List<byte[]> writtenTo(int block) {
        IntStream writes = block < STRIPE ? IntStream.of(0, 70) : IntStream.of(60);
        int from = block % STRIPE * BLOCK;
        return writes.mapToObj(seed -> Arrays.copyOfRange(pattern(seed, STRIPE), from, from + BLOCK))
                .toList();
    }

    @Test
    void whatItsRecordHasLeftIsOverruledAtOnce() {
        TestDescriptor open = recordALossThatIsRefused();
        for (int i = 0; i < 4; i++) {
            assertThat(saysOut(i, 0)).isFalse();
        }
        awhile(1000);
        pass(60);
        tearAStripe(open);
        assertThat(refusedOfTorn()).isZero();
    }

    /** Nobody takes that: a power cut means what the record says, and what may be torn of B0 is not made up. */
    @Test
    void whatItsRecordHasLeftIsMeantAsLongAsNoOtherIsTaken() {
        TestDescriptor open = recordALossThatIsRefused(0, 1, 2, 3);
        awhile(1000);
        pass(60);
        assertThat(saysOut(1, 0)).isTrue();
        tearAStripe(open);
        assertThat(refusedOfTorn()).isPositive();
    }

    @Test
    void whatItsRecordHasLeftIsOverruledLaterByItself() {
        TestDescriptor open = recordALossThatIsRefused(0, 1, 2, 3);
        pass(60);
        disks.forEach(SimDisk::clearFaults);
        pass(10);
        for (int i = 0; i < 4; i++) {
            assertThat(saysOut(i, 0)).isFalse();
        }
        tearAStripe(open);
        assertThat(refusedOfTorn()).isZero();
    }
}
