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
 * @param ioBytes bytes of each I/O
 * @param depth I/Os out at any time
 * @param spdkMillions millions of I/Os a second, constants from the project's issue; 0 where none was taken
 * @param spdkLabel what a {@link SpdkRunner} calls it; empty: it does not measure it
 */
record PathCase(
        String label, String bdev, Workload workload, int ioBytes, int depth, double spdkMillions, String spdkLabel) {
    static final List<PathCase> ALL = List.of(
            reads("null", "Null0", 1, 14.1),
            reads("null", "Null0", 32, 20.1),
            reads("null", "Null0", 128, 22.9),
            reads("passthru over null", "Pass1", 1, 0),
            reads("passthru over null", "Pass1", 32, 0),
            reads("passthru over null", "Pass1", 128, 13.4).as("passthru-randread"),
            reads("3 passthru over null", "Pass3c", 1, 0),
            reads("3 passthru over null", "Pass3c", 32, 0),
            reads("3 passthru over null", "Pass3c", 128, 6.7),
            reads("split over null", "NullCp0", 1, 0),
            reads("split over null", "NullCp0", 32, 0),
            reads("split over null", "NullCp0", 128, 13.2),
            reads("malloc reads", "Malloc0", 128, 2.0).as("malloc-randread"),
            writes("malloc writes", "Malloc0", 3.6).as("malloc-randwrite"),
            reads("raid0 over 4 null reads", "Raid0", 128, 11.8).as("raid0-4null-randread"),
            writes("raid0 over 4 null writes", "Raid0", 11.8).as("raid0-4null-randwrite"),
            reads("raid1 over 2 null reads", "Raid1", 128, 11.2).as("raid1-2null-randread"),
            writes("raid1 over 2 null writes", "Raid1", 8.2).as("raid1-2null-randwrite"),
            reads("concat over 4 null reads", "Concat", 128, 10.7).as("concat-4null-randread"),
            writes("concat over 4 null writes", "Concat", 10.3).as("concat-4null-randwrite"),
            // 61 GiB/s, and 17 to 22 GiB/s
            stripes("raid5f over 3 null, 128 KiB", "Raid5Null", 0.50).as("raid5f-3null-write-GiBps"),
            stripes("raid5f over 3 malloc, 128 KiB", "Raid5Malloc", 0.16).as("raid5f-3malloc-write-GiBps"));

    private static PathCase reads(String label, String bdev, int depth, double spdkMillions) {
        return new PathCase(label, bdev, Workload.RANDREAD, Stacks.IO_BYTES, depth, spdkMillions, "");
    }

    private static PathCase writes(String label, String bdev, double spdkMillions) {
        return new PathCase(label, bdev, Workload.RANDWRITE, Stacks.IO_BYTES, 128, spdkMillions, "");
    }

    /** One after the other, as bdevperf was told to: the members are larger than any cache. */
    private static PathCase stripes(String label, String bdev, double spdkMillions) {
        return new PathCase(label, bdev, Workload.WRITE, Stacks.STRIPE_BYTES, 32, spdkMillions, "");
    }

    private PathCase as(String spdk) {
        return new PathCase(label, bdev, workload, ioBytes, depth, spdkMillions, spdk);
    }

    /** Returns the run of this case. Reads of malloc bring memory, as bdevperf's do: they copy. */
    PerfOptions options(Duration time) {
        boolean ownMemory = bdev.equals("Malloc0");
        return new PerfOptions(workload, ioBytes, depth, time, 100, false, ownMemory, true, List.of(Stacks.LOAD));
    }

    @Override
    public String toString() {
        return label + ", depth " + depth;
    }
}
