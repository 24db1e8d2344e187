package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * What went through one channel, by type: counts, bytes and latencies of I/Os that are over. Written by its reactor; read and
 * reset there too.
 */
final class IoStatistics {
    /** The counts of one type, together so that counting touches little memory. */
    private static final class Counts {
        private long operations;
        private long bytes;
        private long latencyNanos;
        private long longestNanos;
        private long shortestNanos = Long.MAX_VALUE;
    }

    private final Counts[] byType = new Counts[IoType.values().length];
    private final Map<IoStatus.Kind, Long> errors = new EnumMap<>(IoStatus.Kind.class);

    IoStatistics() {
        Arrays.setAll(byType, i -> new Counts());
    }

    void count(IoType type, long byteCount, long nanos) {
        Counts counts = byType[type.index()];
        counts.operations++;
        counts.bytes += byteCount;
        counts.latencyNanos += nanos;
        if (nanos > counts.longestNanos) {
            counts.longestNanos = nanos;
        }
        if (nanos < counts.shortestNanos) {
            counts.shortestNanos = nanos;
        }
    }

    /** Counts what was done in the module's own memory: it has no latency. */
    void countDirect(IoType type, long byteCount) {
        Counts counts = byType[type.index()];
        counts.operations++;
        counts.bytes += byteCount;
    }

    void countError(IoStatus status) {
        errors.merge(status.kind(), 1L, Long::sum);
    }

    void add(IoStatistics other) {
        for (int i = 0; i < byType.length; i++) {
            Counts sum = byType[i];
            Counts more = other.byType[i];
            sum.operations += more.operations;
            sum.bytes += more.bytes;
            sum.latencyNanos += more.latencyNanos;
            sum.longestNanos = Math.max(sum.longestNanos, more.longestNanos);
            sum.shortestNanos = Math.min(sum.shortestNanos, more.shortestNanos);
        }
        other.errors.forEach((kind, count) -> errors.merge(kind, count, Long::sum));
    }

    IoStatistics copy() {
        IoStatistics copy = new IoStatistics();
        copy.add(this);
        return copy;
    }

    /** Forgets everything. */
    void clear() {
        Arrays.setAll(byType, i -> new Counts());
        clearErrors();
    }

    /** Forgets the longest and the shortest latencies. */
    void clearExtremes() {
        for (Counts counts : byType) {
            counts.longestNanos = 0;
            counts.shortestNanos = Long.MAX_VALUE;
        }
    }

    /** Forgets the errors. */
    void clearErrors() {
        errors.clear();
    }

    long operations(IoType type) {
        return byType[type.index()].operations;
    }

    long bytes(IoType type) {
        return byType[type.index()].bytes;
    }

    long latencyNanos(IoType type) {
        return byType[type.index()].latencyNanos;
    }

    long longestNanos(IoType type) {
        return byType[type.index()].longestNanos;
    }

    /** Returns the shortest latency, 0 when there is none. */
    long shortestNanos(IoType type) {
        long shortest = byType[type.index()].shortestNanos;
        return shortest == Long.MAX_VALUE ? 0 : shortest;
    }

    long errors(IoStatus.Kind kind) {
        return errors.getOrDefault(kind, 0L);
    }
}
