package io.cairn.bdev.spi;

import io.cairn.reactor.Reactor;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/** What a module puts behind a bdev. */
@ConsumerType
public interface BdevBackend {
    /**
     * Makes the bdev's channel of a reactor, on that reactor's thread. Shared by all descriptors there. Must not block.
     *
     * @throws io.cairn.bdev.BdevException goes to the one who opened the channel; nothing may be left behind
     */
    BackendChannel openChannel(Reactor reactor);

    /**
     * Makes a module's context object for one I/O object: called when a pool is built, not per I/O. Default: none.
     *
     * @return the object that {@code BdevIo.context()} gives, or null
     */
    default Object newIoContext() {
        return null;
    }

    /**
     * Takes the backend down: the bdev's name is free when the stage completes. Called once, on the app thread, after the last
     * channel is closed. Default: nothing to do.
     */
    default CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }

    /** Returns SPDK's {@code driver_specific}: plain values, lists and maps in order. App thread. Default: empty. */
    default Map<String, Object> driverSpecific() {
        return Map.of();
    }
}
