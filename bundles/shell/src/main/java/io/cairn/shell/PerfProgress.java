package io.cairn.shell;

import io.cairn.shell.perf.PerfCounts;
import java.time.Duration;

/** How far a run is: a bar on a terminal, some lines elsewhere. */
final class PerfProgress {
    private static final long REDRAW_MILLIS = 250;
    private static final long LEAST_LINE_MILLIS = 1000;
    private static final int LINES = 10;
    private static final int BAR = 30;

    private final Output output;
    private final long wholeMillis;
    private final long begun = System.nanoTime();
    private long shownAt = begun;
    private long shownCount;

    PerfProgress(Output output, Duration time) {
        this.output = output;
        this.wholeMillis = time.toMillis();
    }

    /** Returns how long to wait before the next {@link #show}. */
    long intervalMillis() {
        return output.style().terminal() ? REDRAW_MILLIS : Math.max(LEAST_LINE_MILLIS, wholeMillis / LINES);
    }

    /** Shows how far it is. */
    void show(PerfCounts counts) {
        long now = System.nanoTime();
        double iops = (counts.all() - shownCount) * 1e9 / Math.max(1, now - shownAt);
        shownAt = now;
        shownCount = counts.all();
        String line = line((now - begun) / 1_000_000, wholeMillis, iops, counts);
        if (output.style().terminal()) {
            output.redraw(line);
        } else {
            output.line(line);
        }
    }

    /** Makes room for what follows. */
    void end() {
        if (output.style().terminal()) {
            output.redraw("");
        }
    }

    /** Puts a line together: bar, time, rate; and once the time is over, what is being checked. */
    static String line(long millis, long wholeMillis, double iops, PerfCounts counts) {
        if (millis > wholeMillis && counts.checked() > 0) {
            return "reading again what was written: " + counts.checked() + " checked";
        }
        int done = (int) (BAR * Math.min(millis, wholeMillis) / Math.max(1, wholeMillis));
        return String.format(
                "[%s%s] %5.1f s of %.1f s  %s IOPS",
                "#".repeat(done), ".".repeat(BAR - done), millis / 1e3, wholeMillis / 1e3, PerfReport.count(iops));
    }
}
