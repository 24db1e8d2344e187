package io.cairn.bench;

import io.cairn.shell.perf.PerfRun;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * Measures the I/O path of whole stacks on one reactor: random I/O, of 4 KiB where the case does not say otherwise, after many modules have been loaded and exercised, in
 * alternating rounds. Arguments, all optional and in order: seconds for each measurement (3), rounds (3), a part of the labels of the
 * cases to measure (all), a {@link SpdkRunner} that is run in turn with ours, once in a round for each case that it has (none). To be run with the JVM options of the distribution.
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
    private final Optional<SpdkRunner> spdk;
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
     * @param spdk millions of I/Os in a second of C SPDK's processor time just before; 0 if that was not measured
     */
    private record Figures(double perCore, double perSecond, double heapBytes, double spdk) {
        static Figures of(long count, ThreadMeter.Reading used, double spdk) {
            return new Figures(
                    count * 1e3 / used.cpuNanos(),
                    count * 1e3 / used.wallNanos(),
                    (double) used.heapBytes() / count,
                    spdk);
        }

        double ratio() {
            return perCore / spdk;
        }
    }

    private StackPerf(PrintStream out, Duration time, int rounds, String label, Optional<SpdkRunner> spdk) {
        this.out = out;
        this.time = time;
        this.rounds = rounds;
        this.spdk = spdk;
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
        Optional<SpdkRunner> spdk = args.length > 3 ? Optional.of(new SpdkRunner(args[3])) : Optional.empty();
        new StackPerf(System.out, Duration.ofSeconds(seconds), rounds, args.length > 2 ? args[2] : "", spdk).measure();
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
                    double theirs = spdk.isPresent() && !one.path().spdkLabel().isEmpty()
                            ? spdk.get().millions(one.path(), time)
                            : 0;
                    Figures figures = measure(stacks, one.path(), meter, theirs);
                    one.figures().add(figures);
                    out.printf(
                            "round %d  %-42s %7.3f M per core second, %7.3f M by the clock%s%n",
                            round,
                            one.path(),
                            figures.perCore(),
                            figures.perSecond(),
                            theirs == 0 ? "" : String.format(", C SPDK %.3f: %.2f", theirs, figures.ratio()));
                }
            }
        }
        report();
    }

    private Figures measure(Stacks stacks, PathCase path, ThreadMeter meter, double theirs) {
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
        return Figures.of(count, used, theirs);
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
        spdk.ifPresent(there -> reportRatios());
        out.printf(
                "Copies of 4 KiB alone, from and to anywhere in 64 MiB: %.2f and %.2f M; no disk in memory does more.%n",
                median(copiesOut), median(copiesIn));
        out.println(
                "M IOPS: medians of millions of I/Os per second of processor time; the ratio is theirs to SPDK's constants, which"
                        + " were taken with its bdevperf on one core of this class of machine.");
    }

    /** In Markdown, for the README. */
    private void reportRatios() {
        out.println(
                "\n| per second of processor time | C SPDK | Cairn | ratio (least..most of a round) |\n|---|---|---|---|");
        for (Measured one : cases) {
            if (one.path().spdkLabel().isEmpty()) {
                continue;
            }
            List<Double> ratios =
                    one.figures().stream().map(Figures::ratio).sorted().toList();
            out.printf(
                    "| %s | %.3f M | %.3f M | %.2f (%.2f..%.2f) |%n",
                    one.path(),
                    median(one.figures().stream().map(Figures::spdk).toList()),
                    median(one.figures().stream().map(Figures::perCore).toList()),
                    median(ratios),
                    ratios.get(0),
                    ratios.get(ratios.size() - 1));
        }
        out.println();
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
