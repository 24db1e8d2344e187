package io.cairn.bdev.spi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * UUIDs that SPDK derives for bdevs built on others: RFC 4122 version 5 (SHA-1) of a name space and the base's identity, so that a
 * virtual bdev has the same UUID after every start.
 */
public final class DerivedUuid {
    private static final UUID PARTITIONS = UUID.fromString("976b899e-3e1e-4d71-ab69-c2b08e9df8b8");

    private DerivedUuid() {}

    /** Derives from the base's UUID alone, in a module's own name space (one-to-one modules). */
    public static UUID of(UUID namespace, UUID base) {
        return version5(namespace, bytes(base));
    }

    /**
     * Derives from the base's UUID and a range of it (partition modules: split, gpt, error). A range that follows the base's size has to be
     * remembered, or the UUID changes when the base grows: see {@link FirstSize}.
     */
    public static UUID ofPart(UUID base, long offsetBlocks, long numBlocks) {
        ByteBuffer name = ByteBuffer.allocate(32).put(bytes(base));
        name.order(ByteOrder.LITTLE_ENDIAN).putLong(offsetBlocks).putLong(numBlocks);
        return version5(PARTITIONS, name.array());
    }

    private static UUID version5(UUID namespace, byte[] name) {
        MessageDigest sha1;
        try {
            sha1 = MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
        sha1.update(bytes(namespace));
        ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name));
        long high = (hash.getLong() & ~0xf000L) | 0x5000L;
        long low = (hash.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    private static byte[] bytes(UUID uuid) {
        return ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }
}
