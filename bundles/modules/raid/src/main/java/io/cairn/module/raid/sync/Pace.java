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
    /** What is worked on in the members' own memory in one turn at least, in bytes: about what an I/O of others takes. */
    private static final int LEAST_IN_A_TURN = 16 << 10;

    /** How many measurements an estimate is the mean of, about. */
    private static final int SMOOTHING = 8;

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private long bytesPerSecond;
    /** When what has been done so far is allowed to have been done. */
    private long paidUntil = Long.MIN_VALUE;

    private long seenIos = -1;
    private long busyUntil = Long.MIN_VALUE;
    private long restUntil = Long.MIN_VALUE;

    private long rangeBegan;
    /** Of the present range: how long the reactor itself was at work; meaningless if there was I/O. */
    private long inPlaceNanos;

    private boolean byIo;
    private long inPlaceEnded = Long.MIN_VALUE;
    /** How long others have the reactor between two pieces of work in place, and what a byte of such work takes. */
    private double turnNanos;

    private double byteNanos;

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

    /** A range begins. */
    void begin(long now) {
        rangeBegan = now;
        inPlaceNanos = 0;
        byIo = false;
        inPlaceEnded = Long.MIN_VALUE;
    }

    /** Notes that some of the range is done by I/O: all the time that it takes is work then. */
    void worksByIo() {
        byIo = true;
    }

    /** Notes work in the members' own memory, in one go. */
    void workedInPlace(long bytes, long began, long ended) {
        inPlaceNanos += ended - began;
        byteNanos = smooth(byteNanos, (double) (ended - began) / bytes);
        if (inPlaceEnded != Long.MIN_VALUE) {
            turnNanos = smooth(turnNanos, (double) (began - inPlaceEnded));
        }
        inPlaceEnded = ended;
    }

    private static double smooth(double mean, double measured) {
        return mean == 0 ? measured : mean + (measured - mean) / SMOOTHING;
    }

    /** Returns how much may be worked on in the members' own memory in one turn while others do I/O: little longer does their turn become. */
    int bytesInATurn() {
        double share = byteNanos == 0 ? 0 : turnNanos / REST_PER_WORK / byteNanos;
        return (int) Math.max(LEAST_IN_A_TURN, Math.min(Integer.MAX_VALUE, share));
    }

    /** The range is over. */
    void end(long bytes, long now) {
        if (bytesPerSecond > 0) {
            // nothing is saved up while nothing is done
            long from = Math.max(paidUntil, rangeBegan);
            paidUntil = from + (long) ((double) bytes * SECOND / bytesPerSecond);
        }
        long took = now - rangeBegan;
        long work = byIo || inPlaceNanos == 0 ? took : inPlaceNanos;
        long rest = Math.min(LONGEST_REST_NANOS, work * (1 + REST_PER_WORK) - took);
        restUntil = isShared(now) && rest > 0 ? now + rest : Long.MIN_VALUE;
    }

    /** Returns when the next work may begin; in the past: now. */
    long next() {
        return Math.max(bytesPerSecond > 0 ? paidUntil : Long.MIN_VALUE, restUntil);
    }
}
