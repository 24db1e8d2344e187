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

    final SharedChannel shared;
    final IoPool pool;
    IoCompletion completion;
    int state;
    int extras;
    long bytes;
    long submitted;
    /** The aborts that wait for this I/O's end; made when it is first needed. */
    List<Io> abortedBy;

    int abortsLeft;
    boolean abortFailed;

    /** The core's own work on this I/O, made when it is first needed and used again. */
    private Pieces pieces;

    private IoVector ownVector;

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
        withoutData = inBuffer == null && inVector == null;
        if (buffer != inBuffer && !withoutData) {
            buffer = inBuffer;
        }
        bufferOffset = at;
        if (vector != inVector) {
            vector = inVector;
        }
    }

    void source(long block) {
        sourceBlocks = block;
    }

    void compare(IoBuffer with, int at) {
        compareBuffer = with;
        compareOffset = at;
    }

    void outcome(IoStatus is) {
        status = is;
    }

    /** Returns the vector that this object keeps for slices of a parent's. */
    IoVector ownVector() {
        if (ownVector == null) {
            ownVector = new IoVector();
        }
        return ownVector;
    }

    /** Lets the core's own work on this I/O begin nothing more; it ends when what it began has ended. */
    boolean stop(IoStatus outcome) {
        return state == HELD && pieces != null && pieces.stop(outcome);
    }

    Pieces pieces() {
        if (pieces == null) {
            pieces = new Pieces(this);
        }
        return pieces;
    }

    boolean isInternal() {
        return (extras & INTERNAL) != 0;
    }

    boolean isOut() {
        return state != FREE;
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
    }

    /** Gives back what the I/O borrowed; it can be used again then. */
    void clear() {
        if (extras != 0) {
            if ((extras & POOLED_DATA) != 0) {
                shared.reactor.buffers().give(buffer);
            }
            extras &= INTERNAL;
            buffer = null;
        }
        state = FREE;
    }

    @Override
    public String toString() {
        return type + " of " + numBlocks + " blocks at " + offsetBlocks + " of " + shared.bdev.name();
    }
}
