package io.cairn.module.raid.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The header of a journal slot as bytes; one unit is reserved for it, the strip follows. Little-endian; the checksum is the ordinary CRC-32C over
 * the record with the field zeroed. The version is that of the extension. Any thread.
 *
 * <table>
 * <caption>Layout</caption>
 * <tr><th>offset</th><th>size</th><th>field</th></tr>
 * <tr><td>0</td><td>8</td><td>{@code CAIRNJRN}</td></tr>
 * <tr><td>8</td><td>4</td><td>length of the record: 128</td></tr>
 * <tr><td>12</td><td>4</td><td>CRC</td></tr>
 * <tr><td>16</td><td>16</td><td>UUID of the array</td></tr>
 * <tr><td>32</td><td>8</td><td>sequence number of the superblock</td></tr>
 * <tr><td>40</td><td>8</td><td>sequence number of the entry</td></tr>
 * <tr><td>48</td><td>8</td><td>the oldest one that is open</td></tr>
 * <tr><td>56</td><td>8</td><td>stripe</td></tr>
 * <tr><td>64</td><td>4</td><td>slot of the strip</td></tr>
 * <tr><td>68</td><td>4</td><td>bytes of the strip</td></tr>
 * <tr><td>72</td><td>4</td><td>CRC-32C of the strip</td></tr>
 * <tr><td>76</td><td>52</td><td>0</td></tr>
 * </table>
 */
public final class JournalEntryCodec {
    /** Bytes of the record; the rest of its unit is zero. */
    public static final int BYTES = 128;

    private static final byte[] SIGNATURE = "CAIRNJRN".getBytes(StandardCharsets.US_ASCII);

    private static final int LENGTH_AT = 8;
    private static final int CRC_AT = 12;
    private static final int ARRAY_AT = 16;
    private static final int SUPERBLOCK_AT = 32;
    private static final int SEQUENCE_AT = 40;
    private static final int OLDEST_AT = 48;
    private static final int STRIPE_AT = 56;
    private static final int SLOT_AT = 64;
    private static final int DATA_BYTES_AT = 68;
    private static final int DATA_CRC_AT = 72;

    private JournalEntryCodec() {}

    /** Encodes a header into {@value #BYTES} bytes. */
    public static byte[] encode(JournalEntry entry) {
        byte[] record = new byte[BYTES];
        ByteBuffer out = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, SIGNATURE);
        out.putInt(LENGTH_AT, BYTES);
        Uuids.put(out, ARRAY_AT, entry.arrayUuid());
        out.putLong(SUPERBLOCK_AT, entry.superblockSequence());
        out.putLong(SEQUENCE_AT, entry.sequence());
        out.putLong(OLDEST_AT, entry.oldestOpen());
        out.putLong(STRIPE_AT, entry.stripe());
        out.putInt(SLOT_AT, entry.missingSlot());
        out.putInt(DATA_BYTES_AT, entry.dataBytes());
        out.putInt(DATA_CRC_AT, entry.dataCrc());
        out.putInt(CRC_AT, Checksum.withHole(record, BYTES, CRC_AT));
        return record;
    }

    /**
     * Decodes a header; empty if there is none of the array that is undamaged. Never throws for what the bytes are.
     *
     * @param unit the slot's first unit, or its first {@value #BYTES} bytes at least
     */
    public static Optional<JournalEntry> decode(byte[] unit, UUID arrayUuid) {
        if (unit.length < BYTES) {
            throw new IllegalArgumentException(unit.length + " bytes are less than the header of a journal slot");
        }
        ByteBuffer in = ByteBuffer.wrap(unit).order(ByteOrder.LITTLE_ENDIAN);
        if (!Arrays.equals(unit, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)
                || in.getInt(LENGTH_AT) != BYTES
                || in.getInt(CRC_AT) != Checksum.withHole(unit, BYTES, CRC_AT)
                || !Uuids.get(in, ARRAY_AT).equals(arrayUuid)) {
            return Optional.empty();
        }
        return Optional.of(new JournalEntry(
                arrayUuid,
                in.getLong(SUPERBLOCK_AT),
                in.getLong(SEQUENCE_AT),
                in.getLong(OLDEST_AT),
                in.getLong(STRIPE_AT),
                in.getInt(SLOT_AT),
                in.getInt(DATA_BYTES_AT),
                in.getInt(DATA_CRC_AT)));
    }

    /** Returns the checksum of a strip: what remains of the buffer, whose position is left alone. */
    public static int dataCrc(ByteBuffer strip) {
        CRC32C crc = new CRC32C();
        crc.update(strip.duplicate());
        return (int) crc.getValue();
    }
}
