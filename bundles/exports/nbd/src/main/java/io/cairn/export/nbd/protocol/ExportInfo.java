package io.cairn.export.nbd.protocol;

/**
 * What a client is told of an export.
 *
 * @param name its canonical name, never empty
 * @param description for people
 * @param sizeBytes a multiple of the block size
 * @param flags transmission flags ({@code Nbd.HAS_FLAGS} and those after it), without {@code SEND_DF}, which depends on the session
 * @param blockSize the least unit of a request in bytes: a power of two, at most 65,536
 * @param zeroesFast whether zeroes are written faster than data
 */
public record ExportInfo(
        String name, String description, long sizeBytes, int flags, int blockSize, boolean zeroesFast) {
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
        if (sizeBytes < 0 || sizeBytes % blockSize != 0) {
            throw new IllegalArgumentException("export " + name + ": size " + sizeBytes + " is not a number of blocks");
        }
    }

    /** Returns the block size that is advertised as efficient, in bytes. */
    public int preferredBlockSize() {
        return Math.max(COMMON_PAGE, blockSize);
    }

    /** Returns whether a client that was told nothing of block sizes would be likely to send requests that are refused. */
    public boolean needsBlockSize() {
        return blockSize > COMMON_SECTOR;
    }

    /** Returns whether a flag is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
