package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;

/**
 * The core's I/O object. It goes around between its pool, the core and the module; {@link #state} says where it is, and is
 * what makes a completion count exactly once. Everything on one reactor.
 *
 * <p>As a {@link Runnable} it is its own deferred completion.
 */
final class Io extends BdevIo implements Runnable, BufferPool.Waiter {
    /** In its pool, or with its submitter after the completion. */
    static final int FREE = 0;

    /** With the module, inside {@code submitRequest}. */
    static final int SUBMITTING = 1;

    /** With the module. */
    static final int PENDING = 2;

    /** Completed from inside {@code submitRequest}; the submitter is told at the end of the turn. */
    static final int DEFERRED = 3;

    /** The core works on it itself: the parent of the core's own children. */
    static final int HELD = 4;

    /** Waits in the core for its turn: behind a gate, or for memory. */
    static final int QUEUED = 6;

    /** Waits for its range lock. */
    static final int LOCKING = 7;

    /** {@link #extras}: the data is from the reactor's pool and goes back there. */
    static final int POOLED_DATA = 1;

    /** {@link #extras}: an abort waits for this I/O's end. */
    static final int ABORTING = 2;

    /** {@link #extras}: the submitter's time-out listener was told. */
    static final int TIMED_OUT = 4;

    /** {@link #extras}: counts in the statistics. */
    static final int INTERNAL = 8;

    /** {@link #extras}: the module was asked to give it up, so that it is not begun again. */
    static final int GIVEN_UP = 16;

    /** {@link #extras}: has a place in the line of those that wait for the module's memory. */
    static final int HAS_PLACE = 32;

    final SharedChannel shared;
    final IoPool pool;
    IoCompletion completion;
    int state;
    int extras;
    long bytes;
    long submitted;
    /** What few I/Os need, made when it is first needed and used again: the object itself stays within two cache lines. */
    private Rare rare;

    /** What belongs to an I/O, but only to few. */
    static final class Rare {
        /** The aborts that wait for this I/O's end. */
        final List<Io> abortedBy = new ArrayList<>(1);

        /** Of an abort: how many victims it still waits for. */
        int abortsLeft;

        /** Of an abort: whether a victim could not be aborted. */
        boolean abortFailed;

        /** The place among those that wait for the module's memory: when it was submitted, and an order of those of one time. */
        long lineNanos;

        long linePlace;

        private long sourceBlocks;
        private IoBuffer compareBuffer;
        private int compareOffset;
        private Pieces pieces;
        private IoVector ownVector;

        /** Of a piece: how many blocks it does after those that it does now. */
        private long blocksLeft;
    }

    Io(SharedChannel shared, IoPool pool, Object moduleContext) {
        this.shared = shared;
        this.pool = pool;
        this.context = moduleContext;
    }

    /**
     * Fills in what every I/O has. A reference that is what it was is not stored again: objects come around in the order in which
     * they were used, so that most are, and a store of a reference costs the collector's barrier as well.
     */
    void prepare(IoType ioType, long offset, long blocks, long byteCount, IoCompletion told, Object with) {
        if (type != ioType) {
            type = ioType;
        }
        offsetBlocks = offset;
        numBlocks = blocks;
        bytes = byteCount;
        if (completion != told) {
            completion = told;
        }
        if (cookie != with) {
            cookie = with;
        }
    }

    void data(IoBuffer inBuffer, int at, IoVector inVector) {
        if (buffer != inBuffer) {
            buffer = inBuffer;
        }
        bufferOffset = at;
        if (vector != inVector) {
            vector = inVector;
        }
    }

    void moduleContext(Object moduleContext) {
        context = moduleContext;
    }

    void source(long block) {
        rare().sourceBlocks = block;
    }

    void compare(IoBuffer with, int at) {
        rare().compareBuffer = with;
        rare().compareOffset = at;
    }

    void outcome(IoStatus is) {
        status = is;
    }

    @Override
    public long sourceBlocks() {
        return rare().sourceBlocks;
    }

    @Override
    public IoBuffer compareBuffer() {
        return rare().compareBuffer;
    }

    @Override
    public int compareOffset() {
        return rare().compareOffset;
    }

    /** Returns this I/O's place for what few I/Os need. */
    Rare rare() {
        if (rare == null) {
            rare = new Rare();
        }
        return rare;
    }

    /** Returns the vector that this object keeps for slices of a parent's. */
    IoVector ownVector() {
        Rare own = rare();
        if (own.ownVector == null) {
            own.ownVector = new IoVector();
        }
        return own.ownVector;
    }

    void blocksLeft(long blocks) {
        rare().blocksLeft = blocks;
    }

    /** Returns how many blocks a piece has still to do when what it did has ended, and forgets it. */
    long takeBlocksLeft() {
        if (rare == null) {
            return 0;
        }
        long left = rare.blocksLeft;
        rare.blocksLeft = 0;
        return left;
    }

    /** Lets the core's own work on this I/O begin nothing more; it ends when what it began has ended. */
    boolean stop(IoStatus outcome) {
        return state == HELD && rare != null && rare.pieces != null && rare.pieces.stop(outcome);
    }

    /** Returns whether the core does it in pieces. */
    boolean isInPieces() {
        return state == HELD && rare != null && rare.pieces != null && rare.pieces.isActive();
    }

    /** Returns the submitter's I/O that this one is a piece of; itself if it is none. */
    Io origin() {
        return completion instanceof Pieces pieces ? pieces.parent().origin() : this;
    }

    /** Returns whether it was aborted, or is a piece of what was: its module may end it, but is not given it again. */
    boolean isGivenUp() {
        return (extras & GIVEN_UP) != 0 || (completion instanceof Pieces parent && parent.isStopped());
    }

    Pieces pieces() {
        Rare own = rare();
        if (own.pieces == null) {
            own.pieces = new Pieces(this);
        }
        return own.pieces;
    }

    boolean isInternal() {
        return (extras & INTERNAL) != 0;
    }

    boolean isOut() {
        return state != FREE;
    }

    /** Returns whether the module has it. */
    boolean isWithModule() {
        return state == SUBMITTING || state == PENDING;
    }

    /** Returns whether it has begun and is not over. */
    boolean isUnderWay() {
        return state != FREE && state != QUEUED && state != LOCKING;
    }

    boolean overlaps(long from, long count) {
        return offsetBlocks < from + count && from < offsetBlocks + numBlocks;
    }

    @Override
    public long byteLength() {
        return bytes;
    }

    @Override
    public Reactor reactor() {
        return shared.reactor;
    }

    @Override
    public Bdev bdev() {
        return shared.bdev;
    }

    @Override
    public long submittedNanos() {
        return submitted;
    }

    @Override
    public void complete(IoStatus outcome) {
        if (state == PENDING && shared.reactor.isCurrent()) {
            if (status != outcome) {
                status = outcome;
            }
            shared.returned(this);
        } else {
            completeRarely(outcome);
        }
    }

    private void completeRarely(IoStatus outcome) {
        if (!shared.reactor.isCurrent()) {
            shared.bdev.defect("completed a " + type + " on a thread that is not its reactor's");
            shared.reactor.execute(() -> complete(outcome));
        } else if (state == SUBMITTING) {
            if (outcome == IoStatus.NOMEM && !isGivenUp()) {
                // at once, so that the next one lines up behind it
                shared.notTaken(this);
                return;
            }
            status = outcome;
            state = DEFERRED;
            shared.reactor.defer(this);
        } else {
            shared.bdev.defect("completed a " + type + " that it does not have (a second completion)");
        }
    }

    /** The deferred completion. */
    @Override
    public void run() {
        if (state == DEFERRED) {
            shared.returned(this);
        }
    }

    @Override
    public void completeFrom(BdevIo child) {
        Io from = (Io) child;
        result = from.result;
        if (!hasData() && from.hasData()) {
            adopt(from);
        }
        complete(from.status);
    }

    private void adopt(Io from) {
        data(from.buffer, from.bufferOffset, null);
        if ((from.extras & POOLED_DATA) != 0) {
            from.extras &= ~POOLED_DATA;
            extras |= POOLED_DATA;
        }
    }

    @Override
    public void lend(IoBuffer constant, int offset) {
        data(constant, offset, null);
    }

    @Override
    public void needData() {
        if (state != SUBMITTING && state != PENDING) {
            shared.bdev.defect("asked for memory for a " + type + " that it does not have");
            return;
        }
        if (isGivenUp()) {
            complete(IoStatus.ABORTED);
            return;
        }
        shared.takenBack(this);
        acquireData();
    }

    /** Gets pool memory for the data, now or later, and then gives the I/O to the module. */
    void acquireData() {
        IoBuffer memory = shared.reactor.buffers().take((int) bytes);
        if (memory == null) {
            shared.waitForMemory(this);
        } else {
            data(memory, 0, null);
            extras |= POOLED_DATA;
            shared.begin(this);
        }
    }

    @Override
    public void bufferAvailable() {
        if (state == QUEUED && shared.waitsForMemory.remove(this)) {
            acquireData();
        }
        shared.reactor.buffers().passOn();
    }

    /** Drops what an earlier use has left; nothing if the I/O is out. */
    void forgetSubmitter() {
        if (state == FREE) {
            completion = null;
            cookie = null;
            vector = null;
            if ((extras & POOLED_DATA) == 0) {
                buffer = null;
            }
        }
    }

    /** Gives back what the I/O borrowed; it can be used again then. */
    void clear() {
        if (extras != 0) {
            if ((extras & POOLED_DATA) != 0) {
                shared.reactor.buffers().give(buffer);
            }
            extras &= INTERNAL;
            if (extras != 0) {
                // the parent's submitter may be a module that leaves: a child at rest must not keep it
                cookie = null;
                completion = null;
                vector = null;
            }
            buffer = null;
        }
        state = FREE;
    }

    @Override
    public String toString() {
        return type + " of " + numBlocks + " blocks at " + offsetBlocks + " of " + shared.bdev.name();
    }
}
