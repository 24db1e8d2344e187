package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A bdev's state on one reactor, shared by the channels of all its descriptors there: the way into the module and back, and
 * everything that can stand in that way. Everything on the reactor's thread.
 *
 * <p>In the common case nothing stands in the way: {@link #gate} is 0, {@link #start} gives an I/O to the module and
 * {@link #returned} tells its submitter. Whatever is rare closes a gate and so makes both look.
 */
final class SharedChannel {
    /** {@link #gate}: the bdev is on its way out; new I/O ends with ENODEV. */
    static final int REMOVED = 1;

    /** {@link #gate}: a reset is under way; new I/O waits. */
    static final int RESET = 2;

    /** {@link #gate}: the module had no memory for an I/O; later ones line up behind it. */
    static final int NO_MEMORY = 4;

    /** {@link #gate}: ranges are locked; writes into them wait. */
    static final int LOCKED = 8;

    /** {@link #gate}: somebody waits for I/Os to end. */
    static final int DRAINING = 16;

    /** {@link #gate}: the module is being exchanged; new I/O waits, and there may be no channel of the module's. */
    static final int HELD = 32;

    private static final int INTERNAL_IOS = 64;
    private static final int RETRIES_PER_RETURN = 8;
    private static final long RETRY_NANOS = 100_000;

    final CoreBdev bdev;
    final Reactor reactor;
    final IoPool internal;
    final IoStatistics statistics = new IoStatistics();
    final ArrayDeque<Io> waitsForMemory = new ArrayDeque<>();
    int gate;

    private BackendChannel backend;
    private final List<Channel> channels = new ArrayList<>();
    private final List<RangeLock> locks = new ArrayList<>();
    private final List<Drain> drains = new ArrayList<>();
    private final ArrayDeque<Pieces> waitForInternal = new ArrayDeque<>();
    private ArrayDeque<Io> gated = new ArrayDeque<>();
    private final NoMemoryLine noMemory = new NoMemoryLine();
    private Drain holdDrain;
    private Poller.Registration retry;
    private int outstanding;
    private boolean closed;
    private boolean givingBack;

    /** Somebody who waits until I/O has ended. */
    private record Drain(BooleanSupplier isOver, Runnable drained) {}

    SharedChannel(CoreBdev bdev, Reactor reactor) {
        this.bdev = bdev;
        this.reactor = reactor;
        this.internal = new IoPool(this, INTERNAL_IOS, true, null);
        if (bdev.hold().isOn()) {
            gate |= HELD;
        } else {
            openBackend();
        }
        for (RangeLock lock : bdev.rangeLocks().active()) {
            addLock(lock);
        }
        if (bdev.resets().underWay()) {
            gate |= RESET;
        }
        if (bdev.isLeaving()) {
            gate |= REMOVED;
        }
    }

    private void openBackend() {
        backend = bdev.backend().openChannel(reactor);
        if (backend == null) {
            throw new BdevException(
                    Errno.ENOMEM, "module " + bdev.moduleName() + " gave no channel for " + bdev.name());
        }
    }

    /** Makes the module's context for an I/O object; none while there is no module. */
    Object newModuleContext() {
        if (backend == null) {
            return null;
        }
        try {
            return bdev.backend().newIoContext();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            // what needs it in the module fails, and not whoever opened a channel or submits
            bdev.defect("threw from newIoContext", e);
            return null;
        }
    }

    void add(Channel channel) {
        channels.add(channel);
    }

    void remove(Channel channel) {
        channels.remove(channel);
    }

    int outstanding() {
        return outstanding;
    }

    /** Returns what is out here, of all descriptors. */
    OutstandingIo outstandingIo() {
        return OutstandingIo.in(channels.stream().map(Channel::pool).toList(), this::moduleHas, reactor.nowNanos());
    }

    /** Whether the module has an I/O, or one of the children that the core serves it with. */
    private boolean moduleHas(Io io) {
        if (io.state != Io.HELD) {
            return io.isWithModule();
        }
        for (int i = 0; i < internal.size(); i++) {
            Io child = internal.get(i);
            if (child.isWithModule() && child.cookie() == io) {
                return true;
            }
        }
        return false;
    }

    // ---- the way in ----

    /** Gives an I/O to the module. */
    void start(Io io) {
        io.state = Io.SUBMITTING;
        outstanding++;
        try {
            backend.submitRequest(io);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            threw(io, e);
        }
        if (io.state == Io.SUBMITTING) {
            io.state = Io.PENDING;
        }
    }

    /** Asks the module for the memory that blocks are in; an I/O that would have to wait or be refused has to be submitted. */
    boolean directAccess(IoType type, long offset, long blocks, long bytes, IoVector pieces) {
        if (gate != 0) {
            return false;
        }
        boolean given = false;
        try {
            given = bdev.backend().directAccess(backend, type, offset, blocks, pieces);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            bdev.defect("threw from directAccess for a " + type, e);
        }
        if (given && pieces.totalLength() != bytes) {
            bdev.defect("gave " + pieces.totalLength() + " bytes for a " + type + " of " + bytes);
            given = false;
        }
        if (given) {
            statistics.countDirect(type, bytes);
        } else {
            pieces.clear();
        }
        return given;
    }

    private void threw(Io io, Throwable failure) {
        bdev.defect("threw from submitRequest of a " + io.type(), failure);
        if (io.state == Io.SUBMITTING) {
            io.complete(failure instanceof BdevException refused ? IoStatus.errno(refused.errno()) : IoStatus.FAILED);
        }
    }

    /** Starts an I/O that may have to wait, or to be done in pieces. */
    void begin(Io io) {
        if (gate == 0 || !heldByGate(io)) {
            Plan.of(io).start(io);
        }
    }

    private boolean heldByGate(Io io) {
        if ((gate & REMOVED) != 0) {
            fail(io, IoStatus.NO_DEVICE);
            return true;
        }
        if ((gate & HELD) != 0) {
            io.state = Io.QUEUED;
            gated.add(io);
            return true;
        }
        if (io.type() == IoType.RESET) {
            return false;
        }
        if ((gate & RESET) != 0 || ((gate & LOCKED) != 0 && isLocked(io))) {
            io.state = Io.QUEUED;
            gated.add(io);
            return true;
        }
        if ((gate & NO_MEMORY) != 0) {
            io.state = Io.QUEUED;
            noMemory.add(io, NoMemoryLine.Entry.LINED_UP);
            armRetry();
            return true;
        }
        return false;
    }

    private boolean isLocked(Io io) {
        if (!io.type().changesData()) {
            return false;
        }
        for (RangeLock lock : locks) {
            if (lock.owner() != io && io.overlaps(lock.offset(), lock.count())) {
                return true;
            }
        }
        return false;
    }

    /** Ends an I/O that the module does not have, at the end of the turn. */
    void fail(Io io, IoStatus outcome) {
        io.outcome(outcome);
        outstanding++;
        io.state = Io.DEFERRED;
        reactor.defer(io);
    }

    /** Ends an I/O that the core worked on itself: from inside a child's completion, so at once. */
    void finish(Io io, IoStatus outcome) {
        io.outcome(outcome);
        outstanding++;
        returned(io);
    }

    void waitForMemory(Io io) {
        io.state = Io.QUEUED;
        waitsForMemory.add(io);
        reactor.buffers().await(io);
    }

    // ---- the way back ----

    /** The module is done with an I/O; its status is set. */
    void returned(Io io) {
        outstanding--;
        if (io.status() == IoStatus.SUCCESS && io.extras == 0) {
            io.state = Io.FREE;
            statistics.count(io.type(), io.bytes, reactor.nowNanos() - io.submitted);
            tell(io);
            if (io.state == Io.FREE) {
                io.pool.give(io);
            }
        } else if (!returnedRarely(io)) {
            return;
        }
        if (gate != 0) {
            afterReturn();
        }
    }

    /** An I/O that failed, or to which more belongs; returns whether it is over. */
    private boolean returnedRarely(Io io) {
        IoStatus outcome = io.status();
        if (outcome != IoStatus.SUCCESS) {
            if (outcome == IoStatus.NOMEM) {
                if (!io.isGivenUp()) {
                    queueForRetry(io);
                    return false;
                }
                outcome = IoStatus.ABORTED;
                io.outcome(outcome);
            }
            if (outcome == IoStatus.ABORTED && (gate & REMOVED) != 0) {
                io.outcome(IoStatus.NO_DEVICE);
            }
            statistics.countError(outcome);
        }
        over(io);
        return true;
    }

    /** The module had no memory for an I/O, and says so from inside its submission. Tells nobody. */
    void notTaken(Io io) {
        outstanding--;
        queueForRetry(io);
    }

    /** The module gives an I/O back without having done it. */
    void takenBack(Io io) {
        outstanding--;
        io.state = Io.QUEUED;
        if ((gate & DRAINING) != 0) {
            // it may wait here now, where nobody waits for it; looked at when the module's call is over
            reactor.defer(this::checkDrains);
        }
    }

    private void over(Io io) {
        io.state = Io.FREE;
        if ((io.extras & Io.INTERNAL) == 0) {
            statistics.count(io.type(), io.bytes, reactor.nowNanos() - io.submitted);
        }
        if ((io.extras & Io.ABORTING) != 0) {
            Aborts.victimEnded(io);
        }
        tell(io);
        if (io.state == Io.FREE) {
            recycle(io);
        }
    }

    private void tell(Io io) {
        try {
            io.completion.onComplete(io);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            bdev.reportSubmitter(io, e);
        }
    }

    private void recycle(Io io) {
        if (io.extras != 0) {
            io.clear();
        }
        io.pool.give(io);
        if (io.extras != 0 && !waitForInternal.isEmpty()) {
            // only the core's own I/O has extras left now
            waitForInternal.poll().issue();
        }
    }

    private void afterReturn() {
        if ((gate & NO_MEMORY) != 0) {
            retryNoMemory();
        }
        if ((gate & DRAINING) != 0) {
            checkDrains();
        }
    }

    // ---- no memory in the module ----

    private void queueForRetry(Io io) {
        io.state = Io.QUEUED;
        if ((gate & (REMOVED | RESET)) != 0) {
            fail(io, (gate & REMOVED) != 0 ? IoStatus.NO_DEVICE : IoStatus.ABORTED);
            return;
        }
        noMemory.add(io, givingBack ? NoMemoryLine.Entry.GIVEN_BACK : NoMemoryLine.Entry.CAME_BACK);
        gate |= NO_MEMORY;
        armRetry();
        if ((gate & DRAINING) != 0) {
            // it waits here again, so that nobody has to wait for it; told outside of the module's call
            reactor.defer(this::checkDrains);
        }
    }

    /** Whatever waits for the module is tried again when an I/O comes back from it, and by the clock if none is out. */
    private void armRetry() {
        if (outstanding == 0 && retry == null && !noMemory.isEmpty()) {
            retry = reactor.after(RETRY_NANOS, this::retryNow);
        }
    }

    private void retryNow() {
        retry = null;
        retryNoMemory();
    }

    private void retryNoMemory() {
        if ((gate & HELD) != 0) {
            // the next module is asked
            return;
        }
        for (int i = 0; i < RETRIES_PER_RETURN && !noMemory.isEmpty(); i++) {
            Io io = noMemory.poll();
            if ((gate & LOCKED) != 0 && !io.isInternal() && isLocked(io)) {
                gated.add(io);
            } else {
                int left = noMemory.size();
                Plan.of(io).start(io);
                if (noMemory.size() > left) {
                    // it came back, and so would the others
                    break;
                }
            }
        }
        if (noMemory.isEmpty()) {
            gate &= ~NO_MEMORY;
        }
        armRetry();
    }

    // ---- gates ----

    /** Lets new I/O wait, and aborts what waits in the core already: the beginning of a reset. */
    void freeze() {
        gate |= RESET;
        abortQueued(IoStatus.ABORTED);
        stopOwnWork(IoStatus.ABORTED);
        tellBackend("ending what it keeps", BackendChannel::endKept);
    }

    /** Ends what {@link #freeze} began. */
    void unfreeze() {
        gate &= ~RESET;
        beginGated();
    }

    /** The bdev is on its way out: nothing new goes to the module. */
    void markRemoved() {
        gate |= REMOVED;
        abortQueued(IoStatus.NO_DEVICE);
        stopOwnWork(IoStatus.NO_DEVICE);
        tellBackend("ending what it keeps", BackendChannel::endKept);
    }

    private void tellBackend(String what, Consumer<BackendChannel> call) {
        if (backend == null) {
            return;
        }
        try {
            call.accept(backend);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            bdev.defect("threw from " + what, e);
        }
    }

    void addLock(RangeLock lock) {
        if (!locks.contains(lock)) {
            locks.add(lock);
            gate |= LOCKED;
        }
    }

    void removeLock(RangeLock lock) {
        locks.remove(lock);
        if (locks.isEmpty()) {
            gate &= ~LOCKED;
        }
        beginGated();
    }

    private void beginGated() {
        ArrayDeque<Io> waiting = gated;
        gated = new ArrayDeque<>();
        waiting.forEach(this::begin);
    }

    private void abortQueued(IoStatus outcome) {
        List<Io> queued = new ArrayList<>(gated);
        takeNoMemory(queued);
        queued.addAll(waitsForMemory);
        for (Io io : queued) {
            forgetQueued(io);
            fail(io, outcome);
        }
    }

    /** Moves what waits for the module's memory, in its order. */
    private void takeNoMemory(Collection<Io> to) {
        while (!noMemory.isEmpty()) {
            to.add(noMemory.poll());
        }
        gate &= ~NO_MEMORY;
    }

    /** What the core does in pieces begins no more of them. */
    private void stopOwnWork(IoStatus outcome) {
        for (Channel channel : List.copyOf(channels)) {
            for (int i = 0; i < channel.pool().size(); i++) {
                channel.pool().get(i).stop(outcome);
            }
        }
    }

    private void forgetQueued(Io io) {
        if (gated.remove(io) || noMemory.remove(io)) {
            if (noMemory.isEmpty()) {
                gate &= ~NO_MEMORY;
            }
        } else if (waitsForMemory.remove(io)) {
            reactor.buffers().forget(io);
        }
    }

    /** Takes an I/O out of the core's queues and ends it as aborted, at the end of the turn. */
    void abortQueued(Io io) {
        forgetQueued(io);
        fail(io, IoStatus.ABORTED);
    }

    /** Asks the module to give an I/O up; returns whether it will end soon. */
    boolean abortInModule(Io victim) {
        int before = victim.extras & Io.GIVEN_UP;
        victim.extras |= Io.GIVEN_UP;
        boolean ending = askToAbort(victim);
        if (!ending && before == 0) {
            victim.extras &= ~Io.GIVEN_UP;
        }
        return ending;
    }

    private boolean askToAbort(Io victim) {
        // as inside submitRequest: the end of a victim is told at the end of the turn, not inside the abort's
        // submission
        victim.state = Io.SUBMITTING;
        try {
            return backend.abort(victim);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            bdev.defect("threw from abort", e);
            return false;
        } finally {
            if (victim.state == Io.SUBMITTING) {
                victim.state = Io.PENDING;
            }
        }
    }

    /** Gives up what the module has, where it can: it had time to end by itself. */
    void abortAll() {
        if (bdev.isNative(IoType.ABORT)) {
            for (Channel channel : List.copyOf(channels)) {
                abortAll(channel.pool());
            }
            abortAll(internal);
        }
    }

    private void abortAll(IoPool pool) {
        for (int i = 0; i < pool.size(); i++) {
            if (pool.get(i).state == Io.PENDING) {
                abortInModule(pool.get(i));
            }
        }
    }

    /** Gives up the pieces of an I/O that wait or that the module has. */
    void abortPieces(Io parent) {
        for (int i = 0; i < internal.size(); i++) {
            Io piece = internal.get(i);
            if (piece.isOut() && piece.cookie() == parent) {
                if (piece.state == Io.QUEUED) {
                    abortQueued(piece);
                } else if (piece.stop(IoStatus.ABORTED)) {
                    abortPieces(piece);
                } else if (piece.state == Io.PENDING && bdev.isNative(IoType.ABORT)) {
                    abortInModule(piece);
                }
            }
        }
    }

    // ---- waiting for I/O to end ----

    /** Runs something when no write is out that touches the range (null: no I/O at all), at once or later. */
    void whenDrained(RangeLock range, Runnable drained) {
        drains.add(new Drain(() -> isDrained(range), drained));
        gate |= DRAINING;
        checkDrains();
    }

    private void checkDrains() {
        List<Runnable> ready = new ArrayList<>();
        for (Iterator<Drain> i = drains.iterator(); i.hasNext(); ) {
            Drain drain = i.next();
            if (drain.isOver().getAsBoolean()) {
                i.remove();
                ready.add(drain.drained());
            }
        }
        if (drains.isEmpty()) {
            gate &= ~DRAINING;
        }
        ready.forEach(Runnable::run);
    }

    private boolean isDrained(RangeLock range) {
        if (range == null) {
            return outstanding == 0;
        }
        for (Channel channel : channels) {
            for (int i = 0; i < channel.pool().size(); i++) {
                Io io = channel.pool().get(i);
                if (io.isUnderWay()
                        && io != range.owner()
                        && io.type().changesData()
                        && io.overlaps(range.offset(), range.count())) {
                    return false;
                }
            }
        }
        return true;
    }

    // ---- the exchange of the module ----

    /**
     * Lets new I/O wait, and the next pieces of what the core works on; has the module give back what it merely keeps, and tells when
     * it has nothing more.
     */
    void hold(Runnable drained) {
        gate |= HELD | DRAINING;
        holdDrain = new Drain(this::isQuiet, drained);
        drains.add(holdDrain);
        givingBack = true;
        tellBackend("giving back what it keeps", BackendChannel::giveBack);
        givingBack = false;
        checkDrains();
    }

    private boolean isQuiet() {
        // what waits for the module's memory or for a locked range waits for the next module
        if (outstanding != 0) {
            return false;
        }
        for (Channel channel : channels) {
            for (int i = 0; i < channel.pool().size(); i++) {
                Io io = channel.pool().get(i);
                if (io.isUnderWay() && !io.isInPieces()) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Closes the module's channel and forgets all that is the module's; nothing is under way. */
    void dropBackend() {
        closeBackend();
        setContexts(() -> null);
    }

    /** Opens the module's channel if there is none; returns what that failed with, or null. Nothing is left behind then. */
    Throwable tryOpenBackend() {
        if (backend != null || closed) {
            return null;
        }
        try {
            openBackend();
            setContexts(bdev.backend()::newIoContext);
            return null;
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            dropBackend();
            return e;
        }
    }

    /** Lets I/O go on, what has waited first and in its order. */
    void release() {
        gate &= ~HELD;
        // a hold that is called off is not waited for any more
        drains.remove(holdDrain);
        holdDrain = null;
        if (drains.isEmpty()) {
            gate &= ~DRAINING;
        }
        // what the module had given back came first
        ArrayDeque<Io> waiting = new ArrayDeque<>();
        takeNoMemory(waiting);
        waiting.addAll(gated);
        gated = new ArrayDeque<>();
        for (Io io : waiting) {
            if (io.completion instanceof Pieces pieces) {
                // what they belong to has passed the gates
                pieces.resume(io);
            } else {
                begin(io);
            }
        }
    }

    private void setContexts(Supplier<Object> contexts) {
        internal.setContexts(contexts);
        channels.forEach(channel -> channel.pool().setContexts(contexts));
    }

    private void closeBackend() {
        BackendChannel old = backend;
        backend = null;
        if (old == null) {
            return;
        }
        try {
            old.close();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            bdev.defect("threw from closing its channel", e);
        }
    }

    // ---- the core's own I/O ----

    /** Returns an I/O object for a child of the core's own, or null: then the pieces are told when there is one. */
    Io takeInternal(Pieces waiter) {
        Io io = internal.take();
        if (io == null) {
            waitForInternal.add(waiter);
        }
        return io;
    }

    /** Starts a child of the core's own, past all gates but the exchange of the module; a reset of the module ends before that. */
    void startInternal(Io io, IoType type, long offset, long blocks, IoCompletion completion, Object cookie) {
        io.prepare(type, offset, blocks, blocks * bdev.blockSize(), completion, cookie);
        io.submitted = reactor.nowNanos();
        // the object may have been a piece's first phase a moment ago
        io.extras &= ~(Io.GIVEN_UP | Io.HAS_PLACE);
        if ((gate & HELD) != 0 && type != IoType.RESET) {
            io.state = Io.QUEUED;
            noMemory.add(io, NoMemoryLine.Entry.LINED_UP);
            gate |= NO_MEMORY;
        } else {
            start(io);
        }
    }

    /** Gives pool memory to a child of the core's own; it goes back with the child. */
    boolean giveMemory(Io io, int byteCount) {
        IoBuffer memory = reactor.buffers().take(byteCount);
        if (memory == null) {
            return false;
        }
        io.data(memory, 0, null);
        io.extras |= Io.POOLED_DATA;
        return true;
    }

    /** Takes pieces out of the lines that they wait in. */
    void stopWaiting(Pieces pieces) {
        waitForInternal.remove(pieces);
        reactor.buffers().forget(pieces);
    }

    // ---- the end ----

    /** Revokes the channels of a descriptor: nothing goes in any more, and what is in the module is aborted where that can be done. */
    void revoke(Descriptor descriptor) {
        for (Channel channel : List.copyOf(channels)) {
            if (channel.descriptor() == descriptor) {
                channel.revoke();
            }
        }
    }

    /**
     * Closes the module's channel when the module has given back all I/O: its memory is the kernel's or the module's until then.
     *
     * @param closed told then, at once or later
     */
    void closeWhenIdle(Runnable closed) {
        Runnable closing = () -> {
            close();
            closed.run();
        };
        if (outstanding == 0) {
            closing.run();
        } else {
            // not from inside the completion that was waited for: the base's I/O that it comes from is not over yet
            // there, and a
            // channel with I/O out cannot be closed
            whenDrained(null, () -> reactor.defer(closing));
        }
    }

    /** Closes the module's channel. */
    private void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (retry != null) {
            retry.close();
        }
        bdev.addRetired(statistics);
        closeBackend();
    }
}
