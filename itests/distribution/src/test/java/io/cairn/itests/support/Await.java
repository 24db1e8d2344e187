package io.cairn.itests.support;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The one place where a test lets time pass. */
public final class Await {
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private Await() {}

    /**
     * Asks again and again until there is an answer.
     *
     * @param what completes the sentence "no ... within", for the error
     * @param limit how long to ask
     * @param attempt answers, or is empty, or throws (which counts as no answer; the last exception is the cause)
     * @return the answer
     */
    public static <T> T until(String what, Duration limit, Callable<Optional<T>> attempt) {
        long end = System.nanoTime() + limit.toNanos();
        Exception last = null;
        do {
            try {
                Optional<T> answer = attempt.call();
                if (answer.isPresent()) {
                    return answer.get();
                }
                last = null;
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(STEP_NANOS);
        } while (System.nanoTime() - end < 0);
        throw new AssertionError("no " + what + " within " + limit.toMillis() + " ms", last);
    }

    /** Asks until the answer is yes. */
    public static void untilTrue(String what, Duration limit, Callable<Boolean> attempt) {
        until(what, limit, () -> attempt.call() ? Optional.of(Boolean.TRUE) : Optional.empty());
    }

    /** A window of time in which something else is measured, for figures such as idle CPU. */
    public static void window(Duration length) {
        long end = System.nanoTime() + length.toNanos();
        for (long rest = length.toNanos(); rest > 0; rest = end - System.nanoTime()) {
            LockSupport.parkNanos(rest);
        }
    }
}
