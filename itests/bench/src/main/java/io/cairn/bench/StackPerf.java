package io.cairn.bench;

import io.cairn.shell.perf.PerfRun;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * Measures the I/O path of whole stacks on one reactor: random I/O, of 4 KiB where the case does not say otherwise, after many modules have been loaded and exercised, in
 * alternating rounds. Arguments, all optional and in order: seconds for each measurement (3), rounds (3), a part of the labels of the
 * cases to measure (all). To be run with the collector of the distribution, {@code -XX:+UseParallelGC}.
 *
 * <p>The figure that counts is I/Os per second of the reactor's processor time: on a machine that is shared it is what the wall clock
 * would show on a core of one's own. Both are printed.
 */
public final class StackPerf {
    private static final Duration EXERCISE = Duration.ofMillis(200);
    private static final Duration SETTLE = Duration.ofMillis(700);

    private final PrintStream out;
    private final Duration time;
    private final int rounds;
    private final List<Measured> cases;
    private final List<Double> copiesOut = new ArrayList<>();
    private final List<Double> copiesIn = new ArrayList<>();

    /** A case and what came out of its rounds. */
    private record Measured(PathCase path, List<Figures> figures) {}

    /**
     * What one round measured.
     *
     * @param perCore millions of I/Os in a second of processor time
     * @param perSecond millions of I/Os in a second by the clock
     * @param heapBytes bytes allocated for each I/O
     */
    private record Figures(double perCore, double perSecond, double heapBytes) {
        static Figures of(long count, ThreadMeter.Reading used) {
            return new Figures(
                    count * 1e3 / used.cpuNanos(), count * 1e3 / used.wallNanos(), (double) used.heapBytes() / count);
        }
    }

    private StackPerf(PrintStream out, Duration time, int rounds, String label) {
        this.out = out;
        this.time = time;
        this.rounds = rounds;
        this.cases = PathCase.ALL.stream()
                .filter(path -> path.toString().contains(label))
                .map(path -> new Measured(path, new ArrayList<>()))
                .toList();
    }

    /** Measures. */
    public static void main(String[] args) throws IOException {
        // kept until the end: a logger that nobody holds forgets its level
        Logger cairn = Logger.getLogger("io.cairn");
        cairn.setLevel(Level.OFF);
        long seconds = args.length > 0 ? Long.parseLong(args[0]) : 3;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        new StackPerf(System.out, Duration.ofSeconds(seconds), rounds, args.length > 2 ? args[2] : "").measure();
        cairn.setLevel(null);
    }

    private void measure() throws IOException {
        out.println("JVM " + Runtime.version() + ", "
                + ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .map(GarbageCollectorMXBean::getName)
                        .collect(Collectors.joining(" and "))
                + ", " + Runtime.getRuntime().availableProcessors() + " cores");
        try (Stacks stacks = new Stacks()) {
            stacks.exercise(EXERCISE);
            ThreadMeter meter = new ThreadMeter(stacks.loadThread());
            CopyBaseline copies = new CopyBaseline();
            for (int round = 1; round <= rounds; round++) {
                copiesOut.add(copies.millions(time, false));
                copiesIn.add(copies.millions(time, true));
                for (Measured one : cases) {
                    Figures figures = measure(stacks, one.path(), meter);
                    one.figures().add(figures);
                    out.printf(
                            "round %d  %-42s %7.3f M per core second, %7.3f M by the clock%n",
                            round, one.path(), figures.perCore(), figures.perSecond());
                }
            }
        }
        report();
    }

    private Figures measure(Stacks stacks, PathCase path, ThreadMeter meter) {
        PerfRun run = stacks.start(path.bdev(), path.options(SETTLE.plus(time).plus(SETTLE)));
        Stacks.await(stacks.after(SETTLE));
        long countBefore = Stacks.await(run.counts()).all();
        ThreadMeter.Reading before = meter.read();
        Stacks.await(stacks.after(time));
        long count = Stacks.await(run.counts()).all() - countBefore;
        ThreadMeter.Reading used = meter.read().minus(before);
        run.stop();
        Stacks.await(run.result()).failure().ifPresent(why -> {
            throw new IllegalStateException(why);
        });
        return Figures.of(count, used);
    }

    private void report() {
        out.printf(
                "%n%-42s %8s %15s %10s %6s %6s  %s%n",
                "one core, 4 KiB if not said",
                "M IOPS",
                "least..most",
                "by clock",
                "SPDK",
                "ratio",
                "heap bytes per I/O");
        for (Measured one : cases) {
            List<Double> sorted =
                    one.figures().stream().map(Figures::perCore).sorted().toList();
            double median = median(sorted);
            double spdk = one.path().spdkMillions();
            out.printf(
                    "%-42s %8.3f %7.3f..%-6.3f %10.3f %6s %6s  %.6f%n",
                    one.path(),
                    median,
                    sorted.get(0),
                    sorted.get(sorted.size() - 1),
                    median(one.figures().stream().map(Figures::perSecond).toList()),
                    spdk == 0 ? "-" : String.format(spdk < 1 ? "%.2f" : "%.1f", spdk),
                    spdk == 0 ? "-" : String.format("%.2f", median / spdk),
                    one.figures().stream().mapToDouble(Figures::heapBytes).max().orElseThrow());
        }
        out.printf(
                "Copies of 4 KiB alone, from and to anywhere in 64 MiB: %.2f and %.2f M; no disk in memory does more.%n",
                median(copiesOut), median(copiesIn));
        out.println(
                "M IOPS: medians of millions of I/Os per second of processor time; the ratio is theirs to SPDK's constants, which"
                        + " were taken with its bdevperf on one core of this class of machine.");
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
