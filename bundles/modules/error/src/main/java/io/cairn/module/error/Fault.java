package io.cairn.module.error;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What is to happen to the next I/Os of one type. Set on the app thread and used up on all reactors: how often it still happens is
 * counted across them.
 */
final class Fault {
    /** What happens. */
    enum Kind {
        /** The I/O ends with a status and does not reach the base. */
        STATUS,
        /** The I/O is kept. */
        PENDING,
        /** One byte of the data is changed. */
        CORRUPT
    }

    private final Kind kind;
    private final IoStatus status;
    private final long queueDepth;
    private final long corruptOffset;
    private final int corruptMask;
    private final AtomicLong left;

    private Fault(Kind kind, IoStatus status, long count, long queueDepth, long corruptOffset, int corruptMask) {
        this.kind = kind;
        this.status = status;
        this.left = new AtomicLong(count);
        this.queueDepth = queueDepth;
        this.corruptOffset = corruptOffset;
        this.corruptMask = corruptMask;
    }

    /**
     * I/Os end with a status.
     *
     * @param count how many
     * @param queueDepth only while so many I/Os of the channel are at the base
     */
    static Fault ending(IoStatus status, long count, long queueDepth) {
        return new Fault(Kind.STATUS, status, count, queueDepth, 0, 0);
    }

    /** I/Os are kept. */
    static Fault pending(long count, long queueDepth) {
        return new Fault(Kind.PENDING, null, count, queueDepth, 0, 0);
    }

    /**
     * I/Os have one byte changed.
     *
     * @param offset the byte's place in the I/O's data; an I/O that is shorter is let pass and not counted
     * @param mask the bits that are turned over
     */
    static Fault corrupting(long count, long queueDepth, long offset, int mask) {
        return new Fault(Kind.CORRUPT, null, count, queueDepth, offset, mask);
    }

    Kind kind() {
        return kind;
    }

    IoStatus status() {
        return status;
    }

    long corruptOffset() {
        return corruptOffset;
    }

    int corruptMask() {
        return corruptMask;
    }

    /** Returns whether it may happen to an I/O, with so many at the base. */
    boolean concerns(BdevIo io, int atBase) {
        return left.get() > 0
                && atBase >= queueDepth
                && (kind != Kind.CORRUPT
                        || (io.byteLength() > corruptOffset
                                && (io.type() == IoType.READ || io.type() == IoType.WRITE)));
    }

    /** Counts one; returns false if none was left. */
    boolean use() {
        return left.getAndUpdate(n -> n > 0 ? n - 1 : 0) > 0;
    }

    /** Takes back one {@link #use}: it did not happen after all. */
    void giveBack() {
        left.incrementAndGet();
    }
}
