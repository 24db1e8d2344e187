package io.cairn.bdev.spi;

import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
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
     * Gives the memory in which blocks are, for {@code BdevChannel.directAccess}: the caller reads or fills it before it returns to its reactor's loop, and the
     * memory must stay what it is so long. So memory that is taken away from its place is used for something else only after every reactor has run a message
     * that was sent afterwards. The core gives what it was given only while no reset, removal or upgrade is under way, and no channel is closed while
     * somebody has such memory. On the channel's reactor; must not block and allocates nothing. Default: no.
     *
     * @param channel this backend's channel of the reactor
     * @param type READ, or WRITE
     * @param pieces empty; is given the pieces in order
     * @return false: not these blocks, or not now; what was put into {@code pieces} is ignored
     */
    default boolean directAccess(
            BackendChannel channel, IoType type, long offsetBlocks, long numBlocks, IoVector pieces) {
        return false;
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
