package io.cairn.reactor;

import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * How the reactors of a process are set up.
 *
 * @param count number of reactors, 1 to {@value #MOST_REACTORS}
 * @param backend what drives their event loops
 * @param spinNanos how long a reactor looks for more work after the last before it sleeps, at most; 0 to sleep at once.
 *     It spins shorter when that was in vain before
 * @param alwaysPoll never to sleep: lowest latency for a whole core each
 * @param bufferPoolBytes the most memory of each reactor's {@link BufferPool}, at least {@link BufferPool#LARGEST}; taken
 *     only when used
 * @param watchdogNanos a turn that takes longer is reported, at least 1 ms
 */
public record ReactorOptions(
        int count, IoBackend backend, long spinNanos, boolean alwaysPoll, long bufferPoolBytes, long watchdogNanos) {
    /** The most reactors of a process. */
    public static final int MOST_REACTORS = 256;

    private static final int DEFAULT_MOST = 8;
    private static final String PREFIX = "cairn.reactor.";

    /** Checks the limits. */
    public ReactorOptions {
        require(count >= 1 && count <= MOST_REACTORS, "count", count, "1 to " + MOST_REACTORS);
        require(spinNanos >= 0, "spin-nanos", spinNanos, "0 or more");
        require(
                bufferPoolBytes >= BufferPool.LARGEST,
                "buffer-pool-bytes",
                bufferPoolBytes,
                BufferPool.LARGEST + " or more");
        require(watchdogNanos >= 1_000_000, "watchdog-nanos", watchdogNanos, "1000000 or more");
    }

    /** One reactor per core and 8 at most, the best backend, 50 µs, may sleep, 64 MiB each, 10 ms. */
    public static ReactorOptions defaults() {
        int cores = Runtime.getRuntime().availableProcessors();
        return new ReactorOptions(Math.min(DEFAULT_MOST, cores), IoBackend.AUTO, 50_000, false, 64L << 20, 10_000_000);
    }

    /** These options with another number of reactors. */
    public ReactorOptions withCount(int newCount) {
        return new ReactorOptions(newCount, backend, spinNanos, alwaysPoll, bufferPoolBytes, watchdogNanos);
    }

    /** These options with another backend. */
    public ReactorOptions withBackend(IoBackend newBackend) {
        return new ReactorOptions(count, newBackend, spinNanos, alwaysPoll, bufferPoolBytes, watchdogNanos);
    }

    /**
     * The defaults changed by what is set: {@code cairn.reactor.count}, {@code .backend} (auto, io_uring, nio),
     * {@code .spin-nanos}, {@code .always-poll}, {@code .buffer-pool-bytes}, {@code .watchdog-nanos}.
     *
     * @param properties value by name, null where it is not set: {@code System::getProperty}
     * @throws IllegalArgumentException if a value is not one; the message names the property
     */
    public static ReactorOptions from(UnaryOperator<String> properties) {
        ReactorOptions base = defaults();
        return new ReactorOptions(
                (int) number(properties, "count", base.count),
                backend(properties, base.backend),
                number(properties, "spin-nanos", base.spinNanos),
                Boolean.parseBoolean(properties.apply(PREFIX + "always-poll")),
                number(properties, "buffer-pool-bytes", base.bufferPoolBytes),
                number(properties, "watchdog-nanos", base.watchdogNanos));
    }

    private static long number(UnaryOperator<String> properties, String name, long otherwise) {
        String text = properties.apply(PREFIX + name);
        if (text == null) {
            return otherwise;
        }
        try {
            return name.equals("count") ? Integer.parseInt(text.trim()) : Long.parseLong(text.trim());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(PREFIX + name + "=" + text + " is not a whole number in range", e);
        }
    }

    private static IoBackend backend(UnaryOperator<String> properties, IoBackend otherwise) {
        String text = properties.apply(PREFIX + "backend");
        if (text == null) {
            return otherwise;
        }
        for (IoBackend backend : IoBackend.values()) {
            if (backend.name().equals(text.trim().toUpperCase(Locale.ROOT))) {
                return backend;
            }
        }
        throw new IllegalArgumentException(PREFIX + "backend=" + text + " is not auto, io_uring or nio");
    }

    private static void require(boolean holds, String name, long value, String limits) {
        if (!holds) {
            throw new IllegalArgumentException(PREFIX + name + "=" + value + " must be " + limits);
        }
    }
}
