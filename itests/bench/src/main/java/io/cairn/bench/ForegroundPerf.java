package io.cairn.bench;

import io.cairn.bdev.core.BdevCore;
import io.cairn.module.malloc.MallocModule;
import io.cairn.module.raid.RaidModule;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.PerfResult;
import io.cairn.shell.perf.PerfRun;
import io.cairn.shell.perf.Workload;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Measures what a rebuild with the default limits does to the latency of others: random I/O, as much read as written, at a fixed depth on every reactor, on an array of malloc
 * members of 1 GiB that is complete, then has lost a member, then rebuilds it; in turns. raid1 of 2 with 4 KiB, raid5f of 3 with whole stripes of 128 KiB. Arguments: rounds
 * (3), depth on each reactor (4). Needs {@code -XX:MaxDirectMemorySize=6g}.
 */
public final class ForegroundPerf {
    private static final long BYTES = 1L << 30;
    private static final int BLOCK = 512;
    private static final int REACTORS = 2;
    private static final int STRIP_KB = 64;
    private static final Duration WITHOUT = Duration.ofMillis(1500);
    private static final double PERCENTILE = 99;

    private final PrintStream out;
    private final RaidLevel level;
    private final int ioBytes;
    private final int depth;
    private final ThreadReactors reactors =
            new ThreadReactors(ReactorOptions.defaults().withCount(REACTORS));
    private final OperationCenter operations = new OperationCenter(reactors, ConfigStore.inMemory());
    private final BdevCore core = new BdevCore(reactors, operations);

    private ForegroundPerf(PrintStream out, RaidLevel level, int ioBytes, int depth) {
        this.out = out;
        this.level = level;
        this.ioBytes = ioBytes;
        this.depth = depth;
    }

    /** What a run saw: the percentile in nanoseconds, and I/Os a second. */
    private record Seen(double nanos, double iops) {
        static Seen of(PerfResult result) {
            return new Seen(result.latencies().getValueAtPercentile(PERCENTILE), result.iops());
        }

        @Override
        public String toString() {
            return String.format("%.1f us (%.0f k/s)", nanos / 1e3, iops / 1e3);
        }
    }

    /** Measures. */
    public static void main(String[] args) {
        // kept until the end: a logger that nobody holds forgets its level
        Logger cairn = Logger.getLogger("io.cairn");
        cairn.setLevel(Level.SEVERE);
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 3;
        int depth = args.length > 1 ? Integer.parseInt(args[1]) : 4;
        new ForegroundPerf(System.out, RaidLevel.RAID1, Stacks.IO_BYTES, depth).measure(2, rounds);
        new ForegroundPerf(System.out, RaidLevel.RAID5F, Stacks.STRIPE_BYTES, depth).measure(3, rounds);
        cairn.setLevel(null);
    }

    private void measure(int members, int rounds) {
        Stacks.await(core.add(new MallocModule()));
        Stacks.await(core.add(new RaidModule()));
        List<String> names = new ArrayList<>();
        for (int slot = 0; slot < members; slot++) {
            names.add("M" + slot);
            createDisk("M" + slot);
        }
        call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "Array",
                        "raid_level",
                        level.toString().toLowerCase(Locale.ROOT),
                        "strip_size_kb",
                        level.hasStrips() ? (long) STRIP_KB : 0L,
                        "base_bdevs",
                        names));
        Junk.fill(reactors, core, "Array");
        Stacks.await(start(WITHOUT).result());
        List<Double> ratios = new ArrayList<>();
        List<Double> toDegraded = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            Seen complete = Seen.of(Stacks.await(start(WITHOUT).result()));
            call("bdev_raid_remove_base_bdev", Map.of("name", "M0"));
            call("bdev_malloc_delete", Map.of("name", "M0"));
            Seen degraded = Seen.of(Stacks.await(start(WITHOUT).result()));
            createDisk("M0");
            // so that what is measured is not how a malloc disk takes its memory
            Junk.fill(reactors, core, "M0");
            PerfRun run = start(Duration.ofHours(1));
            long began = System.nanoTime();
            call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "Array", "base_bdev", "M0"));
            while (isRebuilding()) {
                Stacks.await(after(Duration.ofMillis(20)));
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            run.stop();
            Seen rebuilding = Seen.of(Stacks.await(run.result()));
            ratios.add(rebuilding.nanos() / complete.nanos());
            toDegraded.add(rebuilding.nanos() / degraded.nanos());
            out.printf(
                    "%s of %d, depth %d on each of %d reactors: p99 complete %s, degraded %s, rebuilding %s, in %.2f s: %.2f times complete, %.2f times degraded%n",
                    level,
                    members,
                    depth,
                    REACTORS,
                    complete,
                    degraded,
                    rebuilding,
                    seconds,
                    ratios.get(round - 1),
                    toDegraded.get(round - 1));
        }
        out.printf(
                "%s of %d: median %.2f times the p99 of the complete array, %.2f times that of the degraded one%n",
                level, members, median(ratios), median(toDegraded));
        Stacks.await(core.close());
        operations.stop();
        reactors.close();
    }

    private static double median(List<Double> values) {
        return values.stream()
                .sorted()
                .skip((values.size() - 1) / 2)
                .findFirst()
                .orElseThrow();
    }

    private void createDisk(String name) {
        call("bdev_malloc_create", Map.of("name", name, "block_size", (long) BLOCK, "num_blocks", BYTES / BLOCK));
    }

    private boolean isRebuilding() {
        List<?> arrays = (List<?>) call("bdev_raid_get_bdevs", Map.of("category", "all"));
        Map<?, ?> array = (Map<?, ?>) arrays.get(0);
        return array.containsKey("process")
                || !array.get("num_base_bdevs_discovered").equals(array.get("num_base_bdevs"));
    }

    private PerfRun start(Duration time) {
        PerfOptions options =
                new PerfOptions(Workload.RANDRW, ioBytes, depth, time, 50, false, true, true, List.of(0, 1));
        return Stacks.await(PerfRun.start(reactors, core, "Array", options));
    }

    private CompletionStage<Void> after(Duration time) {
        return reactors.onApp(() -> {
            CompletableFuture<Void> passed = new CompletableFuture<>();
            reactors.app().after(time.toNanos(), () -> passed.complete(null));
            return passed;
        });
    }

    private Object call(String operation, Map<String, Object> params) {
        return Stacks.await(operations.call(operation, params));
    }
}
