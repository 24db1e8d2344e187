package io.cairn.shell;

import io.cairn.bdev.Bdevs;
import io.cairn.operations.Param;
import io.cairn.reactor.Reactors;
import io.cairn.shell.perf.PerfCounts;
import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.PerfResult;
import io.cairn.shell.perf.PerfRun;
import io.cairn.shell.perf.Workload;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code bdev:perf}. */
final class PerfCommand extends CairnCommand {
    /** How long an interrupted run may take to get its I/O back before the shell is given back without it. */
    private static final long DRAIN_SECONDS = 30;

    private final Bdevs bdevs;
    private final Reactors reactors;

    record Params(
            @Param(value = "The bdev.", names = Param.Names.BDEV) String bdev,
            @Param(value = "How long: a number with ms, s, m or h behind it.", defaultsTo = "10s") String time,
            @Param(value = "What: one after the other or anywhere, reads, writes or both.", defaultsTo = "randread")
                    Workload type,
            @Param(value = "The size of each I/O in bytes.", defaultsTo = "4096", min = 1, max = 1 << 30) int size,
            @Param(
                            value = "How many I/Os are out at any time on each reactor.",
                            defaultsTo = "32",
                            min = 1,
                            max = PerfOptions.MOST_DEPTH)
                    int depth,
            @Param(value = "How many of a hundred I/Os read, for rw and randrw.", defaultsTo = "70", max = 100) int mix,
            @Param(
                            value =
                                    "Write a pattern, read every write back at once, and all of them again at the end. Each reactor"
                                            + " uses the first 4194304 I/Os' worth of its share at most.",
                            defaultsTo = "false")
                    boolean verify,
            @Param(
                            value = "Read into memory of the run's own instead of looking at what the bdev lends.",
                            defaultsTo = "false")
                    boolean ownMemory,
            @Param(
                            value =
                                    "Allow writing, which destroys what is on the bdev. A null bdev needs no permission.",
                            defaultsTo = "false")
                    boolean overwrite,
            @Param(
                            value =
                                    "How many reactors do it, or their indices with commas between (\"1,\" is reactor 1 alone). Each has its own share of the bdev.",
                            defaultsTo = "1")
                    String reactors) {}

    PerfCommand(NameSource names, Bdevs bdevs, Reactors reactors) {
        super(
                CommandSpec.of(
                        "perf",
                        "Puts I/O load on a bdev and tells how fast it is. Ctrl-C ends it early. Latencies are those of"
                                + " every I/O while a reactor does fewer than 300000 a second, else of one in 64.",
                        Params.class,
                        "bdev:perf Malloc0 --type randrw --mix 70 --size 4k --depth 32 --time 10s --overwrite"),
                names);
        this.bdevs = bdevs;
        this.reactors = reactors;
    }

    @Override
    protected void run(Map<String, Object> values, Output output) throws InterruptedException, ExecutionException {
        PerfOptions options = options(values, reactors.all().size());
        String bdev = values.get("bdev").toString();
        PerfProgress progress = new PerfProgress(output, options.time());
        CompletionStage<PerfRun> begun = PerfRun.start(reactors, bdevs, bdev, options);
        PerfResult result;
        try {
            result = follow(await(begun), progress);
        } catch (InterruptedException e) {
            // Ctrl-C: what is out comes back, everything is closed, and what was measured is shown
            result = stopped(begun);
        }
        progress.end();
        PerfReport.lines(options, result, output.style()).forEach(output::line);
        if (result.failure().isPresent()) {
            throw new ExecutionException(
                    new IllegalStateException(result.failure().get()));
        }
    }

    private static PerfResult follow(PerfRun run, PerfProgress progress)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return run.result().toCompletableFuture().get(progress.intervalMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                PerfCounts counts = await(run.counts());
                progress.show(counts);
            }
        }
    }

    private static PerfResult stopped(CompletionStage<PerfRun> begun) throws InterruptedException, ExecutionException {
        begun.thenAccept(PerfRun::stop);
        try {
            return begun.thenCompose(PerfRun::result).toCompletableFuture().get(DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "I/O is still out after " + DRAIN_SECONDS + " s; the run ends when it is back", e);
        }
    }

    // ---- options ----

    /** Returns what was asked for, on a machine of so many reactors. */
    static PerfOptions options(Map<String, Object> values, int reactorCount) {
        try {
            return new PerfOptions(
                    Workload.valueOf(
                            values.getOrDefault("type", "randread").toString().toUpperCase(Locale.ROOT)),
                    number(values, "size", 4096),
                    number(values, "depth", 32),
                    Durations.parse(values.getOrDefault("time", "10s").toString()),
                    number(values, "mix", 70),
                    flag(values, "verify"),
                    flag(values, "own_memory"),
                    flag(values, "overwrite"),
                    reactors(values.getOrDefault("reactors", "1").toString(), reactorCount));
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private static int number(Map<String, Object> values, String name, int otherwise) {
        return values.get(name) instanceof Long number ? Math.toIntExact(number) : otherwise;
    }

    private static boolean flag(Map<String, Object> values, String name) {
        return Boolean.TRUE.equals(values.get(name));
    }

    /** The last reactors first: reactor 0 is the app thread, which has other things to do. */
    private static List<Integer> reactors(String text, int reactorCount) {
        List<Integer> chosen = new ArrayList<>();
        try {
            if (text.contains(",")) {
                for (String index : text.split(",")) {
                    chosen.add(checked(new BigInteger(index), 0, reactorCount - 1, text));
                }
                return chosen;
            }
            int count = checked(new BigInteger(text), 1, reactorCount, text);
            for (int i = 0; i < count; i++) {
                chosen.add(reactorCount - 1 - i);
            }
            return chosen;
        } catch (NumberFormatException e) {
            throw new UsageException("reactors is '" + text + "'; expected a number, or numbers with commas between");
        }
    }

    private static int checked(BigInteger number, int least, int most, String text) {
        if (number.compareTo(BigInteger.valueOf(least)) < 0 || number.compareTo(BigInteger.valueOf(most)) > 0) {
            throw new UsageException(
                    "reactors is '" + text + "', and " + number + " is not from " + least + " to " + most);
        }
        return number.intValue();
    }
}
