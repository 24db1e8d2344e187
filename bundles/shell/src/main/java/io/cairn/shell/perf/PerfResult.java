package io.cairn.shell.perf;

import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * How a run ended.
 *
 * @param counts what was done within the time; what was still out at its end is not counted
 * @param readsPerSecond reads a second, of all reactors together
 * @param writesPerSecond writes a second
 * @param ioBytes bytes of each I/O
 * @param latencies nanoseconds from before the submission to the completion, of the I/Os that were timed
 * @param stopped whether somebody stopped it before its time
 * @param failure why it ended early; empty if nothing was wrong
 */
public record PerfResult(
        PerfCounts counts,
        double readsPerSecond,
        double writesPerSecond,
        int ioBytes,
        Histogram latencies,
        boolean stopped,
        Optional<String> failure) {
    /** Returns I/Os a second. */
    public double iops() {
        return readsPerSecond + writesPerSecond;
    }

    /** Returns bytes a second. */
    public double bytesPerSecond() {
        return iops() * ioBytes;
    }
}
