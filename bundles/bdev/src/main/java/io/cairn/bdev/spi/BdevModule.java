package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A driver: makes bdevs, and builds bdevs on other bdevs. Every method is called on the app thread, one at a time, and
 * must not block; what throws is reported with the module's name and contained.
 *
 * <p>Order: {@link #init}; then {@link #operations} are offered and the stored configuration is replayed through them;
 * then every bdev that is eligible is examined, and so is every bdev that comes later: {@link #examineConfig}, then
 * {@link #examineDisk}; at last, when the module's own bdevs have been removed, {@link #fini}.
 */
@ConsumerType
public interface BdevModule {
    /** Returns the name: what {@code Provide-Capability} says too, unique, one per driver ({@code malloc}). */
    String name();

    /**
     * Prepares the module.
     *
     * @param host the core, until {@link #fini}
     */
    default void init(BdevHost host) {}

    /**
     * The module is being exchanged under running I/O, and this is its last moment: no I/O is out, its channels are closed, and right
     * after this its backends are destructed and it is ended. What the next module of this name needs in order to go on with the
     * same bdevs and cannot find elsewhere is given to it by this; what was given is not this module's any more and must survive
     * {@link BdevBackend#destruct}. Default: nothing.
     *
     * @return values of the JDK's types and {@code IoBuffer}s, in maps, collections and arrays as deep as needed; anything else
     *     would not outlive the module, and ends the upgrade as a removal
     */
    default Map<String, Object> handOver() {
        return Map.of();
    }

    /** Gives up what {@link #init} took. Its bdevs are gone already. Default: nothing to do. */
    default CompletionStage<Void> fini() {
        return CompletableFuture.completedFuture(null);
    }

    /** Returns the module's operations, offered from after {@link #init} until the module leaves. Default: none. */
    default List<Operation<?, ?>> operations() {
        return List.of();
    }

    /**
     * Returns what would make the module's present state again, in order: an operation and its parameters each, UUIDs
     * included, also for what waits for its base. Not what is found on disk by examine. Default: nothing.
     */
    default List<ConfigEntry> configuration() {
        return List.of();
    }

    /**
     * First phase of examine: decides from configuration alone whether this bdev is wanted, and may claim and build on it at
     * once. No I/O. It is over when this returns. Default: not interested.
     */
    default void examineConfig(Bdev bdev) {}

    /**
     * A bdev is there that is not examined, because automatic examine is off and its name is not on the list. What stood on it
     * before, or is to stand on it by the stored configuration, is built again; nothing else is. No I/O. Default: nothing to do.
     */
    default void restore(Bdev bdev) {}

    /** Returns whether {@link #examineDisk} does anything. Default: no. */
    default boolean examinesDisk() {
        return false;
    }

    /**
     * Returns the place among modules that examine one unclaimed disk: lower is earlier, equal ones by name. They examine one
     * after another, so that the second sees the first one's claim. Default: 100.
     */
    default int examinePriority() {
        return 100;
    }

    /**
     * Second phase of examine: may open the bdev and read what is on it. Ends by {@link Examination#done} exactly once, at once
     * or later, from any thread.
     */
    default void examineDisk(Bdev bdev, Examination examination) {
        examination.done();
    }
}
