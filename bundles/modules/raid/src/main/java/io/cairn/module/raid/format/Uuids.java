package io.cairn.module.raid.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** UUIDs as 16 bytes in the order of RFC 4122, which is that of the text. */
final class Uuids {
    private Uuids() {}

    static void put(ByteBuffer littleEndian, int at, UUID uuid) {
        littleEndian.putLong(at, Long.reverseBytes(uuid.getMostSignificantBits()));
        littleEndian.putLong(at + Long.BYTES, Long.reverseBytes(uuid.getLeastSignificantBits()));
        assert littleEndian.order() == ByteOrder.LITTLE_ENDIAN;
    }

    static UUID get(ByteBuffer littleEndian, int at) {
        assert littleEndian.order() == ByteOrder.LITTLE_ENDIAN;
        return new UUID(
                Long.reverseBytes(littleEndian.getLong(at)), Long.reverseBytes(littleEndian.getLong(at + Long.BYTES)));
    }
}
