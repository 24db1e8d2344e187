package io.cairn.operations.internal;

import java.time.Duration;

/**
 * How operations are run.
 *
 * @param waitForRpc whether to start in SPDK's startup state, until {@code framework_start_init}; default: no
 * @param deadline after this an operation that has not answered is answered for, with −110 (ETIMEDOUT); default 120 s, twice
 *     what SPDK's own client waits
 */
public record Settings(boolean waitForRpc, Duration deadline) {
    /** Checks the values. */
    public Settings {
        if (deadline.isNegative() || deadline.isZero()) {
            throw new IllegalArgumentException("deadline of operations " + deadline + "; expected more than 0 s");
        }
    }

    /** Returns the defaults. */
    public static Settings defaults() {
        return new Settings(false, Duration.ofMinutes(2));
    }
}
