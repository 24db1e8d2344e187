package io.cairn.shell.perf;

/**
 * Where the next I/O goes within a job's share of a bdev: one after the other, or anywhere. Also the job's dice. Costs some
 * instructions, no division and no memory.
 */
final class Positions {
    /** Where the dice begin if they are told to begin with 0, from which they would never come away. */
    private static final long NOT_ZERO = 0x2545F4914F6CDD1DL;

    private final long first;
    private final long count;
    private final boolean random;
    private long state;
    private long next;

    /**
     * Makes the share.
     *
     * @param first the first position
     * @param count the number of positions, 1 to 2^61
     * @param seed where the dice begin
     */
    Positions(long first, long count, boolean random, long seed) {
        this.first = first;
        this.count = count;
        this.random = random;
        this.state = seed == 0 ? NOT_ZERO : seed;
    }

    long first() {
        return first;
    }

    long count() {
        return count;
    }

    /** Returns the position of the next I/O. */
    long next() {
        if (random) {
            return first + below(count);
        }
        long position = next;
        next = position + 1 == count ? 0 : position + 1;
        return first + position;
    }

    /** Throws a number from 0 to a bound less 1. Marsaglia's xorshift; its high bits are the ones that are used. */
    long below(long bound) {
        long x = state;
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        state = x;
        // the high half of a 63 bit number times twice the bound: cheaper than a remainder
        return Math.multiplyHigh(x >>> 1, bound << 1);
    }
}
