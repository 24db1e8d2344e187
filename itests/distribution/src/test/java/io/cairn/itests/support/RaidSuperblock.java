package io.cairn.itests.support;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The superblock of an array in a disk's file, to be changed behind the server's back: the offsets and the checksum are those of
 * {@code reference/spdk-ondisk.md}, part A.
 */
public final class RaidSuperblock {
    private static final int MAJOR_AT = 8;
    private static final int LENGTH_AT = 12;
    private static final int CRC_AT = 16;
    private static final int SEQUENCE_AT = 128;
    private static final int FIRST_SLOT_AT = 256 + 40;

    private final byte[] disk;
    private final ByteBuffer bytes;

    private RaidSuperblock(byte[] disk) {
        this.disk = disk;
        this.bytes = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The one of a disk; the file is not changed. */
    public static RaidSuperblock of(Path file) throws IOException {
        return new RaidSuperblock(Files.readAllBytes(file));
    }

    /** Says that it is of a major version. */
    public RaidSuperblock version(int major) {
        bytes.putShort(MAJOR_AT, (short) major);
        return sealed();
    }

    /** Says that the member described first has a slot. */
    public RaidSuperblock firstSlot(int slot) {
        bytes.put(FIRST_SLOT_AT, (byte) slot);
        return sealed();
    }

    /** Says that it has been written so many times more. */
    public RaidSuperblock newer(int by) {
        bytes.putLong(SEQUENCE_AT, bytes.getLong(SEQUENCE_AT) + by);
        return sealed();
    }

    /** Has a checksum that is wrong. */
    public RaidSuperblock damaged() {
        bytes.put(CRC_AT, (byte) ~bytes.get(CRC_AT));
        return this;
    }

    /** All of the disk with it. */
    public byte[] disk() {
        return disk;
    }

    /** The checksum begins with 0 and is not inverted; the JDK's begins with ones and is. */
    private RaidSuperblock sealed() {
        bytes.putInt(CRC_AT, 0);
        CRC32C crc = new CRC32C();
        crc.update(new byte[] {-1, -1, -1, -1});
        crc.update(disk, 0, bytes.getInt(LENGTH_AT));
        bytes.putInt(CRC_AT, ~(int) crc.getValue());
        return this;
    }
}
