package io.cairn.bdev.testkit;

import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.Reactors;
import io.cairn.reactor.ThreadReactors;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Real threads, which go on by themselves. */
final class ThreadDrive implements Drive {
    /** Generous, because it only ends what would hang: nothing is measured. */
    private static final long LIMIT_SECONDS = 60;

    private static final long LOOK_EVERY_NANOS = 20_000;
    private static final int ROUNDS = 4;

    private final ThreadReactors reactors;
    private final OperationCenter operations;

    ThreadDrive(int count) {
        reactors = new ThreadReactors(ReactorOptions.defaults().withCount(count));
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
        return false;
    }

    @Override
    public void runUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("it did not happen within " + LIMIT_SECONDS + " s");
            }
            LockSupport.parkNanos(LOOK_EVERY_NANOS);
        }
    }

    /** Sends messages around: what is on its way through the reactors has arrived after some rounds. */
    @Override
    public void settle() {
        for (int i = 0; i < ROUNDS; i++) {
            CountDownLatch round = new CountDownLatch(reactors.all().size());
            for (Reactor reactor : reactors.all()) {
                reactor.execute(round::countDown);
            }
            runUntil(() -> round.getCount() == 0);
        }
    }

    @Override
    public void step(int steps) {}

    @Override
    public String toString() {
        return "on threads";
    }

    @Override
    public void close() {
        reactors.close();
    }
}
