package io.cairn.module.delay;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long completions are held, in microseconds: the average for most, and for one in a hundred what is called p99.
 *
 * @param avgRead most reads
 * @param p99Read one read in a hundred
 * @param avgWrite most writes
 * @param p99Write one write in a hundred
 */
record Latencies(long avgRead, long p99Read, long avgWrite, long p99Write) {
    /** The longest latency that can be set: a year. */
    static final long LONGEST = 365L * 24 * 3600 * 1_000_000;

    private static final long NANOS = 1000;

    /** What one of the four values is called. */
    enum Kind {
        AVG_READ,
        P99_READ,
        AVG_WRITE,
        P99_WRITE
    }

    /** Returns the same with one value changed. */
    Latencies with(Kind kind, long micros) {
        return new Latencies(
                kind == Kind.AVG_READ ? micros : avgRead,
                kind == Kind.P99_READ ? micros : p99Read,
                kind == Kind.AVG_WRITE ? micros : avgWrite,
                kind == Kind.P99_WRITE ? micros : p99Write);
    }

    /** Returns the nanoseconds for a read. */
    long readNanos(boolean slow) {
        return (slow ? p99Read : avgRead) * NANOS;
    }

    /** Returns the nanoseconds for a write. */
    long writeNanos(boolean slow) {
        return (slow ? p99Write : avgWrite) * NANOS;
    }

    /** Returns the values by SPDK's names of the parameters, in its order. */
    Map<String, Object> described() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("avg_read_latency", avgRead);
        all.put("p99_read_latency", p99Read);
        all.put("avg_write_latency", avgWrite);
        all.put("p99_write_latency", p99Write);
        return all;
    }
}
