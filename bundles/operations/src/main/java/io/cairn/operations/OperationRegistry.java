package io.cairn.operations;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** The operations that are offered now. From any thread. */
@ProviderType
public interface OperationRegistry {
    /**
     * Offers operations together with the state that their calls make, and takes them back when the registration is closed.
     * App thread.
     *
     * <p>If the source has stored configuration, it is replayed at once: entry by entry, in order, each after the one before
     * has been answered. Calls by others to these operations wait until the replay is over.
     *
     * @param operations names must be free
     * @param source whose configuration is saved after each of these operations that changes it
     * @throws IllegalStateException if a name is taken
     */
    Registration offer(List<Operation<?, ?>> operations, ConfigSource source);

    /** Returns the operation of a name. */
    Optional<Operation<?, ?>> find(String name);

    /** Returns all operations, the most recently offered first. */
    List<Operation<?, ?>> all();

    /**
     * Returns whether the startup state lasts ({@code CAIRN_WAIT_FOR_RPC}): nothing is replayed before it ends, so nobody may wait
     * for a replay on a thread that is needed to end it. From any thread. Default: it does not.
     */
    default boolean isStartup() {
        return false;
    }

    /**
     * Returns the entries of the stored configuration that are kept and not in force: those that failed when they were replayed, and
     * those of operations that nobody offers. App thread. Default: none.
     */
    default List<PendingEntry> pendingConfiguration() {
        return List.of();
    }

    /**
     * Gets told when operations have come or gone, for faces that follow them. From any thread.
     *
     * @param changed runs on the app thread: once soon, for what is here by then, and then after every change; must not block. What
     *     it throws is logged and keeps nobody else from being told
     */
    Watch watch(Runnable changed);

    /** Ends a watch. From any thread; twice is harmless. On the app thread it ends at once, from elsewhere it may be told once more. */
    @FunctionalInterface
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /** Takes operations back; their stored configuration stays. App thread; twice is harmless. */
    interface Registration extends AutoCloseable {
        /** Completes when the stored configuration of the source has been replayed (each entry succeeded or was reported). */
        CompletionStage<Void> replayed();

        @Override
        void close();
    }
}
