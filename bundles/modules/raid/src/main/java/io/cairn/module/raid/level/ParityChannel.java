package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.IoQueue;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * raid5f: strips in turn, one of each stripe its parity. Whole stripes are written; the bdev's limits see to it that a read or write is
 * within one stripe. What a member is to hold that is not there, or cannot read, comes from all the others.
 *
 * <p>An UNMAP does what whole stripes it has and leaves the rest as it is, which an unmap may.
 *
 * <p>A read that needs the others while the same stripe is being written, here or on another reactor, waits for that and is done again ({@link StripeWrites}): it finds
 * what was there before or after. Only a stripe that is written again and again without a break keeps it waiting. What the others could not give is asked of the member
 * itself if it has been rebuilt meanwhile.
 */
final class ParityChannel extends RedundantChannel {
    private static final IoStatus UNREADABLE = IoStatus.errno(Errno.EIO);

    private final long strip;
    private final int dataStrips;
    private final long stripeBlocks;
    private final int blockSize;
    private final Optional<StripeJournal> journal;
    private final StripMemory memory;
    private final Parity sums;
    private final IoQueue atMemory = new IoQueue();
    private final StripeWrites writes;
    private final StripeWrites.Counts ownWrites;
    private final Supplier<CompletionStage<Void>> changesEnded;
    /** Reads that a write of their stripe has come between. */
    private final IoQueue atStripe = new IoQueue();
    /** Whether {@link #changesEnded} is to answer. */
    private boolean askedForChanges;
    /** Changes whose rows are about to be no longer lost. */
    private final List<RaidIo> rewriting = new ArrayList<>();

    private LostRows lost = LostRows.NONE;
    private IoBuffer zeroes;

    ParityChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
        Shape shape = layout.shape();
        strip = shape.stripBlocks();
        dataStrips = shape.members().size() - 1;
        sums = new Parity(dataStrips);
        stripeBlocks = shape.stripeBlocks();
        blockSize = shape.blockSize();
        journal = settings.journal();
        writes = opening.writes();
        ownWrites = writes.of(reactor);
        changesEnded = opening.changesEnded();
        memory = new StripMemory(Math.toIntExact(strip * blockSize), dataStrips);
    }

    private int slotOf(long stripe, int index) {
        return index < members.shape.paritySlot(stripe) ? index : index + 1;
    }

    // ---- reads ----

    @Override
    void read(BdevIo io) {
        count();
        if (!lost.isEmpty() && isLost(io)) {
            io.complete(UNREADABLE);
            return;
        }
        long first = io.offsetBlocks();
        long stripe = first / stripeBlocks;
        long within = first - stripe * stripeBlocks;
        int index = (int) (within / strip);
        long inStrip = within - index * strip;
        int slot = slotOf(stripe, index);
        if (inStrip + io.numBlocks() <= strip && members.isReadable(slot)) {
            MemberPath path = members.bySlot[slot];
            path.forward(io, path.dataOffset + stripe * strip + inStrip);
        } else {
            readParts(io);
        }
    }

    private long rowOf(BdevIo io) {
        long first = io.offsetBlocks();
        return first / stripeBlocks * strip + first % stripeBlocks % strip;
    }

    /** Returns whether any strip of a read is lost. */
    private boolean isLost(BdevIo io) {
        long first = io.offsetBlocks();
        long end = first + io.numBlocks();
        long stripe = first / stripeBlocks;
        for (int index = 0; index < dataStrips; index++) {
            long start = stripe * stripeBlocks + index * strip;
            long from = Math.max(first, start);
            long count = Math.min(end, start + strip) - from;
            if (count > 0 && lost.of(slotOf(stripe, index)).containsAny(stripe * strip + from - start, count)) {
                return true;
            }
        }
        return false;
    }

    private void readParts(BdevIo io) {
        if (!io.hasData()) {
            io.needData();
            return;
        }
        RaidIo read = RaidIo.of(io);
        workOut(read);
        read.state = RaidIo.State.OUT;
        read.pending = 1;
        for (int slot = 0; slot < read.blocks.length; slot++) {
            if (read.blocks[slot] > 0) {
                if (members.isReadable(slot)) {
                    read.pending++;
                    members.bySlot[slot].send(io);
                } else {
                    read.lost[slot] = true;
                }
            }
        }
        readPartDone(read);
    }

    /** Works out what of an I/O within one stripe is on which member. */
    private void workOut(RaidIo io) {
        long first = io.io.offsetBlocks();
        long end = first + io.io.numBlocks();
        long stripe = first / stripeBlocks;
        Arrays.fill(io.blocks, 0);
        for (int index = 0; index < dataStrips; index++) {
            int slot = slotOf(stripe, index);
            long start = stripe * stripeBlocks + index * strip;
            long from = Math.max(first, start);
            long count = Math.min(end, start + strip) - from;
            IoVector vector = io.vector(slot).clear();
            if (count > 0) {
                io.block[slot] = stripe * strip + from - start;
                io.blocks[slot] = count;
                Slices.add(vector, io.io, (from - first) * blockSize, count * blockSize);
            }
        }
    }

    @Override
    Submission submitRead(MemberPath path, BdevIo io) {
        RaidIo read = RaidIo.of(io);
        if (read.state != RaidIo.State.OUT) {
            return path.channel.forward(io, path.dataOffset + rowOf(io), path);
        }
        return read.reconstructing < 0
                ? submitPart(path, read)
                : path.channel.read(
                        read.memory[path.slot], 0, path.dataOffset + read.stepRow, read.stepRows, path.part, io);
    }

    @Override
    void readPartEnded(MemberPath path, BdevIo io, IoStatus status) {
        RaidIo read = RaidIo.of(io);
        if (read.state != RaidIo.State.OUT) {
            directFailed(path, read, status);
            return;
        }
        if (status == IoStatus.ABORTED) {
            read.aborted = true;
        } else if (status != IoStatus.SUCCESS) {
            if (read.reconstructing >= 0) {
                read.failure = status;
            } else {
                miss(read, path, status);
            }
        }
        readPartDone(read);
    }

    private static void miss(RaidIo read, MemberPath path, IoStatus status) {
        read.lost[path.slot] = true;
        read.missed[path.slot] = path;
        read.missedStatus[path.slot] = status;
    }

    private static void forgetMiss(RaidIo read, int slot) {
        read.lost[slot] = false;
        read.missed[slot] = null;
        read.missedStatus[slot] = null;
    }

    private void directFailed(MemberPath path, RaidIo read, IoStatus status) {
        if (status == IoStatus.ABORTED || isGivenUp(read.io)) {
            read.io.complete(IoStatus.ABORTED);
        } else if (!read.io.hasData()) {
            // it comes again with memory, and asks the member once more
            read.io.needData();
        } else {
            workOut(read);
            read.state = RaidIo.State.OUT;
            read.pending = 1;
            miss(read, path, status);
            readPartDone(read);
        }
    }

    private void readPartDone(RaidIo read) {
        if (--read.pending > 0) {
            return;
        }
        if (read.reconstructing >= 0 && !finishReconstruction(read)) {
            waitForWrites(read);
            return;
        }
        if (read.aborted || isGivenUp(read.io)) {
            endRead(read, IoStatus.ABORTED);
        } else if (read.failure != null && !mayAsk(read, firstLost(read))) {
            endRead(read, read.failure);
        } else {
            read.failure = null;
            nextLost(read);
        }
    }

    private void nextLost(RaidIo read) {
        int slot = firstLost(read);
        if (slot < 0) {
            endRead(read, IoStatus.SUCCESS);
        } else if (mayAsk(read, slot)) {
            ask(read, slot);
        } else {
            reconstruct(read, slot);
        }
    }

    private static int firstLost(RaidIo read) {
        for (int slot = 0; slot < read.lost.length; slot++) {
            if (read.lost[slot]) {
                return slot;
            }
        }
        return -1;
    }

    /** Returns whether what is lost may be had from its own member: it has been rebuilt since it could not be asked, or is another one now. */
    private boolean mayAsk(RaidIo read, int slot) {
        return members.isReadable(slot) && members.bySlot[slot] != read.missed[slot];
    }

    private void ask(RaidIo read, int slot) {
        if (lost.of(slot).containsAny(read.block[slot], read.blocks[slot])) {
            // the rebuild has given it up
            endRead(read, UNREADABLE);
            return;
        }
        forgetMiss(read, slot);
        read.state = RaidIo.State.OUT;
        read.pending = 2;
        members.bySlot[slot].send(read.io);
        readPartDone(read);
    }

    private void reconstruct(RaidIo read, int lost) {
        read.stepRow = read.block[lost];
        read.stepRows = read.blocks[lost];
        if (!othersCanTell(lost)
                || !isSynced(read.stepRow, read.stepRows)
                || this.lost.of(lost).containsAny(read.stepRow, read.stepRows)) {
            IoStatus why = read.missedStatus[lost];
            endRead(read, why == null ? UNREADABLE : why);
            return;
        }
        if (!memory.take(read, lost, members.slots())) {
            waitForMemory(read);
            return;
        }
        read.stamp = writes.stamp(read.stepRow / strip);
        if (read.stamp == StripeWrites.BUSY) {
            giveMemory(read);
            waitForWrites(read);
            return;
        }
        read.state = RaidIo.State.OUT;
        read.reconstructing = lost;
        read.pending = 1;
        for (MemberPath path : members.readable) {
            if (path.slot != lost) {
                read.pending++;
                path.send(read.io);
            }
        }
        readPartDone(read);
    }

    private boolean othersCanTell(int lost) {
        for (int slot = 0; slot < members.slots(); slot++) {
            if (slot != lost && !members.isReadable(slot)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether that is over; false: it is to be done again, since a write has come between. */
    private boolean finishReconstruction(RaidIo read) {
        int lost = read.reconstructing;
        read.reconstructing = -1;
        boolean settled = read.failure != null
                || read.aborted
                || isGivenUp(read.io)
                || writes.isUntouched(read.stepRow / strip, read.stamp);
        if (settled && read.failure == null && !read.aborted) {
            int bytes = Math.toIntExact(read.stepRows * blockSize);
            IoBuffer sum = null;
            for (IoBuffer other : read.memory) {
                if (other != null && sum == null) {
                    sum = other;
                } else if (other != null) {
                    sums.add(other, 0, sum, 0, bytes);
                }
            }
            copy(sum, read.vector(lost));
            if (read.missedStatus[lost] != null) {
                control.readError(lost, read.stepRow, read.stepRows, true, read.missedStatus[lost]);
            }
            forgetMiss(read, lost);
        }
        giveMemory(read);
        return settled;
    }

    // ---- reads and writes of one stripe ----

    @Override
    void stepBegins(RaidIo change) {
        change.countedAt = ownWrites.begin(change.stepRow / strip, change.stepRows / strip);
    }

    @Override
    void stepOver(RaidIo change) {
        if (change.countedAt >= 0) {
            ownWrites.end(change.countedAt);
            change.countedAt = -1;
        }
    }

    /** Has a read wait until the writes have ended that are out now, and try again. */
    private void waitForWrites(RaidIo read) {
        read.state = RaidIo.State.AT_STRIPE;
        atStripe.add(read.io);
        if (!askedForChanges) {
            askedForChanges = true;
            changesEnded.get().thenRun(this::changesHaveEnded);
        }
    }

    private void changesHaveEnded() {
        askedForChanges = false;
        for (int i = atStripe.size(); i > 0 && !atStripe.isEmpty(); i--) {
            RaidIo read = RaidIo.of(atStripe.take());
            read.state = RaidIo.State.OUT;
            nextLost(read);
        }
    }

    private void endStripeLine(IoStatus status) {
        for (int i = atStripe.size(); i > 0; i--) {
            endRead(RaidIo.of(atStripe.take()), status);
        }
    }

    private static void copy(IoBuffer from, IoVector to) {
        int at = 0;
        for (int i = 0; i < to.count(); i++) {
            from.copyTo(at, to.buffer(i), to.offset(i), to.length(i));
            at += to.length(i);
        }
    }

    private void endRead(RaidIo read, IoStatus status) {
        for (int slot = 0; slot < read.lost.length; slot++) {
            if (read.lost[slot] && read.missedStatus[slot] != null && status != IoStatus.NOMEM) {
                control.readError(slot, read.block[slot], read.blocks[slot], false, read.missedStatus[slot]);
            }
            forgetMiss(read, slot);
        }
        read.failure = null;
        read.aborted = false;
        read.state = RaidIo.State.IDLE;
        read.io.complete(status);
    }

    // ---- changes ----

    @Override
    boolean setRows(RaidIo change) {
        BdevIo io = change.io;
        long first = (io.offsetBlocks() + stripeBlocks - 1) / stripeBlocks;
        long last = (io.offsetBlocks() + io.numBlocks()) / stripeBlocks;
        change.row = first * strip;
        change.rows = (last - first) * strip;
        return last > first;
    }

    @Override
    void startStep(RaidIo change) {
        long stripe = change.stepRow / strip;
        int missing = members.missingSlot();
        boolean write = change.io.type() == IoType.WRITE;
        if (!write && missing >= 0 && journal.isPresent()) {
            // each of them needs its place in the journal
            change.stepRows = strip;
        }
        int parity = members.shape.paritySlot(stripe);
        if (write) {
            if (members.bySlot[parity] != null && !memory.takeOne(change, parity)) {
                waitForMemory(change);
                return;
            }
            workOut(change);
            workOutParity(change, parity);
        }
        if (missing >= 0 && journal.isPresent() && missing != parity) {
            protect(change, stripe, missing);
        } else {
            sendStep(change);
        }
    }

    /** While a member is missing, or if it is soon, what the others hold of a stripe that is not whole is garbage. */
    @Override
    boolean mayAbandon() {
        return control.isLeaving();
    }

    private void workOutParity(RaidIo change, int parity) {
        IoBuffer sum = change.memory[parity];
        if (sum == null) {
            return;
        }
        for (int slot = 0; slot <= dataStrips; slot++) {
            if (slot != parity) {
                sums.add(change.vector(slot));
            }
        }
        sums.into(sum, Math.toIntExact(strip * blockSize));
        change.block[parity] = change.stepRow;
        change.blocks[parity] = strip;
        change.vector(parity).clear().add(sum, 0, Math.toIntExact(strip * blockSize));
    }

    private void protect(RaidIo change, long stripe, int missing) {
        change.state = RaidIo.State.AT_JOURNAL;
        change.journaledSlot = missing;
        change.journalOwner = this;
        IoVector data = change.vector(missing);
        if (change.io.type() != IoType.WRITE) {
            data.clear().add(zeroes(), 0, Math.toIntExact(strip * blockSize));
        }
        journal.orElseThrow().protect(stripe, missing, data, change);
    }

    private IoBuffer zeroes() {
        if (zeroes == null) {
            zeroes = IoBuffer.allocate(Math.toIntExact(strip * blockSize));
        }
        return zeroes;
    }

    /**
     * The journal has answered. What is in it is what a later start finds, so from here on a change goes to its end, also through a reset: were it given up, its
     * data could come back after the old data has been read.
     */
    void stripProtected(RaidIo change, IoStatus outcome) {
        change.state = RaidIo.State.OUT;
        if (!outcome.isSuccess()) {
            boolean isMissing = members.missingSlot() == change.journaledSlot;
            change.journaledSlot = -1;
            if (isMissing || isGivenUp(change.io)) {
                abandon(change, isGivenUp(change.io) ? IoStatus.ABORTED : outcome, true);
            } else {
                // it was meant for the layout before: the strip needs no protection now, or another one does
                endStep(change, true);
                startStep(change);
            }
        } else if (isGivenUp(change.io) && mayAbandon()) {
            abandon(change, IoStatus.ABORTED, false);
        } else if (members.missingSlot() >= 0 && members.missingSlot() != change.journaledSlot) {
            // another one is missing now
            endStep(change, true);
            startStep(change);
        } else {
            sendStep(change);
        }
    }

    /** Ends a change before its step has begun. */
    private void abandon(RaidIo change, IoStatus outcome, boolean good) {
        endStep(change, good);
        endUnbegun(change, outcome);
    }

    private void endStep(RaidIo change, boolean good) {
        giveMemory(change);
        if (change.journaledSlot >= 0) {
            change.journaledSlot = -1;
            journal.orElseThrow().done(change.stepRow / strip, change, good);
        }
    }

    @Override
    void stepEnded(RaidIo change) {
        endStep(change, isStepWhole(change));
    }

    @Override
    Submission submitChange(MemberPath path, RaidIo change) {
        return change.io.type() == IoType.WRITE
                ? submitPart(path, change)
                : submitWithoutData(path, change.io, path.dataOffset + change.stepRow, change.stepRows);
    }

    // ---- rows that are lost ----

    /** What has been written whole is there again, when that is on disk. */
    @Override
    void finish(RaidIo io) {
        if (!io.io.type().changesData() || !wasInDoubt(io)) {
            super.finish(io);
            return;
        }
        io.state = RaidIo.State.AT_RECORD;
        rewriting.add(io);
        control.rewritten(io.row, io.rows);
    }

    /** Whether something is lost of the rows of a change, or may be soon: of a complete array nothing will be. */
    private boolean wasInDoubt(RaidIo change) {
        return (!lost.isEmpty() && lost.containsAny(change.row, change.rows))
                || (members.missingSlot() >= 0 && !isSynced(change.row, change.rows));
    }

    @Override
    public void lost(LostRows rows) {
        lost = rows;
    }

    @Override
    public void rewriteRecorded(long row, long rows, boolean recorded) {
        for (RaidIo change : List.copyOf(rewriting)) {
            if (change.row == row && change.rows == rows) {
                rewriting.remove(change);
                end(change, recorded ? IoStatus.SUCCESS : UNREADABLE);
            }
        }
    }

    // ---- memory ----

    private void waitForMemory(RaidIo io) {
        io.state = RaidIo.State.AT_MEMORY;
        atMemory.add(io.io);
    }

    private void giveMemory(RaidIo io) {
        if (memory.give(io)) {
            for (int i = atMemory.size(); i > 0 && memory.hasSome(); i--) {
                goOnWithMemory(RaidIo.of(atMemory.take()));
            }
        }
    }

    private void goOnWithMemory(RaidIo io) {
        io.state = RaidIo.State.OUT;
        if (io.io.type() == IoType.READ) {
            nextLost(io);
        } else {
            startStep(io);
        }
    }

    private void endMemoryLine(IoStatus status) {
        for (int i = atMemory.size(); i > 0; i--) {
            endAtMemory(RaidIo.of(atMemory.take()), status);
        }
    }

    private void endAtMemory(RaidIo io, IoStatus status) {
        if (io.io.type() == IoType.READ) {
            endRead(io, status);
        } else {
            endUnbegun(io, status);
        }
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (atMemory.remove(victim)) {
            endAtMemory(RaidIo.of(victim), IoStatus.ABORTED);
            return true;
        }
        if (atStripe.remove(victim)) {
            endRead(RaidIo.of(victim), IoStatus.ABORTED);
            return true;
        }
        return super.abort(victim);
    }

    @Override
    public void endKept() {
        super.endKept();
        endMemoryLine(IoStatus.ABORTED);
        endStripeLine(IoStatus.ABORTED);
    }

    @Override
    public void giveBack() {
        super.giveBack();
        endMemoryLine(IoStatus.NOMEM);
        endStripeLine(IoStatus.NOMEM);
    }

    @Override
    public void close() {
        super.close();
        memory.free();
        if (zeroes != null) {
            zeroes.free();
        }
    }
}
