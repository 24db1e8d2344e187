package io.cairn.bdev.testkit;

import java.util.stream.LongStream;

/**
 * The seeds that simulation tests run with: {@code -Dcairn.seed=N} is that one alone (a replay), {@code -Dcairn.seeds=K} is
 * K of them (a campaign), from {@code -Dcairn.seeds.from=F} (1 by default) on; else as many as the test thinks fit for every build.
 */
public final class Seeds {
    private Seeds() {}

    /** Returns the seeds to run. */
    public static LongStream of(int byDefault) {
        Long one = Long.getLong("cairn.seed");
        if (one != null) {
            return LongStream.of(one);
        }
        long from = Long.getLong("cairn.seeds.from", 1);
        return LongStream.range(from, from + Integer.getInteger("cairn.seeds", byDefault));
    }

    /** Returns whether one seed is being replayed. */
    public static boolean replaying() {
        return Long.getLong("cairn.seed") != null;
    }
}
