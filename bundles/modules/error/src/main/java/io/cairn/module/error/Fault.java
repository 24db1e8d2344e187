package io.cairn.module.error;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.LinkedHashMap;
import java.util.Map;
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

    private static final String KIND = "kind";
    private static final String STATUS = "status";
    private static final String SCT = "sct";
    private static final String SC = "sc";
    private static final String LEFT = "left";
    private static final String QUEUE_DEPTH = "queue_depth";
    private static final String CORRUPT_OFFSET = "corrupt_offset";
    private static final String CORRUPT_MASK = "corrupt_mask";

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

    /** Returns what was {@link #plain}. */
    static Fault of(Map<?, ?> plain) {
        Kind kind = Kind.valueOf((String) plain.get(KIND));
        return new Fault(
                kind,
                kind == Kind.STATUS ? status(plain) : null,
                (Long) plain.get(LEFT),
                (Long) plain.get(QUEUE_DEPTH),
                (Long) plain.get(CORRUPT_OFFSET),
                (Integer) plain.get(CORRUPT_MASK));
    }

    private static IoStatus status(Map<?, ?> plain) {
        return switch (IoStatus.Kind.valueOf((String) plain.get(STATUS))) {
            case NOMEM -> IoStatus.NOMEM;
            case NVME -> IoStatus.nvme((Integer) plain.get(SCT), (Integer) plain.get(SC));
            default -> IoStatus.FAILED;
        };
    }

    /** Returns it as values that outlive the module. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put(KIND, kind.name());
        if (kind == Kind.STATUS) {
            plain.put(STATUS, status.kind().name());
            plain.put(SCT, status.nvmeStatusCodeType());
            plain.put(SC, status.nvmeStatusCode());
        }
        plain.put(LEFT, left.get());
        plain.put(QUEUE_DEPTH, queueDepth);
        plain.put(CORRUPT_OFFSET, corruptOffset);
        plain.put(CORRUPT_MASK, corruptMask);
        return plain;
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
