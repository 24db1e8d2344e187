package io.cairn.bdev.core;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;

/** How an I/O is served: by the module as it is, or by the core with children of its own. */
enum Plan {
    /** As it is. */
    DIRECT,
    /** In pieces of the same type that the module accepts. */
    SPLIT,
    /** In pieces through aligned memory of the core's. */
    BOUNCE,
    /** Zeroes written as data. */
    ZEROES_BY_WRITES,
    /** Compared here with what is read. */
    COMPARE_BY_READS,
    /** Compared and written under a range lock. */
    COMPARE_AND_WRITE_LOCKED,
    /** Read and written in pieces. */
    COPY_BY_READ_AND_WRITE,
    /** The sequence of a reset. */
    RESET_SEQUENCE;

    /** Chooses. The fast path in {@link Channel} has excluded nothing: every rule is here. */
    static Plan of(Io io) {
        CoreBdev bdev = io.shared.bdev;
        IoLimits limits = bdev.limits();
        boolean isNative = bdev.isNative(io.type());
        return switch (io.type()) {
            case READ, WRITE -> ofTransfer(io, bdev, limits);
            case COMPARE -> isNative && fits(io, limits.maxReadWriteBlocks()) ? DIRECT : COMPARE_BY_READS;
            case COMPARE_AND_WRITE -> isNative ? DIRECT : COMPARE_AND_WRITE_LOCKED;
            case WRITE_ZEROES -> isNative ? splitAbove(io, limits.maxWriteZeroesBlocks()) : ZEROES_BY_WRITES;
            case UNMAP -> splitAbove(io, limits.maxUnmapBlocks());
            case COPY -> isNative && fits(io, limits.maxCopyBlocks()) ? DIRECT : COPY_BY_READ_AND_WRITE;
            case RESET -> RESET_SEQUENCE;
            default -> DIRECT;
        };
    }

    private static Plan ofTransfer(Io io, CoreBdev bdev, IoLimits limits) {
        if (!isAligned(io, bdev.alignmentMask())
                || (limits.maxSegments() > 0 && io.segments() > limits.maxSegments())) {
            return BOUNCE;
        }
        if (!fits(io, limits.maxReadWriteBlocks()) || crossesBoundary(io, limits)) {
            return cutsStayAligned(io, bdev, limits) ? SPLIT : BOUNCE;
        }
        return DIRECT;
    }

    /** Whether every place where pieces may begin in the I/O's memory is one where the module can use it. */
    private static boolean cutsStayAligned(Io io, CoreBdev bdev, IoLimits limits) {
        if (!io.hasData()) {
            return true;
        }
        long cuts = limits.maxReadWriteBlocks();
        if (limits.splitOnBoundary() && limits.optimalIoBoundary() > 0) {
            cuts |= limits.optimalIoBoundary() | io.offsetBlocks();
        }
        if (io.type().changesData() && limits.writeUnitBlocks() > 1) {
            cuts |= limits.writeUnitBlocks();
        }
        // a sum of numbers that are all multiples of a power of two is one as well, and so is what they have in common
        return ((cuts * bdev.blockSize()) & bdev.alignmentMask()) == 0;
    }

    private static Plan splitAbove(Io io, long most) {
        return fits(io, most) ? DIRECT : SPLIT;
    }

    private static boolean fits(Io io, long most) {
        return most == 0 || io.numBlocks() <= most;
    }

    private static boolean crossesBoundary(Io io, IoLimits limits) {
        if (!limits.splitOnBoundary() || limits.optimalIoBoundary() == 0) {
            return false;
        }
        long last = io.offsetBlocks() + io.numBlocks() - 1;
        return io.offsetBlocks() / limits.optimalIoBoundary() != last / limits.optimalIoBoundary();
    }

    /** Whether the I/O's memory is where the module can use it. */
    private static boolean isAligned(Io io, long mask) {
        if (mask == 0 || !io.hasData()) {
            return true;
        }
        IoVector vector = io.vector();
        if (vector == null) {
            return ((io.buffer().address() + io.bufferOffset()) & mask) == 0;
        }
        for (int i = 0; i < vector.count(); i++) {
            if (((vector.buffer(i).address() + vector.offset(i)) & mask) != 0 || (vector.length(i) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Starts the I/O by this plan. */
    void start(Io io) {
        if (this == DIRECT) {
            io.shared.start(io);
            return;
        }
        if (io.type() == IoType.READ && !io.hasData()) {
            io.acquireData();
            return;
        }
        io.state = Io.HELD;
        switch (this) {
            case RESET_SEQUENCE -> io.shared.bdev.resets().request(io);
            case COMPARE_AND_WRITE_LOCKED -> io.shared.bdev.rangeLocks().lock(io);
            default -> io.pieces().start(this);
        }
    }
}
