package io.cairn.module.raid.sync;

import java.util.concurrent.TimeUnit;

/**
 * How fast a process may go: not above its limit, and, while the array has I/O of others, busy for a small part of the time only. Times in nanoseconds of the
 * reactor's clock. One reactor.
 */
final class Pace {
    /** While others do I/O, for each nanosecond of work this many of rest. */
    private static final int REST_PER_WORK = 9;

    /** I/O of others is taken to go on for this long after it was seen. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private long bytesPerSecond;
    /** When what has been done so far is allowed to have been done. */
    private long paidUntil = Long.MIN_VALUE;

    private long seenIos = -1;
    private long busyUntil = Long.MIN_VALUE;
    private long restUntil = Long.MIN_VALUE;

    void limit(long perSecond) {
        bytesPerSecond = perSecond;
        paidUntil = Long.MIN_VALUE;
    }

    /** Notes the number of I/Os that the array has been given so far. */
    void saw(long ios, long now) {
        if (seenIos >= 0 && ios != seenIos) {
            busyUntil = now + BUSY_NANOS;
        }
        seenIos = ios;
    }

    /** Returns whether others do I/O. */
    boolean isShared(long now) {
        return busyUntil != Long.MIN_VALUE && now < busyUntil;
    }

    /** Notes work. */
    void worked(long bytes, long began, long now) {
        if (bytesPerSecond > 0) {
            // nothing is saved up while nothing is done
            long from = Math.max(paidUntil, began);
            paidUntil = from + (long) ((double) bytes * SECOND / bytesPerSecond);
        }
        restUntil = isShared(now) ? now + Math.min(LONGEST_REST_NANOS, (now - began) * REST_PER_WORK) : Long.MIN_VALUE;
    }

    /** Returns when the next work may begin; in the past: now. */
    long next() {
        return Math.max(bytesPerSecond > 0 ? paidUntil : Long.MIN_VALUE, restUntil);
    }
}
