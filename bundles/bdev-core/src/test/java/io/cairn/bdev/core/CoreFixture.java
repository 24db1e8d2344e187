package io.cairn.bdev.core;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** A core in a simulation, with what tests do again and again. */
final class CoreFixture {
    final SimulatedReactors reactors;
    final BdevCore core;
    final List<BdevEvent> events = new ArrayList<>();

    CoreFixture(long seed) {
        this(seed, CoreOptions.DEFAULTS);
    }

    CoreFixture(long seed, CoreOptions options) {
        this(seed, options, new NoOperations(), ModuleBundles.NONE);
    }

    CoreFixture(long seed, CoreOptions options, OperationRegistry registry, ModuleBundles bundles) {
        reactors = new SimulatedReactors(3, seed);
        core = new BdevCore(reactors, registry, options, bundles);
        reactors.runUntilIdle();
    }

    TestModule module(String name) {
        return add(new TestModule(name));
    }

    TestModule add(TestModule module) {
        await(core.add(module));
        return module;
    }

    /** Runs the simulation until a stage is complete. */
    <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        reactors.runUntil(future::isDone, Duration.ofMinutes(5));
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    BdevDescriptor open(String name, OpenMode mode) {
        return await(core.open(name, mode, "test", (event, descriptor) -> events.add(event)));
    }

    /** Remembers how I/Os ended, in order. */
    static final class Outcomes implements IoCompletion {
        final List<IoStatus> all = new ArrayList<>();

        @Override
        public void onComplete(BdevIo io) {
            all.add(io.status());
        }
    }

    /** A registry that keeps nothing. */
    private static final class NoOperations implements OperationRegistry {
        @Override
        public Registration offer(List<Operation<?, ?>> operations, ConfigSource source) {
            return new Registration() {
                @Override
                public CompletionStage<Void> replayed() {
                    return CompletableFuture.completedFuture(null);
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Optional<Operation<?, ?>> find(String name) {
            return Optional.empty();
        }

        @Override
        public List<Operation<?, ?>> all() {
            return List.of();
        }

        @Override
        public Watch watch(Runnable changed) {
            return () -> {};
        }
    }
}
