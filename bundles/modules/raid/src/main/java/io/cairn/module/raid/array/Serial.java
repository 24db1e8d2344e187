package io.cairn.module.raid.array;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Does one thing after another, each when the one before is over: what changes an array has the array to itself. App thread. */
final class Serial {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private final Runnable afterEach;
    private boolean busy;
    private boolean looping;

    /**
     * Makes one with nothing under way.
     *
     * @param afterEach done after each thing, before its outcome is told
     */
    Serial(Runnable afterEach) {
        this.afterEach = afterEach;
    }

    /**
     * Does something when everything before it is over; at once if nothing is under way.
     *
     * @return its outcome, told before the next one begins
     */
    <T> CompletionStage<T> run(Supplier<? extends CompletionStage<T>> work) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        waiting.add(() -> begin(work, outcome));
        next();
        return outcome;
    }

    /** Returns whether something is under way. */
    boolean isBusy() {
        return busy;
    }

    private <T> void begin(Supplier<? extends CompletionStage<T>> work, CompletableFuture<T> outcome) {
        CompletionStage<T> stage;
        try {
            stage = work.get();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            stage = CompletableFuture.failedStage(e);
        }
        stage.whenComplete((value, failure) -> {
            try {
                afterEach.run();
            } finally {
                if (failure == null) {
                    outcome.complete(value);
                } else {
                    outcome.completeExceptionally(failure);
                }
                busy = false;
                next();
            }
        });
    }

    /** Begins what waits, in a loop: many pieces of work that end at once would be as many calls inside each other. */
    private void next() {
        if (looping) {
            return;
        }
        looping = true;
        try {
            while (!busy && !waiting.isEmpty()) {
                busy = true;
                waiting.remove().run();
            }
        } finally {
            looping = false;
        }
    }
}
