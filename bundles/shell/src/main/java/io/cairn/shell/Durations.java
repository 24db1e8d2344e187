package io.cairn.shell;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as people write them. */
final class Durations {
    private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,9})(ms|s|m|h)?");

    private Durations() {}

    /**
     * Reads a whole number with ms, s, m or h behind it; alone it is seconds.
     *
     * @throws UsageException if it is something else
     */
    static Duration parse(String text) {
        Matcher matcher = WRITTEN.matcher(text);
        if (!matcher.matches()) {
            throw new UsageException("'" + text + "' is no time; expected a number with ms, s, m or h behind it");
        }
        long number = Long.parseLong(matcher.group(1));
        String unit = matcher.group(2) == null ? "s" : matcher.group(2);
        return switch (unit) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofSeconds(number);
        };
    }

    /** Writes nanoseconds with the unit that makes them short. */
    static String show(long nanos) {
        if (nanos < 1_000) {
            return nanos + " ns";
        }
        if (nanos < 1_000_000) {
            return String.format("%.1f µs", nanos / 1e3);
        }
        return nanos < 1_000_000_000 ? String.format("%.1f ms", nanos / 1e6) : String.format("%.1f s", nanos / 1e9);
    }
}
