package io.cairn.export.nbd.protocol;

/**
 * What a client is told of an export, and what its requests are checked against.
 *
 * @param name its canonical name, never empty
 * @param description for people
 * @param sizeBytes a multiple of the block size
 * @param flags transmission flags ({@code Nbd.HAS_FLAGS} and those after it), without {@code SEND_DF}, which depends on the session
 * @param blockSize the least unit of a request in bytes: a power of two, at most 65,536
 * @param writeUnit what writes and zeroes consist of, in bytes: a multiple of the block size
 * @param zeroesFast whether zeroes are written faster than data
 */
public record ExportInfo(
        String name, String description, long sizeBytes, int flags, int blockSize, long writeUnit, boolean zeroesFast) {
    /** The greatest minimum block size that the protocol text allows. */
    public static final int LARGEST_BLOCK = 1 << 16;

    private static final int COMMON_PAGE = 4096;
    private static final int COMMON_SECTOR = 512;

    /** Checks what the protocol text demands. */
    public ExportInfo {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an export has a name");
        }
        if (Integer.bitCount(blockSize) != 1 || blockSize < 1 || blockSize > LARGEST_BLOCK) {
            throw new IllegalArgumentException(
                    "export " + name + ": block size " + blockSize + " is not a power of two up to " + LARGEST_BLOCK);
        }
        if (writeUnit < blockSize || writeUnit % blockSize != 0) {
            throw new IllegalArgumentException(
                    "export " + name + ": a write unit of " + writeUnit + " bytes is not a number of blocks");
        }
        if (sizeBytes < 0 || sizeBytes % blockSize != 0) {
            throw new IllegalArgumentException("export " + name + ": size " + sizeBytes + " is not a number of blocks");
        }
    }

    /**
     * Returns the minimum block size that is advertised, in bytes: the write unit if the protocol can say it, so that clients read, change and write
     * whole units; else the block size. Reads of single blocks are served all the same.
     */
    public int minimumBlockSize() {
        return saysWriteUnit(LARGEST_BLOCK) ? (int) writeUnit : blockSize;
    }

    /** Returns the block size that is advertised as efficient, in bytes. */
    public int preferredBlockSize() {
        return Math.max(COMMON_PAGE, saysWriteUnit(Nbd.MAX_PAYLOAD) ? (int) writeUnit : blockSize);
    }

    private boolean saysWriteUnit(int largest) {
        return !has(Nbd.READ_ONLY)
                && writeUnit <= largest
                && Long.bitCount(writeUnit) == 1
                && sizeBytes % writeUnit == 0;
    }

    /** Returns whether a client that was told nothing of block sizes would be likely to send requests that are refused. */
    public boolean needsBlockSize() {
        return minimumBlockSize() > COMMON_SECTOR;
    }

    /** Returns whether a flag is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
