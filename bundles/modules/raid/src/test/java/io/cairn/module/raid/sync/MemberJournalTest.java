package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
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
        MemberJournal journal = new MemberJournal(core.reactors(), ARRAY, shape, 1, () -> 7, (slot, type, status) -> {
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
