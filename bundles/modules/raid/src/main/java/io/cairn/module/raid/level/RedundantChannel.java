package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.IoQueue;
import java.util.ArrayList;
import java.util.List;

/**
 * A level that survives the loss of a member: what a change has to wait for, and what becomes of it when a member does not do its part
 * ({@code docs/decisions/0012-raid.md}, rules 1 to 5).
 *
 * <p>A change goes through: the lock (its rows may be locked), the intent (must be on disk), the members. It then ends:
 * <ul>
 *   <li>with success if all members did it that were asked;
 *   <li>with the first error, and its rows suspect, if too few did it for the data to be there: nobody is failed for that, since all
 *       have it in common. If a TARGET did it and one member alone did not, the array is asked: it may trust the TARGET by now;
 *   <li>with ABORTED, and its rows suspect, if it was aborted and a part was given up;
 *   <li>else it is held: those that missed it are reported, and it succeeds once each of them has left the layout of every channel. If one stays, it fails, and its rows
 *       are suspect. The members that the layout has by then are the ones that count: it succeeds only if enough of them did it.
 * </ul>
 * A reset or a removal of the bdev ends what has not begun. What has is brought to its end: children that a reset of a member has aborted are
 * sent again, and the reset of the array ends when no change is out that was there before. An upgrade of the module leaves it here, too: it cannot be given
 * back as not begun, and ends by itself.
 */
abstract class RedundantChannel extends MemberedChannel {
    /** By member, without a reset of the array. */
    private static final int MOST_SENT_AGAIN = 16;

    private final ChangeCount changes = new ChangeCount();
    private final KnownIntents intents;
    private final IoQueue atLock = new IoQueue();
    private final IoQueue atIntent = new IoQueue();
    private final List<RaidIo> held = new ArrayList<>();
    private RegionSet unsynced;
    private boolean locked;
    private long lockedRow;
    private long lockedRows;
    /** Whether another channel may still read a member that is gone here. */
    private boolean spreading;
    /** How many members that are IN_SYNC must have done a change for its data to be there. */
    private int needed;

    private final ResetGate resetGate;
    /** Whether {@link #resetGate} was entered. */
    private boolean resetting;
    /** How often this channel was told to end what it keeps. */
    private int resets;

    RedundantChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
        this.resetGate = opening.resetGate();
        long rows = layout.shape().rows();
        this.needed = minOperational();
        this.intents = settings.intentRows() == 0 ? null : new KnownIntents(control, settings.intentRows(), rows);
    }

    private int minOperational() {
        return members.shape.level().minOperational(members.slots());
    }

    // ---- what a level does ----

    /** Serves a read. */
    abstract void read(BdevIo io);

    /** Sets the rows of a change; returns whether there are any. */
    abstract boolean setRows(RaidIo change);

    /**
     * Returns whether a change that has begun may be given up when somebody aborts it. Its rows are in doubt then, so it may be only where they can be
     * brought into agreement again without a loss.
     */
    abstract boolean mayAbandon();

    /** Starts the step of a change that is in {@code stepRow} and {@code stepRows}; sets the step if it is to be smaller than the change. */
    abstract void startStep(RaidIo change);

    /** All children of a step have ended. */
    void stepEnded(RaidIo change) {}

    /** The members are about to be given their parts of a step. */
    void stepBegins(RaidIo change) {}

    /** Nothing of the step has to be waited for any more, if it has begun. */
    void stepOver(RaidIo change) {}

    /** A child of a read has ended. */
    abstract void readPartEnded(MemberPath path, BdevIo io, IoStatus status);

    /** Submits a child of a read. */
    abstract Submission submitRead(MemberPath path, BdevIo io);

    // ---- the way in ----

    @Override
    public final void submitRequest(BdevIo io) {
        switch (io.type()) {
            case READ -> read(io);
            case FLUSH, RESET -> {
                count();
                startForAll(RaidIo.of(io));
            }
            default -> change(io);
        }
    }

    private void change(BdevIo io) {
        RaidIo change = RaidIo.of(io);
        count();
        if (!setRows(change)) {
            io.complete(IoStatus.SUCCESS);
            return;
        }
        if ((locked || intents != null) && mustWait(change)) {
            return;
        }
        begin(change);
    }

    private boolean mustWait(RaidIo change) {
        if (locked && change.row < lockedRow + lockedRows && lockedRow < change.row + change.rows) {
            change.state = RaidIo.State.AT_LOCK;
            atLock.add(change.io);
            return true;
        }
        if (intents != null && !intents.begin(change.row, change.rows)) {
            change.state = RaidIo.State.AT_INTENT;
            atIntent.add(change.io);
            return true;
        }
        return false;
    }

    private void begin(RaidIo change) {
        change.abandoned = false;
        change.sentAgain = 0;
        change.epoch = changes.begin();
        change.state = RaidIo.State.OUT;
        change.stepRow = change.row;
        change.stepRows = change.rows;
        startStep(change);
    }

    /** Sends the step to all members that are written. */
    final void sendStep(RaidIo change) {
        Members now = members;
        if (change.members != now) {
            change.members = now;
        }
        MemberPath[] all = now.writable;
        change.ensure(now.bySlot.length);
        if (now.readable.length < needed) {
            stepEnded(change);
            endUnbegun(change, IoStatus.NO_DEVICE);
            return;
        }
        stepBegins(change);
        change.pending = all.length + 1;
        for (MemberPath path : all) {
            send(path, change);
        }
        // when the last of them has ended inside this call, the end comes from here
        changePartDone(change);
    }

    /** Sends a member its part of a step. */
    void send(MemberPath path, RaidIo change) {
        path.send(change.io);
    }

    private void startForAll(RaidIo io) {
        if (members.readable.length < needed) {
            io.io.complete(IoStatus.NO_DEVICE);
            return;
        }
        io.ensure(members.bySlot.length);
        io.state = RaidIo.State.OUT;
        io.members = members;
        io.pending = 1;
        for (MemberPath path : io.members.writable) {
            if (io.io.type() == IoType.RESET || path.serves(IoType.FLUSH)) {
                io.pending++;
                path.send(io.io);
            }
        }
        changePartDone(io);
    }

    @Override
    final Submission submitChild(MemberPath path, BdevIo io) {
        return switch (io.type()) {
            case READ -> submitRead(path, io);
            case FLUSH, RESET -> submitToAll(path, io);
            default -> submitChange(path, RaidIo.of(io));
        };
    }

    /** Submits a member's part of a step. */
    abstract Submission submitChange(MemberPath path, RaidIo change);

    @Override
    final boolean isWhole(BdevIo io) {
        return io.type() == IoType.READ && RaidIo.of(io).state == RaidIo.State.IDLE;
    }

    // ---- the way back ----

    @Override
    final void partEnded(MemberPath path, BdevIo io, IoStatus status) {
        if (io.type() == IoType.READ) {
            readPartEnded(path, io, status);
            return;
        }
        RaidIo change = (RaidIo) io.context();
        if (status != IoStatus.SUCCESS) {
            if (status != IoStatus.ABORTED) {
                change.miss(path, status);
            } else if (change.abandoned || !io.type().changesData()) {
                change.aborted = true;
            } else if (maySendAgain(change)) {
                // lines up in the member's core until its reset is over
                path.send(io);
                return;
            } else {
                change.miss(path, status);
            }
        }
        changePartDone(change);
    }

    /** A reset of the array aborts each child once; a member that does so without end does not do its part. */
    private boolean maySendAgain(RaidIo change) {
        if (change.resetsSeen != resets) {
            change.resetsSeen = resets;
            change.sentAgain = 0;
        }
        return change.sentAgain++ < MOST_SENT_AGAIN * change.members.writable.length;
    }

    private void changePartDone(RaidIo change) {
        if (--change.pending == 0) {
            stepEnded(change);
            if (change.failure == null && !change.aborted) {
                goOn(change);
            } else {
                settle(change);
            }
        }
    }

    /** A step is done: the next one follows, or the end. */
    private void goOn(RaidIo change) {
        if (change.io.type().changesData() && change.stepRow + change.stepRows < change.row + change.rows) {
            stepOver(change);
            change.forgetFailures();
            change.state = RaidIo.State.OUT;
            change.stepRow += change.stepRows;
            change.stepRows = change.row + change.rows - change.stepRow;
            startStep(change);
        } else {
            finish(change);
        }
    }

    /** All members have done an I/O that had to. */
    void finish(RaidIo io) {
        end(io, IoStatus.SUCCESS);
    }

    /** A change that not everybody did: holds it, or ends it. */
    private void settle(RaidIo change) {
        if (change.aborted) {
            endInDoubt(change, IoStatus.ABORTED);
        } else if (change.io.type() == IoType.RESET) {
            end(change, doneBy(change) > 0 ? IoStatus.SUCCESS : change.failure);
        } else if (doneBy(change) < needed && !mayBecomeWhole(change)) {
            endInDoubt(change, change.failure);
        } else if (report(change) || spreading) {
            if (change.state != RaidIo.State.HELD) {
                change.state = RaidIo.State.HELD;
                held.add(change);
            }
        } else {
            held.remove(change);
            goOn(change);
        }
    }

    /** Reports those of the members that missed a change; returns whether any of them still belongs to the array. */
    private boolean report(RaidIo change) {
        boolean waits = false;
        for (int slot = 0; slot < change.missed.length; slot++) {
            if (change.missed[slot] != null && pathOf(slot) == change.missed[slot]) {
                waits = true;
                if (!change.reported[slot]) {
                    change.reported[slot] = true;
                    control.memberFailed(slot, change.io.type(), change.missedStatus[slot]);
                }
            }
        }
        return waits;
    }

    private MemberPath pathOf(int slot) {
        return slot < members.bySlot.length ? members.bySlot[slot] : null;
    }

    /** Returns whether the step of a change is where its data has to be. */
    final boolean isStepWhole(RaidIo change) {
        return change.failure == null ? !change.aborted : !change.aborted && doneBy(change) >= needed;
    }

    /**
     * Returns whether a change that too few did has been done by a TARGET in the place of the one member that missed it: the array may have come to trust that one
     * already, and this channel not have heard of it. The array's answer tells.
     */
    private boolean mayBecomeWhole(RaidIo change) {
        int lost = 0;
        int spare = 0;
        for (MemberPath path : members.writable) {
            boolean did = path.slot < change.missed.length
                    && change.missed[path.slot] == null
                    && change.members.bySlot[path.slot] == path;
            if (members.isReadable(path.slot)) {
                lost += did ? 0 : 1;
            } else {
                spare += did ? 1 : 0;
            }
        }
        return lost == 1 && spare > 0;
    }

    /** Returns how many of the members that are IN_SYNC now did a change. */
    private int doneBy(RaidIo change) {
        int done = 0;
        for (MemberPath path : members.readable) {
            if (path.slot < change.missed.length
                    && change.missed[path.slot] == null
                    && change.members.bySlot[path.slot] == path) {
                done++;
            }
        }
        return done;
    }

    private void endInDoubt(RaidIo change, IoStatus status) {
        held.remove(change);
        if (change.io.type().changesData()) {
            suspect(change);
        }
        end(change, status);
    }

    private void suspect(RaidIo change) {
        if (unsynced != null) {
            unsynced.addRows(change.row, change.rows);
        }
        control.suspect(change.row, change.rows);
    }

    /** Ends a change before its step has begun. The steps before it are whole: there is no doubt, but it must not be done once more as if it were new. */
    final void endUnbegun(RaidIo change, IoStatus status) {
        end(change, status == IoStatus.NOMEM && change.stepRow != change.row ? IoStatus.ABORTED : status);
    }

    /** Ends a change, or an I/O for all members. */
    final void end(RaidIo change, IoStatus status) {
        BdevIo io = change.io;
        change.state = RaidIo.State.IDLE;
        if (change.failure != null || change.aborted) {
            change.forgetFailures();
        }
        if (io.type().changesData()) {
            stepOver(change);
            if (intents != null) {
                intents.end(change.row, change.rows);
            }
            changes.end(change.epoch);
        } else if (io.type() == IoType.RESET) {
            endReset(io, status);
            return;
        }
        io.complete(status);
        if (resetting && changes.isEmpty()) {
            resetting = false;
            resetGate.leave();
        }
    }

    private void endReset(BdevIo io, IoStatus status) {
        resetGate.whenFree(() -> {
            if (reactor.isCurrent()) {
                io.complete(status);
            } else {
                reactor.execute(() -> io.complete(status));
            }
        });
    }

    // ---- rows that the members do not agree on ----

    /** Returns whether the members agree on some rows. */
    final boolean isSynced(long row, long rows) {
        return unsynced == null || unsynced.isEmpty() || !unsynced.containsAny(row, rows);
    }

    @Override
    public final void unsynced(RegionSet regions) {
        unsynced = regions;
    }

    // ---- the array's calls ----

    @Override
    void adopted() {
        needed = minOperational();
        if (intents != null) {
            intents.resize(members.shape.rows());
            tryAgain(atIntent);
        }
    }

    @Override
    public final void spreading(boolean underWay) {
        spreading = underWay;
        if (underWay) {
            return;
        }
        for (RaidIo change : List.copyOf(held)) {
            if (change.state == RaidIo.State.HELD) {
                settle(change);
            }
        }
    }

    @Override
    public final void failureRefused(int slot) {
        for (RaidIo change : List.copyOf(held)) {
            if (change.state == RaidIo.State.HELD
                    && change.missed[slot] != null
                    && change.missed[slot] == pathOf(slot)) {
                endInDoubt(change, change.missedStatus[slot]);
            }
        }
    }

    @Override
    public final void lock(long row, long rows, Runnable whenLocked) {
        if (locked) {
            throw new IllegalStateException("rows " + lockedRow + "+" + lockedRows + " are locked already");
        }
        locked = true;
        lockedRow = row;
        lockedRows = rows;
        changes.whenEnded(whenLocked);
    }

    @Override
    public final void whenChangesEnded(Runnable ended) {
        changes.whenEnded(ended);
    }

    @Override
    public final void unlock() {
        locked = false;
        tryAgain(atLock);
    }

    @Override
    public final void intended(long row, long rows) {
        if (intents != null) {
            intents.intended(row, rows);
            tryAgain(atIntent);
        }
    }

    private void tryAgain(IoQueue line) {
        for (int i = line.size(); i > 0 && !line.isEmpty(); i--) {
            RaidIo change = RaidIo.of(line.take());
            change.state = RaidIo.State.IDLE;
            if (!mustWait(change)) {
                begin(change);
            }
        }
    }

    @Override
    public final void forgetIntents(RegionSet busy) {
        if (intents != null) {
            intents.forget(busy);
        }
    }

    // ---- what is kept ----

    @Override
    public boolean abort(BdevIo victim) {
        RaidIo own = (RaidIo) victim.context();
        switch (own.state) {
            case AT_LOCK, AT_INTENT -> {
                if (!atLock.remove(victim)) {
                    atIntent.remove(victim);
                }
                own.state = RaidIo.State.IDLE;
                victim.complete(IoStatus.ABORTED);
                return true;
            }
            case HELD -> {
                if (mayAbandon()) {
                    endInDoubt(own, IoStatus.ABORTED);
                    return true;
                }
                return false;
            }
            case AT_JOURNAL, AT_RECORD -> {
                return false;
            }
            default -> {
                return victim.type().changesData() ? abandon(own) : abortChildren(victim);
            }
        }
    }

    private boolean abandon(RaidIo change) {
        if (!mayAbandon()) {
            return false;
        }
        // before its children end, which may be now
        change.abandoned = true;
        boolean ending = abortChildren(change.io);
        change.abandoned = ending;
        return ending;
    }

    @Override
    public void endKept() {
        resets++;
        endLine(atLock, IoStatus.ABORTED);
        endLine(atIntent, IoStatus.ABORTED);
        super.endKept();
        if (!resetting && !changes.isEmpty()) {
            resetting = true;
            resetGate.enter();
        }
    }

    @Override
    public void close() {
        super.close();
        if (resetting) {
            resetting = false;
            resetGate.leave();
        }
    }

    /** What has not been begun goes back; what waits for a failure's record, or for one of its members, ends by itself. */
    @Override
    public void giveBack() {
        endLine(atLock, IoStatus.NOMEM);
        endLine(atIntent, IoStatus.NOMEM);
        for (MemberPath path : members.writable) {
            path.giveBackLine();
        }
    }

    private static void endLine(IoQueue line, IoStatus status) {
        for (int i = line.size(); i > 0; i--) {
            BdevIo io = line.take();
            RaidIo.of(io).state = RaidIo.State.IDLE;
            io.complete(status);
        }
    }
}
