package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemberJournalTest {
    private static final int BLOCK = 512;
    private static final int STRIP = 8;
    private static final int PLACES = 3;
    /** Where the data begins, so that there is room for so many places. */
    private static final long DATA_OFFSET = dataOffset();

    private static final Reserved WHERE = new Reserved(BLOCK, STRIP, DATA_OFFSET);
    private static final UUID ARRAY = new UUID(1, 2);

    private final TestCore core = TestCore.simulated(5, 1);
    private final List<SimDisk> disks = new ArrayList<>();
    private final List<BdevDescriptor> descriptors = new ArrayList<>();
    private final List<ReservedArea> areas = new ArrayList<>();
    private final List<Long> restored = new ArrayList<>();
    private final Shape shape =
            new Shape(RaidLevel.RAID5F, BLOCK, STRIP, Collections.nCopies(3, new Shape.Extent(DATA_OFFSET, 512)));

    private static long dataOffset() {
        Reserved unbounded = new Reserved(BLOCK, STRIP, 1 << 20);
        return (unbounded.journalOffset() + PLACES * unbounded.journalSlotBytes() + BLOCK - 1) / BLOCK;
    }

    /** A write of a stripe, and how its strip was protected. */
    private static final class Write implements StripeJournal.Entry {
        private IoStatus outcome;

        @Override
        public void onProtected(IoStatus ended) {
            outcome = ended;
        }
    }

    @AfterEach
    void end() {
        core.onApp(() -> {
            descriptors.forEach(BdevDescriptor::close);
            return null;
        });
        core.assertNoViolations();
        core.close();
    }

    private MemberJournal start() {
        for (int i = 0; i < 3; i++) {
            String name = "d" + i;
            SimDisk disk = core.disk(name, BLOCK, DATA_OFFSET + 512);
            disks.add(disk);
            BdevDescriptor open =
                    core.awaitOnApp(() -> core.bdevs().open(name, OpenMode.WRITE, "test", (event, closing) -> {}));
            descriptors.add(open);
            areas.add(ReservedArea.of(open));
        }
        MemberJournal journal =
                new MemberJournal(core.reactors(), ARRAY, shape, 1, () -> 7, restored::add, (slot, type, status) -> {
                    throw new AssertionError(type + " on slot " + slot + ": " + status);
                });
        core.onApp(() -> {
            journal.join(1, areas.get(1), WHERE);
            journal.join(2, areas.get(2), WHERE);
            return null;
        });
        return journal;
    }

    private Write protect(MemberJournal journal, long stripe, int fill) {
        IoBuffer strip = IoBuffer.allocate(STRIP * BLOCK);
        for (int i = 0; i < STRIP * BLOCK; i++) {
            strip.bytes().put(i, (byte) fill);
        }
        Write write = new Write();
        core.onApp(() -> {
            journal.protect(stripe, 0, new IoVector().add(strip, 0, STRIP * BLOCK), write);
            return null;
        });
        return write;
    }

    private void done(MemberJournal journal, long stripe, Write write) {
        core.settle();
        assertThat(write.outcome).isEqualTo(IoStatus.SUCCESS);
        core.onApp(() -> {
            journal.done(stripe, write, true);
            return null;
        });
    }

    private void torn(MemberJournal journal, long stripe, Write write) {
        core.settle();
        assertThat(write.outcome).isEqualTo(IoStatus.SUCCESS);
        core.onApp(() -> {
            journal.done(stripe, write, false);
            return null;
        });
        core.settle();
    }

    private static byte[] block(int fill) {
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) fill);
        return block;
    }

    @Test
    void aStripeWhoseWriteFailedIsMadeWholeAndItsPlaceIsFree() {
        MemberJournal journal = start();
        for (int row = 0; row < STRIP; row++) {
            disks.get(1).medium().write(DATA_OFFSET + row, block(3));
        }
        for (long stripe = 0; stripe < 4 * 3; stripe += 3) {
            torn(journal, stripe, protect(journal, stripe, 5));
        }
        assertThat(restored).containsExactly(0L, 3L, 6L, 9L);
        assertThat(disks.get(2).medium().read(DATA_OFFSET)).isEqualTo(block(3 ^ 5));
        assertThat(disks.get(2).medium().read(DATA_OFFSET + 3 * STRIP)).isEqualTo(block(5));
    }

    @Test
    void aStripeThatCannotBeMadeWholeKeepsItsPlaceUntilItIsGivenUp() {
        MemberJournal journal = start();
        disks.get(2)
                .inject(new SimFault(
                        Set.of(IoType.WRITE), DATA_OFFSET, Long.MAX_VALUE, Integer.MAX_VALUE, IoStatus.nvme(2, 0x80)));
        for (long stripe = 0; stripe < PLACES * 3; stripe += 3) {
            torn(journal, stripe, protect(journal, stripe, 5));
        }
        Write refused = protect(journal, 30, 1);
        core.settle();
        assertThat(refused.outcome).isEqualTo(IoStatus.errno(Errno.EIO));
        core.awaitOnApp(() -> journal.giveUp(3 * STRIP, STRIP));
        Write next = protect(journal, 30, 1);
        core.settle();
        assertThat(next.outcome).isEqualTo(IoStatus.SUCCESS);
        assertThat(restored).isEmpty();
        disks.get(2).clearFaults();
        torn(journal, 30, next);
        assertThat(restored).containsExactly(30L);
    }

    @Test
    void aStripeIsNotWrittenWhileItIsMadeWhole() {
        MemberJournal journal = start();
        Write first = protect(journal, 0, 5);
        core.settle();
        disks.get(1).hold(IoType.READ);
        torn(journal, 0, first);
        Write second = protect(journal, 0, 6);
        CompletionStage<Void> givenUp = core.onApp(() -> journal.giveUp(0, STRIP));
        core.settle();
        assertThat(second.outcome).isNull();
        assertThat(givenUp.toCompletableFuture()).isNotDone();
        disks.get(1).release();
        core.settle();
        assertThat(second.outcome).isEqualTo(IoStatus.SUCCESS);
        assertThat(givenUp.toCompletableFuture()).isDone();
        assertThat(restored).containsExactly(0L);
    }

    /** Stripes whose number is a multiple of three have their parity, and so their entries, on slot 2. */
    @Test
    void theNewestEntryOfAStripeIsTheLastToGo() {
        MemberJournal journal = start();
        assertThat(WHERE.journalSlots()).isEqualTo(PLACES);
        // never ends: all entries since are believed
        protect(journal, 9, 9);
        done(journal, 12, protect(journal, 12, 12));
        Write older = protect(journal, 0, 1);
        core.settle();
        assertThat(older.outcome).isEqualTo(IoStatus.SUCCESS);
        // the place of stripe 12 becomes free by a flush that began before the older write of stripe 0 ended
        Write newer = protect(journal, 0, 2);
        done(journal, 0, older);
        done(journal, 0, newer);
        // of the two that are free now, one is used again
        Write last = protect(journal, 15, 15);
        core.settle();
        assertThat(last.outcome).isEqualTo(IoStatus.SUCCESS);

        JournalReplay replay = new JournalReplay(ARRAY, shape, 0, 7)
                .with(1, areas.get(1), WHERE)
                .with(2, areas.get(2), WHERE);
        core.awaitOnApp(replay::run);
        byte[] parity = disks.get(2).medium().read(DATA_OFFSET);
        byte[] newest = new byte[BLOCK];
        Arrays.fill(newest, (byte) 2);
        assertThat(parity).as("with zeroes on slot 1").isEqualTo(newest);
    }
}
