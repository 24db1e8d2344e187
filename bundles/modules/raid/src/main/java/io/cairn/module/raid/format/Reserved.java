package io.cairn.module.raid.format;

import io.cairn.module.raid.level.RaidLevel;

/**
 * Where things are in the area in front of a member's data: the arithmetic of {@code docs/decisions/0012-raid.md}, "On disk". Offsets and
 * sizes in bytes from the member's first byte, all of them whole blocks.
 *
 * @param blockSize bytes of a block
 * @param stripBlocks the strip in blocks; 0 where nothing is journalled
 * @param dataOffset the block at which the member's data begins
 */
public record Reserved(int blockSize, long stripBlocks, long dataOffset) {
    /** The most regions that an array's rows are divided into. */
    public static final int MAX_REGIONS = 1 << 18;

    private static final long LEAST_DATA_OFFSET = 1 << 20;
    private static final long LEAST_REGION = 1 << 20;
    private static final int DRAFT_OFFSET = 32 << 10;
    private static final int RECORD_OFFSET = 64 << 10;
    private static final int LEAST_UNIT = 4096;
    private static final int EXTENSION_COPIES = 2;
    private static final int MAX_BITMAP_BYTES = MAX_REGIONS / Byte.SIZE;
    private static final int LEAST_JOURNAL_SLOTS = 4;

    /**
     * Returns the block at which the data of a new member is to begin: at least 1 MiB from the member's beginning, with room for four
     * journal slots on raid5f, rounded up to the boundary that the member prefers.
     *
     * @param stripBlocks the strip in blocks; 0 on raid1
     * @param optimalIoBoundary the member's preference in blocks; 0: none
     */
    public static long newDataOffset(RaidLevel level, int blockSize, long stripBlocks, long optimalIoBoundary) {
        long least = LEAST_DATA_OFFSET;
        if (level == RaidLevel.RAID5F) {
            Reserved unbounded = new Reserved(blockSize, stripBlocks, 0);
            least = Math.max(least, unbounded.journalOffset() + LEAST_JOURNAL_SLOTS * unbounded.journalSlotBytes());
        }
        long blocks = roundUp(least, blockSize) / blockSize;
        return optimalIoBoundary > 1 ? roundUp(blocks, optimalIoBoundary) : blocks;
    }

    /**
     * Returns how many rows a region has: a power of two, such that a region is at least 1 MiB of a member and there are at most
     * {@link #MAX_REGIONS}.
     *
     * @param rows what is divided
     */
    public static long regionRows(long rows, int blockSize) {
        long least = Math.max(roundUp(LEAST_REGION, blockSize) / blockSize, (rows + MAX_REGIONS - 1) / MAX_REGIONS);
        return least <= 1 ? 1 : Long.highestOneBit(least - 1) << 1;
    }

    /** Returns the unit in which the record is written: at least 4096 bytes, whole blocks. */
    public int unit() {
        return (int) roundUp(LEAST_UNIT, blockSize);
    }

    /**
     * Returns whether there is room for the extension and the intents. SPDK could have made an array whose data begins earlier; that one is run
     * like an array without a superblock, with its intents in memory only.
     */
    public boolean hasRoomForRecord() {
        return journalOffset() <= dataOffset * blockSize;
    }

    /** Returns where the draft of the superblock is, whatever the array is like: it is looked for where no superblock says so. */
    public static long draftOffset(int blockSize) {
        return roundUp(DRAFT_OFFSET, blockSize);
    }

    /** Returns how many bytes there are for the draft of a superblock: enough for each that is in several blocks. */
    public static int draftBytes(int blockSize) {
        return (int) roundUp(SuperblockDraft.MAX_BYTES, blockSize);
    }

    /** Returns where a copy of the extension is, 0 or 1; each has one unit. */
    public long extensionOffset(int copy) {
        return roundUp(RECORD_OFFSET, blockSize) + copy * (long) unit();
    }

    /** Returns where the intents are. */
    public long bitmapOffset() {
        return extensionOffset(EXTENSION_COPIES);
    }

    /** Returns how much room the intents have: whole units, the same whatever the array's size is. */
    public int bitmapBytes() {
        return (int) roundUp(MAX_BITMAP_BYTES, unit());
    }

    /** Returns where the first journal slot is. */
    public long journalOffset() {
        return bitmapOffset() + bitmapBytes();
    }

    /** Returns where a journal slot is: one unit of header, then the strip. */
    public long journalSlotOffset(int slot) {
        return journalOffset() + slot * journalSlotBytes();
    }

    /** Returns the bytes of a journal slot. */
    public long journalSlotBytes() {
        return unit() + roundUp(stripBlocks * blockSize, unit());
    }

    /** Returns how many journal slots there is room for; 0 without strips. */
    public int journalSlots() {
        long room = dataOffset * blockSize - journalOffset();
        return stripBlocks == 0 || room <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, room / journalSlotBytes());
    }

    private static long roundUp(long value, long multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}
