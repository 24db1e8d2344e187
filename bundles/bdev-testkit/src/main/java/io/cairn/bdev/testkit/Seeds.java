package io.cairn.bdev.testkit;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * The seeds that simulation tests run with: {@code -Dcairn.seed=N} is that one alone (a replay), {@code -Dcairn.seeds=K} is
 * K of them (a campaign), from {@code -Dcairn.seeds.from=F} (1 by default) on; else as many as the test thinks fit for every build.
 */
public final class Seeds {
    private static final Logger LOG = System.getLogger(Seeds.class.getName());

    /** A campaign that has failed so often has said enough. */
    private static final int MOST_FAILURES = 20;

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

    /**
     * Runs a simulation with every seed, also with those behind one that failed, and logs which seeds these were and, for each failure,
     * what happened, what had been done until then, and what runs it again.
     *
     * @param what the simulation's name in what is logged
     * @param byDefault how many seeds every build runs
     * @param make makes the simulation of a seed
     * @throws AssertionError some seeds failed; its cause is the first failure
     */
    public static void run(String what, int byDefault, LongFunction<? extends SeededSimulation> make) {
        List<AssertionError> failures = new ArrayList<>();
        LongSummaryStatistics done = new LongSummaryStatistics();
        of(byDefault).takeWhile(seed -> failures.size() < MOST_FAILURES).forEach(seed -> {
            done.accept(seed);
            try (SeededSimulation simulation = make.apply(seed)) {
                runOne(what, seed, simulation);
            } catch (AssertionError failure) {
                failures.add(failure);
                LOG.log(Level.WARNING, "failed: {0}", failure.getMessage());
            }
        });
        LOG.log(
                Level.INFO,
                () -> what + ": seeds " + done.getMin() + " to " + done.getMax() + ", " + failures.size() + " failed");
        if (!failures.isEmpty()) {
            throw new AssertionError(
                    failures.size() + " of " + done.getCount() + " seeds failed, the first: "
                            + failures.get(0).getMessage(),
                    failures.get(0));
        }
    }

    private static void runOne(String what, long seed, SeededSimulation simulation) {
        try {
            simulation.run();
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError(
                    failure.getMessage() + " [" + what + ", after " + simulation.history()
                            + ", replay with -Dcairn.seed=" + seed + "]",
                    failure);
        }
    }
}
