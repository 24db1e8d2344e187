package io.cairn.shell.perf;

import java.time.Duration;
import java.util.List;

/**
 * What a run does.
 *
 * @param workload what kind of I/O
 * @param ioBytes bytes of each I/O; a multiple of the bdev's block size
 * @param depth I/Os that are out at any time on each reactor
 * @param time how long
 * @param readPercent how many of a hundred I/Os read, for workloads that do both
 * @param verify whether what is written is read back and compared
 * @param ownMemory whether reads bring memory of their own instead of looking at what the bdev lends
 * @param overwrite whether data may be destroyed: without it only a null bdev is written to
 * @param reactors the reactors that do it, by index; each has its own share of the bdev
 */
public record PerfOptions(
        Workload workload,
        int ioBytes,
        int depth,
        Duration time,
        int readPercent,
        boolean verify,
        boolean ownMemory,
        boolean overwrite,
        List<Integer> reactors) {
    /** The deepest queue of one reactor. */
    public static final int MOST_DEPTH = 1 << 16;

    /** The most memory that a run may take for its data, in bytes. */
    public static final long MOST_MEMORY = 1L << 30;

    /**
     * Checks what can be checked without the bdev.
     *
     * @throws IllegalArgumentException naming the option
     */
    public PerfOptions {
        reactors = List.copyOf(reactors);
        require(ioBytes >= 1, "the size of an I/O is " + ioBytes + " bytes; it must be at least 1");
        require(depth >= 1 && depth <= MOST_DEPTH, "the depth is " + depth + "; it must be from 1 to " + MOST_DEPTH);
        require(!time.isNegative() && !time.isZero(), "the time is " + time + "; it must be longer than nothing");
        require(
                readPercent >= 0 && readPercent <= 100,
                "the share of reads is " + readPercent + " percent; it must be from 0 to 100");
        require(!reactors.isEmpty(), "there is no reactor to run on");
        require(reactors.stream().distinct().count() == reactors.size(), "a reactor is named twice in " + reactors);
        require(!verify || workload.writes(), "there is nothing to verify for a workload that only reads");
        require(
                !needsMemory(workload, verify, ownMemory) || (long) ioBytes * depth * reactors.size() <= MOST_MEMORY,
                depth + " I/Os of " + ioBytes + " bytes on " + reactors.size() + " reactors need more than "
                        + (MOST_MEMORY >> 20) + " MiB of memory");
    }

    /** Random reads on one reactor, without memory of their own. */
    public static PerfOptions randomReads(int ioBytes, int depth, Duration time, int reactor) {
        return new PerfOptions(Workload.RANDREAD, ioBytes, depth, time, 100, false, false, false, List.of(reactor));
    }

    /** Random writes on one reactor, wherever they go. */
    public static PerfOptions randomWrites(int ioBytes, int depth, Duration time, int reactor) {
        return new PerfOptions(Workload.RANDWRITE, ioBytes, depth, time, 0, false, false, true, List.of(reactor));
    }

    /** Returns whether each I/O needs memory of the run's own. */
    boolean needsMemory() {
        return needsMemory(workload, verify, ownMemory);
    }

    private static boolean needsMemory(Workload workload, boolean verify, boolean ownMemory) {
        return workload.writes() || verify || ownMemory;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
