package io.cairn.reactor;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.osgi.annotation.versioning.ProviderType;

/** The reactors of a process (or of a simulation). Callable from any thread. */
@ProviderType
public interface Reactors {
    /** Returns all reactors by index; the list never changes. */
    List<Reactor> all();

    /** Returns reactor 0, the app thread: all control-plane state is touched there only. */
    default Reactor app() {
        return all().get(0);
    }

    /** Returns the reactor whose thread is the caller's, if it is one's. */
    Optional<Reactor> current();

    /** Returns the reactor that the next piece of independent work (a connection, say) should live on: round robin. */
    Reactor next();

    /**
     * Returns threads for work that may block (opening files, name look-ups, key derivation). Bounded; its work posts
     * its result back to a reactor. In a simulation it runs as a message of the simulation.
     */
    Executor blocking();

    /**
     * Runs an action on the app thread and tells its outcome. From the app thread itself it runs at once.
     *
     * @param action must not block
     * @return completes on the app thread, with the action's exception if it throws one
     */
    default <T> CompletionStage<T> onApp(Supplier<? extends CompletionStage<T>> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable run = () -> {
            try {
                action.get().whenComplete((value, failure) -> {
                    if (failure == null) {
                        result.complete(value);
                    } else {
                        result.completeExceptionally(failure);
                    }
                });
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        };
        if (app().isCurrent()) {
            run.run();
        } else {
            app().execute(run);
        }
        return result;
    }
}
