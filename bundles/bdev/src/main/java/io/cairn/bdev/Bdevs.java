package io.cairn.bdev;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/** The bdev layer for those who do I/O: finding and opening bdevs. Callable from any thread; stages complete on the app thread. */
@ProviderType
public interface Bdevs {
    /** Finds a bdev by name, alias or UUID. */
    CompletionStage<Optional<Bdev>> find(String name);

    /** Returns all bdevs in the order of their registration. */
    CompletionStage<List<Bdev>> list();

    /**
     * Opens a bdev. The descriptor belongs to the reactor that calls, and to the app thread if none does.
     *
     * @param holder who opens, for messages about who holds the bdev ("nbd export vol0")
     * @return fails with {@link BdevException}: ENODEV no such bdev; EPERM/EBUSY a claim forbids writing, with its holder
     */
    CompletionStage<BdevDescriptor> open(String name, OpenMode mode, String holder, BdevEventListener listener);

    /** Completes when no examine is under way; fails with ETIMEDOUT naming the modules and bdevs that are pending. */
    CompletionStage<Void> waitForExamine(Duration timeout);

    /**
     * Gets told of bdevs that come and go, on the app thread; of those that are here already first, from inside this
     * call's message.
     */
    CompletionStage<Watch> watch(BdevWatcher watcher);

    /**
     * Gets told of what happens from now on, in order, on the app thread.
     *
     * @param listener must not block; what it throws is logged and keeps nobody else from being told
     */
    CompletionStage<Watch> watchNotifications(Consumer<Notification> listener);

    /** Ends a watch. */
    @FunctionalInterface
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /** Told of bdevs that come and go, on the app thread. Must not block. */
    interface BdevWatcher {
        /** A bdev is ready: registered, and its first wave of examine is over. */
        void ready(Bdev bdev);

        /** A bdev's name is free again. */
        void gone(Bdev bdev);
    }
}
