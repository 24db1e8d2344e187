package io.cairn.bdev.core;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;

/**
 * One I/O done by the core in pieces, several at a time, each a child with an object of the core's own pool: since a child needs
 * nothing more from that pool, pieces always get on. After a failure no new piece is begun; the first failure is the
 * outcome. Belongs to an I/O object and is used again with it.
 */
final class Pieces implements IoCompletion, BufferPool.Waiter {
    /** The most pieces at a time. */
    private static final int WINDOW = 8;

    /** The most bytes of a piece that goes through the core's memory. */
    private static final int COPIED_BYTES = 256 << 10;

    private final Io parent;
    private final SharedChannel shared;
    private Plan plan;
    private long begun;
    private int out;
    private IoStatus failure;
    private boolean issuing;
    /** Whether a compare-and-write has compared all and writes. */
    private boolean writing;

    private boolean active;

    private boolean waiting;

    Pieces(Io parent) {
        this.parent = parent;
        this.shared = parent.shared;
    }

    void start(Plan how) {
        plan = how;
        begun = 0;
        out = 0;
        failure = null;
        waiting = false;
        writing = false;
        active = true;
        issue();
    }

    /** Returns whether it is at work. */
    boolean isActive() {
        return active;
    }

    /** Returns the I/O that is done in pieces. */
    Io parent() {
        return parent;
    }

    /** Returns whether it begins nothing more. */
    boolean isStopped() {
        return failure != null;
    }

    /**
     * Begins nothing more; the I/O ends when the pieces that are out have ended.
     *
     * @return whether there was something to stop
     */
    boolean stop(IoStatus outcome) {
        if (!active) {
            return false;
        }
        failWith(outcome);
        // whoever has no piece out ends by this, and is told outside of the abort's submission
        shared.reactor.defer(this::endIfDone);
        return true;
    }

    /** Begins as many pieces as may be under way. Also called by what was waited for. */
    void issue() {
        waiting = false;
        issuing = true;
        followModule();
        if ((shared.gate & SharedChannel.REMOVED) != 0) {
            failWith(IoStatus.NO_DEVICE);
        }
        while (failure == null && !waiting && begun < parent.numBlocks() && out < WINDOW) {
            Io child = shared.takeInternal(this);
            if (child == null) {
                waiting = true;
            } else {
                begin(child);
            }
        }
        issuing = false;
        endIfDone();
    }

    /** The module that has come in an upgrade may lack what the one before it had; other types it cannot lose. */
    private void followModule() {
        if (plan == Plan.SPLIT && parent.type() == IoType.WRITE_ZEROES && !shared.bdev.isNative(IoType.WRITE_ZEROES)) {
            plan = Plan.ZEROES_BY_WRITES;
        }
    }

    /** Goes on with a piece that has waited for the exchange of the module, in the way of the module that has come. */
    void resume(Io child) {
        followModule();
        if (plan == Plan.ZEROES_BY_WRITES && child.type() == IoType.WRITE_ZEROES) {
            writeZeroes(child, child.offsetBlocks(), child.numBlocks());
        } else {
            shared.start(child);
        }
    }

    /** Writes zeroes into what was one piece for the module before: as often as it takes, with the piece's own object. */
    private void writeZeroes(Io child, long offset, long blocks) {
        long now = Math.min(blocks, pieceBlocks(offset - parent.offsetBlocks()));
        child.blocksLeft(blocks - now);
        child.data(shared.bdev.zeroes(), 0, null);
        child(child, IoType.WRITE, offset, now);
    }

    @Override
    public void bufferAvailable() {
        issue();
        // a failure may have made an end to all need, and what is left may be enough for somebody else
        shared.reactor.buffers().passOn();
    }

    private void begin(Io child) {
        long blocks = Math.min(parent.numBlocks() - begun, pieceBlocks(begun));
        long at = begun;
        if (!provideMemory(child, at, blocks)) {
            shared.internal.give(child);
            waiting = true;
            shared.reactor.buffers().await(this);
            return;
        }
        begun += blocks;
        out++;
        switch (plan) {
            case COMPARE_BY_READS -> child(child, IoType.READ, parent.offsetBlocks() + at, blocks);
            case COMPARE_AND_WRITE_LOCKED ->
                child(child, writing ? IoType.WRITE : IoType.READ, parent.offsetBlocks() + at, blocks);
            case COPY_BY_READ_AND_WRITE -> child(child, IoType.READ, parent.sourceBlocks() + at, blocks);
            case ZEROES_BY_WRITES -> child(child, IoType.WRITE, parent.offsetBlocks() + at, blocks);
            default -> child(child, parent.type(), parent.offsetBlocks() + at, blocks);
        }
    }

    private void child(Io child, IoType type, long offset, long blocks) {
        shared.startInternal(child, type, offset, blocks, this, parent);
    }

    private long pieceBlocks(long at) {
        IoLimits limits = shared.bdev.limits();
        int blockSize = shared.bdev.blockSize();
        long most =
                switch (parent.type()) {
                    case UNMAP -> limits.maxUnmapBlocks();
                    case WRITE_ZEROES ->
                        plan == Plan.SPLIT
                                ? limits.maxWriteZeroesBlocks()
                                : smaller(
                                        limits.maxReadWriteBlocks(),
                                        shared.bdev.zeroes().capacity() / blockSize);
                    case READ, WRITE ->
                        plan == Plan.SPLIT
                                ? limits.maxReadWriteBlocks()
                                : smaller(limits.maxReadWriteBlocks(), Math.max(1, COPIED_BYTES / blockSize));
                    default -> smaller(limits.maxReadWriteBlocks(), Math.max(1, COPIED_BYTES / blockSize));
                };
        long blocks = most == 0 ? parent.numBlocks() : most;
        if (limits.splitOnBoundary() && limits.optimalIoBoundary() > 0 && parent.type() != IoType.UNMAP) {
            long from = plan == Plan.COPY_BY_READ_AND_WRITE ? parent.sourceBlocks() + at : parent.offsetBlocks() + at;
            blocks = Math.min(blocks, limits.optimalIoBoundary() - from % limits.optimalIoBoundary());
            if (plan == Plan.COPY_BY_READ_AND_WRITE) {
                long to = parent.offsetBlocks() + at;
                blocks = Math.min(blocks, limits.optimalIoBoundary() - to % limits.optimalIoBoundary());
            }
        }
        long unit = limits.writeUnitBlocks();
        return unit > 1 && parent.type().changesData() && blocks > unit ? blocks - blocks % unit : blocks;
    }

    private static long smaller(long limit, long other) {
        return limit == 0 ? other : Math.min(limit, other);
    }

    private boolean provideMemory(Io child, long at, long blocks) {
        int blockSize = shared.bdev.blockSize();
        switch (plan) {
            case ZEROES_BY_WRITES -> child.data(shared.bdev.zeroes(), 0, null);
            case SPLIT -> slice(child, at * blockSize, blocks * blockSize);
            default -> {
                if (!shared.giveMemory(child, Math.toIntExact(blocks * blockSize))) {
                    return false;
                }
                if (writing || (plan == Plan.BOUNCE && parent.type() == IoType.WRITE)) {
                    copy(at * blockSize, blocks * blockSize, child.buffer(), true);
                }
            }
        }
        return true;
    }

    private void slice(Io child, long from, long length) {
        if (!parent.hasData()) {
            child.data(null, 0, null);
        } else if (parent.vector() == null) {
            child.data(parent.buffer(), parent.bufferOffset() + Math.toIntExact(from), null);
        } else {
            IoVector vector = child.ownVector().clear();
            walk(from, length, (buffer, offset, at, count) -> vector.add(buffer, offset, count));
            child.data(null, 0, vector);
        }
    }

    /** Told of each stretch of the parent's memory in a range of its data. */
    private interface Stretch {
        void at(IoBuffer buffer, int offset, int position, int length);
    }

    private void walk(long from, long length, Stretch stretch) {
        long segmentStart = 0;
        long end = from + length;
        for (int i = 0; i < parent.segments(); i++) {
            int segmentLength = parent.segmentLength(i);
            long begin = Math.max(from, segmentStart);
            long stop = Math.min(end, segmentStart + segmentLength);
            if (begin < stop) {
                stretch.at(
                        parent.segmentBuffer(i),
                        parent.segmentOffset(i) + (int) (begin - segmentStart),
                        (int) (begin - from),
                        (int) (stop - begin));
            }
            segmentStart += segmentLength;
        }
    }

    private void copy(long from, long length, IoBuffer piece, boolean toPiece) {
        walk(from, length, (buffer, offset, at, count) -> {
            if (toPiece) {
                buffer.copyTo(offset, piece, at, count);
            } else {
                piece.copyTo(at, buffer, offset, count);
            }
        });
    }

    @Override
    public void onComplete(BdevIo ended) {
        Io child = (Io) ended;
        out--;
        long left = child.takeBlocksLeft();
        if (!child.status().isSuccess()) {
            failWith(child.status());
        } else if (failure == null && left > 0) {
            out++;
            writeZeroes(child, child.offsetBlocks() + child.numBlocks(), left);
        } else if (failure == null) {
            pieceDone(child);
        }
        if (!waiting && !issuing) {
            issue();
        } else {
            endIfDone();
        }
    }

    private void pieceDone(Io child) {
        if (plan == Plan.BOUNCE && parent.type() == IoType.READ) {
            long at = child.offsetBlocks() - parent.offsetBlocks();
            copy(at * shared.bdev.blockSize(), child.byteLength(), child.buffer(), false);
        } else if (plan == Plan.COMPARE_BY_READS) {
            compare(child, parent.buffer(), parent.bufferOffset());
        } else if (plan == Plan.COMPARE_AND_WRITE_LOCKED && !writing) {
            compare(child, parent.compareBuffer(), parent.compareOffset());
        } else if (child.type() == IoType.READ && plan == Plan.COPY_BY_READ_AND_WRITE) {
            writeCopied(child);
        }
    }

    /** Compares a piece that was read with its part of what is given from an offset on. */
    private void compare(Io child, IoBuffer with, int first) {
        int length = (int) child.byteLength();
        long at = (child.offsetBlocks() - parent.offsetBlocks()) * shared.bdev.blockSize();
        boolean same = child.buffer()
                .bytes()
                .slice(child.bufferOffset(), length)
                .equals(with.bytes().slice(first + Math.toIntExact(at), length));
        if (!same) {
            failWith(IoStatus.MISCOMPARE);
        }
    }

    /** The second phase of a piece uses the first one's object again. */
    private void writeCopied(Io child) {
        out++;
        long at = child.offsetBlocks() - parent.sourceBlocks();
        child(child, IoType.WRITE, parent.offsetBlocks() + at, child.numBlocks());
    }

    private void failWith(IoStatus status) {
        if (failure == null) {
            failure = status;
        }
    }

    private void endIfDone() {
        boolean over = failure != null || begun == parent.numBlocks();
        if (!active || !over || out > 0 || issuing) {
            return;
        }
        if (plan == Plan.COMPARE_AND_WRITE_LOCKED && !writing && failure == null) {
            writing = true;
            begun = 0;
            issue();
            return;
        }
        if (waiting) {
            shared.stopWaiting(this);
            waiting = false;
        }
        active = false;
        IoStatus outcome = failure == null ? IoStatus.SUCCESS : failure;
        if (plan == Plan.COMPARE_AND_WRITE_LOCKED) {
            shared.bdev.rangeLocks().unlock(parent, outcome);
        } else {
            shared.finish(parent, outcome);
        }
    }
}
