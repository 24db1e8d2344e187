package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.OpenMode;

/**
 * A virtual module's hold on one base: the descriptor and the claim, taken in this order and given back in reverse.
 * Taking is all or nothing. App thread, except {@link #openChannel}.
 */
public final class BaseLink {
    private final BdevDescriptor descriptor;
    private final Runnable releaseClaim;
    private boolean closed;

    private BaseLink(BdevDescriptor descriptor, Runnable releaseClaim) {
        this.descriptor = descriptor;
        this.releaseClaim = releaseClaim;
    }

    /**
     * Opens a base and claims it for the host's module alone (v1), to read and write.
     *
     * @param baseName name, alias or UUID
     * @param holder who holds it, for messages: usually the name of the bdev that is built on it
     * @param listener told of the base's removal and resizing; must see to it that this link is closed after a removal
     * @throws io.cairn.bdev.BdevException ENODEV there is no such bdev; EPERM a claim stands against it (whose)
     */
    public static BaseLink exclusive(BdevHost host, String baseName, String holder, BdevEventListener listener) {
        // opened to read, because the claim promotes: so a refusal always comes from the claim, which knows the holder
        BdevDescriptor descriptor = host.open(baseName, OpenMode.READ, holder, listener);
        try {
            host.claimExclusive(descriptor, holder);
        } catch (RuntimeException e) {
            descriptor.close();
            throw e;
        }
        Bdev base = descriptor.bdev();
        return new BaseLink(descriptor, () -> host.releaseExclusive(base));
    }

    /**
     * Opens a base and claims it with a v2 kind, which may let others in as well.
     *
     * @param type a v2 kind
     * @param module the name of the module that claims
     * @param sharedKey not 0 for {@link ClaimType#READ_MANY_WRITE_SHARED}, 0 for the others
     * @throws io.cairn.bdev.BdevException ENODEV there is no such bdev; EBUSY or EPERM a claim or a writer stands against it
     */
    public static BaseLink shared(
            BdevHost host,
            String baseName,
            String holder,
            BdevEventListener listener,
            ClaimType type,
            String module,
            long sharedKey) {
        BdevDescriptor descriptor = host.open(baseName, OpenMode.READ, holder, listener);
        try {
            descriptor.claim(type, module, holder, sharedKey);
        } catch (RuntimeException e) {
            descriptor.close();
            throw e;
        }
        // a v2 claim ends with its descriptor
        return new BaseLink(descriptor, () -> {});
    }

    /** Returns the base. */
    public Bdev base() {
        return descriptor.bdev();
    }

    /**
     * Opens the base's channel of the caller's reactor.
     *
     * @throws io.cairn.bdev.BdevException ENODEV the base is being removed
     */
    public BdevChannel openChannel() {
        return descriptor.openChannel();
    }

    /** Releases the claim, then closes the descriptor. Every channel must have been closed; twice is harmless. */
    public void close() {
        if (!closed) {
            closed = true;
            try {
                releaseClaim.run();
            } finally {
                descriptor.close();
            }
        }
    }
}
