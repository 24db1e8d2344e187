package io.cairn.bdev;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An open handle to a bdev. It belongs to the reactor that opened it: its events arrive there, and closing from
 * elsewhere hops there by itself.
 */
@ProviderType
public interface BdevDescriptor extends AutoCloseable {
    /** Returns what was opened. */
    Bdev bdev();

    /** Returns whether this descriptor may write now: opened so, or promoted by its claim. */
    boolean writable();

    /** Returns who opened it, for messages about who holds a bdev. */
    String holder();

    /**
     * Opens this descriptor's channel on the caller's reactor, or returns the one that is open there with one more
     * reference. To be called on a reactor; does not block.
     *
     * @throws BdevException ENODEV if the bdev is being removed or the descriptor is closed; what the module threw
     */
    BdevChannel openChannel();

    /**
     * Claims the bdev for this descriptor (a v2 kind). App thread. A kind that writes makes a reading descriptor
     * writable. The claim ends with the descriptor.
     *
     * @param type a v2 kind
     * @param module the name of the module that claims
     * @param name what it is for, for people
     * @param sharedKey not 0 for {@link ClaimType#READ_MANY_WRITE_SHARED}, 0 for the others
     * @throws BdevException EPERM naming holder, kind and claim; EBUSY while another module examines; EINVAL for a kind that cannot be had this way
     */
    void claim(ClaimType type, String module, String name, long sharedKey);

    /**
     * Sets how long this descriptor's I/O may take before the listener is told. Checked several times per time-out.
     *
     * @param timeout zero: never
     * @param listener told once per I/O and channel, on the channel's reactor
     */
    void setTimeout(Duration timeout, IoTimeoutListener listener);

    /** Closes the descriptor, with its claims. Every channel must have been closed. From any thread; closing twice is harmless. */
    @Override
    void close();
}
