package io.cairn.bdev.testkit;

import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Reactors;
import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** A simulation, which goes on when it is told to. */
final class SimulatedDrive implements Drive {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    /** A module that polls for what never comes must not keep a test going for ever. */
    private static final int MOST_TURNS = 3_000_000;

    private static final Duration SOON = Duration.ofMillis(20);

    private final SimulatedReactors reactors;
    private final OperationCenter operations;

    SimulatedDrive(long seed, int count) {
        reactors = new SimulatedReactors(count, seed);
        operations = new OperationCenter(reactors, ConfigStore.inMemory());
    }

    @Override
    public Reactors reactors() {
        return reactors;
    }

    @Override
    public OperationCenter operations() {
        return operations;
    }

    @Override
    public boolean isSimulated() {
        return true;
    }

    @Override
    public void runUntil(BooleanSupplier condition) {
        int[] turns = {0};
        reactors.runUntil(
                () -> {
                    if (++turns[0] > MOST_TURNS) {
                        throw new AssertionError("it did not come true in " + MOST_TURNS + " turns");
                    }
                    return condition.getAsBoolean();
                },
                LIMIT);
    }

    @Override
    public void settle() {
        reactors.advance(SOON);
    }

    @Override
    public void step(int steps) {
        int[] left = {steps};
        try {
            reactors.runUntil(() -> left[0]-- <= 0, SOON);
        } catch (AssertionError nothingLeft) {
            // fewer steps than asked for were left to take
            left[0] = 0;
        }
    }

    @Override
    public String toString() {
        return "replay with -Dcairn.seed=" + reactors.seed();
    }

    @Override
    public void close() {}
}
