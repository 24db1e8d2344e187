package io.cairn.bench;

import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.Workload;
import java.time.Duration;
import java.util.List;

/**
 * A stack, a queue depth, and what C SPDK's bdevperf did with the same on one core of this class of machine.
 *
 * @param label for people
 * @param bdev the bdev on top
 * @param workload reads or writes
 * @param depth I/Os out at any time
 * @param spdkMillions millions of I/Os a second, constants from the project's issue; 0 where none was taken
 */
record PathCase(String label, String bdev, Workload workload, int depth, double spdkMillions) {
    static final List<PathCase> ALL = List.of(
            reads("null", "Null0", 1, 14.1),
            reads("null", "Null0", 32, 20.1),
            reads("null", "Null0", 128, 22.9),
            reads("passthru over null", "Pass1", 1, 0),
            reads("passthru over null", "Pass1", 32, 0),
            reads("passthru over null", "Pass1", 128, 13.4),
            reads("3 passthru over null", "Pass3c", 1, 0),
            reads("3 passthru over null", "Pass3c", 32, 0),
            reads("3 passthru over null", "Pass3c", 128, 6.7),
            reads("split over null", "NullCp0", 1, 0),
            reads("split over null", "NullCp0", 32, 0),
            reads("split over null", "NullCp0", 128, 13.2),
            reads("malloc reads", "Malloc0", 128, 2.0),
            new PathCase("malloc writes", "Malloc0", Workload.RANDWRITE, 128, 3.6));

    private static PathCase reads(String label, String bdev, int depth, double spdkMillions) {
        return new PathCase(label, bdev, Workload.RANDREAD, depth, spdkMillions);
    }

    /** Returns the run of this case. Reads of malloc bring memory, as bdevperf's do: they copy. */
    PerfOptions options(Duration time) {
        boolean ownMemory = bdev.equals("Malloc0");
        return new PerfOptions(
                workload, Stacks.IO_BYTES, depth, time, 100, false, ownMemory, true, List.of(Stacks.LOAD));
    }

    @Override
    public String toString() {
        return label + ", depth " + depth;
    }
}
