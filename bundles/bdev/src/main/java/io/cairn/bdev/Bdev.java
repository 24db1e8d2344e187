package io.cairn.bdev;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A block device as everybody may see it. The object lives as long as the bdev's name is registered, across an upgrade
 * of its module. Getters may be called from any thread and tell a recent value; what belongs together at one moment is
 * read on the app thread.
 */
@ProviderType
public interface Bdev {
    /** Returns the name, unique among names, aliases and UUIDs. */
    String name();

    /** Returns the other names, the UUID in text form among them if it is not the name. */
    List<String> aliases();

    /** Returns the UUID. */
    UUID uuid();

    /** Returns what kind of device it is, for people ({@code Malloc disk}). */
    String productName();

    /** Returns the name of the module it belongs to. */
    String moduleName();

    /** Returns the block size in bytes. */
    int blockSize();

    /** Returns the size in blocks. Grows and shrinks with {@link BdevEvent#RESIZE}. */
    long numBlocks();

    /** Returns the limits and preferences that the module declared. */
    IoLimits limits();

    /** Returns whether data may be lost at a power cut until a FLUSH. */
    boolean hasWriteCache();

    /** Returns what can be submitted: what the module implements and what the core makes up for it. */
    Set<IoType> supportedTypes();

    /** Returns the claims: none, one of v1, or any number of one v2 kind. */
    List<Claim> claims();

    /** Returns where it is in its life. */
    BdevState state();

    /** Returns the names of the bdevs that it is built on now, in the module's order; empty for a physical bdev. From any thread. */
    List<String> baseNames();

    /** Returns the module's own description, SPDK's {@code driver_specific}: plain values, lists and maps in order. App thread. */
    Map<String, Object> driverSpecific();

    /** Returns the size in bytes. */
    default long sizeBytes() {
        return Math.multiplyExact(numBlocks(), blockSize());
    }
}
