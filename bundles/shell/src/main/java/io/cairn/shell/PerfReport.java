package io.cairn.shell;

import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.PerfResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** What a run prints at its end. */
final class PerfReport {
    private PerfReport() {}

    /** Returns the lines. */
    static List<String> lines(PerfOptions options, PerfResult result, Style style) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                "%s  %s, depth %d on %s",
                options.workload().name().toLowerCase(Locale.ROOT),
                Sizes.show(options.ioBytes()),
                options.depth(),
                options.reactors().size() == 1
                        ? "reactor " + options.reactors().get(0)
                        : "reactors " + options.reactors()));
        lines.add(style.bold(
                String.format("%s IOPS   %.1f MiB/s", count(result.iops()), result.bytesPerSecond() / (1 << 20))));
        if (result.readsPerSecond() > 0 && result.writesPerSecond() > 0) {
            lines.add(String.format(
                    "reads %s IOPS   writes %s IOPS", count(result.readsPerSecond()), count(result.writesPerSecond())));
        }
        lines.add(latencies(result.latencies(), result.counts().all()));
        if (options.verify() && result.failure().isEmpty()) {
            lines.add(style.green("verified: " + result.counts().checked() + " reads found what had been written"));
        }
        if (result.stopped()) {
            lines.add(style.yellow("stopped before its time"));
        }
        return lines;
    }

    private static String latencies(Histogram latencies, long all) {
        long timed = latencies.getTotalCount();
        if (timed == 0) {
            return "no latency was taken";
        }
        return String.format(
                "latency  avg %s  p50 %s  p99 %s  p99.9 %s  max %s%s",
                Durations.show(Math.round(latencies.getMean())),
                Durations.show(latencies.getValueAtPercentile(50)),
                Durations.show(latencies.getValueAtPercentile(99)),
                Durations.show(latencies.getValueAtPercentile(99.9)),
                Durations.show(latencies.getMaxValue()),
                timed < all ? "  (of " + timed + " timed I/Os)" : "");
    }

    /** Writes a rate with three or more digits that matter. */
    static String count(double number) {
        if (number >= 1e6) {
            return String.format("%.2f M", number / 1e6);
        }
        return number >= 1e5 ? String.format("%.0f k", number / 1e3) : String.format("%.0f", number);
    }
}
