package io.cairn.module.raid.format;

import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli) of records that hold their own checksum: those four bytes count as zero. */
final class Checksum {
    private static final byte[] HOLE = new byte[Integer.BYTES];
    private static final byte[] ONES = {-1, -1, -1, -1};

    private Checksum() {}

    /** The raw CRC of SPDK's superblock: begins with 0 and is not inverted at the end. */
    static int rawWithHole(byte[] record, int length, int hole) {
        CRC32C crc = new CRC32C();
        // four bytes of ones bring the JDK's state, which begins with all ones, to 0
        crc.update(ONES, 0, ONES.length);
        update(crc, record, length, hole);
        return ~(int) crc.getValue();
    }

    /** The ordinary CRC, of our own records. */
    static int withHole(byte[] record, int length, int hole) {
        CRC32C crc = new CRC32C();
        update(crc, record, length, hole);
        return (int) crc.getValue();
    }

    private static void update(CRC32C crc, byte[] record, int length, int hole) {
        crc.update(record, 0, hole);
        crc.update(HOLE, 0, HOLE.length);
        crc.update(record, hole + HOLE.length, length - hole - HOLE.length);
    }
}
