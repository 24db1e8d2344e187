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
    private static final int TYPES = IoType.values().length;

    private final long[] operations = new long[TYPES];
    private final long[] bytes = new long[TYPES];
    private final long[] latencyNanos = new long[TYPES];
    private final long[] longestNanos = new long[TYPES];
    private final long[] shortestNanos = new long[TYPES];
    private final Map<IoStatus.Kind, Long> errors = new EnumMap<>(IoStatus.Kind.class);

    IoStatistics() {
        clearExtremes();
    }

    void count(int type, long byteCount, long nanos) {
        operations[type]++;
        bytes[type] += byteCount;
        latencyNanos[type] += nanos;
        if (nanos > longestNanos[type]) {
            longestNanos[type] = nanos;
        }
        if (nanos < shortestNanos[type]) {
            shortestNanos[type] = nanos;
        }
    }

    void countError(IoStatus status) {
        errors.merge(status.kind(), 1L, Long::sum);
    }

    void add(IoStatistics other) {
        for (int i = 0; i < TYPES; i++) {
            operations[i] += other.operations[i];
            bytes[i] += other.bytes[i];
            latencyNanos[i] += other.latencyNanos[i];
            longestNanos[i] = Math.max(longestNanos[i], other.longestNanos[i]);
            shortestNanos[i] = Math.min(shortestNanos[i], other.shortestNanos[i]);
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
        Arrays.fill(operations, 0);
        Arrays.fill(bytes, 0);
        Arrays.fill(latencyNanos, 0);
        clearErrors();
        clearExtremes();
    }

    /** Forgets the longest and the shortest latencies. */
    void clearExtremes() {
        Arrays.fill(longestNanos, 0);
        Arrays.fill(shortestNanos, Long.MAX_VALUE);
    }

    /** Forgets the errors. */
    void clearErrors() {
        errors.clear();
    }

    long operations(IoType type) {
        return operations[type.index()];
    }

    long bytes(IoType type) {
        return bytes[type.index()];
    }

    long latencyNanos(IoType type) {
        return latencyNanos[type.index()];
    }

    long longestNanos(IoType type) {
        return longestNanos[type.index()];
    }

    /** Returns the shortest latency, 0 when there is none. */
    long shortestNanos(IoType type) {
        long shortest = shortestNanos[type.index()];
        return shortest == Long.MAX_VALUE ? 0 : shortest;
    }

    long errors(IoStatus.Kind kind) {
        return errors.getOrDefault(kind, 0L);
    }
}
