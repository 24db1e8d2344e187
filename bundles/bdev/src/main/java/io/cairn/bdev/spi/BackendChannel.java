package io.cairn.bdev.spi;

import io.cairn.bdev.BdevIo;
import org.osgi.annotation.versioning.ConsumerType;

/** A backend's state on one reactor. Everything on that reactor's thread. */
@ConsumerType
public abstract class BackendChannel {
    /**
     * Serves an I/O: does it, or starts it, and completes it exactly once, at best later (from a poller, an event, a
     * child's completion). Never blocks. Only types from the bdev's list arrive, within the bdev's size, aligned as the
     * limits say. What is thrown from here fails the I/O.
     */
    public abstract void submitRequest(BdevIo io);

    /**
     * An I/O that this channel was given should be given up: complete it with {@code IoStatus.ABORTED} if that can be done
     * soon. Only called if the bdev supports ABORT. Default: cannot.
     *
     * @return whether the I/O will end soon
     */
    public boolean abort(BdevIo victim) {
        return false;
    }

    /**
     * The bdev is being reset or removed: I/O that this channel merely keeps (to delay it, until something else happens, in
     * line for its base) is to end now, with {@code IoStatus.ABORTED} or as it would have ended. What a device or a base has ends
     * by itself. New I/O arrives only after a reset, and never after a removal. May be called more than once. Default: nothing is
     * kept.
     */
    public void endKept() {}

    /**
     * The module is to be exchanged while I/O waits in the core, and nothing new arrives until then: I/O that this channel merely
     * keeps is to leave it now, with nothing lost and nothing done twice. What has not been begun is given back with {@code
     * IoStatus.NOMEM}: the next module is given it, or this channel again, if the exchange is called off. What is done and only
     * not told yet is told. What a device or a base has ends by itself, or the exchange is called off. Default: nothing is kept.
     */
    public void giveBack() {}

    /** Ends the channel; no I/O is out. Closes the base's channel, its pollers. */
    public abstract void close();
}
