package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/** What stages need again and again. */
final class Stages {
    private Stages() {}

    /** Returns a stage that is over. */
    static CompletionStage<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    /** Returns what a stage failed with, without its wrapping. */
    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** Returns a failure as something to throw. */
    static RuntimeException unchecked(Throwable failure) {
        Throwable cause = cause(failure);
        return cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause);
    }

    /** Throws unless an I/O went well. */
    static void require(IoStatus status, Supplier<? extends RuntimeException> refusal) {
        if (!status.isSuccess()) {
            throw refusal.get();
        }
    }

    /** Returns a stage that ends as another one does, when something has been done after that, however it ended. */
    static CompletionStage<Void> anyway(CompletionStage<Void> stage, Supplier<? extends CompletionStage<Void>> last) {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        stage.whenComplete((value, failure) -> last.get().whenComplete((done, ignored) -> {
            if (failure == null) {
                outcome.complete(null);
            } else {
                outcome.completeExceptionally(cause(failure));
            }
        }));
        return outcome;
    }

    /** Returns a stage that fails as another one does, when something has been put right after that. */
    static <T> CompletionStage<T> recover(
            CompletionStage<T> stage, Function<Throwable, ? extends CompletionStage<Void>> putRight) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                outcome.complete(value);
            } else {
                putRight.apply(failure).whenComplete((done, ignored) -> outcome.completeExceptionally(cause(failure)));
            }
        });
        return outcome;
    }
}
