package io.cairn.bdev;

/**
 * What a module wants to be spared and what it prefers. 0 means "no limit" or "not said" throughout. The core splits
 * and bounces so that a module never sees what is beyond its limits.
 *
 * @param physicalBlockSize bytes that the medium writes at once; 0: the block size
 * @param requiredAlignment the alignment in bytes of data in memory; a power of two; 0 or 1: none
 * @param optimalIoBoundary blocks; reads and writes that cross a multiple of it are split when {@code splitOnBoundary}
 * @param splitOnBoundary whether to split there
 * @param writeUnitBlocks writes start and end at a multiple of it; 0 or 1: none
 * @param maxReadWriteBlocks the most blocks in one read or write
 * @param maxSegments the most pieces of memory in one read or write
 * @param maxUnmapBlocks the most blocks in one unmap
 * @param maxWriteZeroesBlocks the most blocks in one write of zeroes
 * @param maxCopyBlocks the most blocks in one copy
 * @param preferredWriteAlignment blocks; reported
 * @param preferredWriteGranularity blocks; reported
 * @param optimalWriteSize blocks; reported
 * @param preferredUnmapAlignment blocks; reported
 * @param preferredUnmapGranularity blocks; reported
 */
public record IoLimits(
        int physicalBlockSize,
        int requiredAlignment,
        long optimalIoBoundary,
        boolean splitOnBoundary,
        long writeUnitBlocks,
        long maxReadWriteBlocks,
        int maxSegments,
        long maxUnmapBlocks,
        long maxWriteZeroesBlocks,
        long maxCopyBlocks,
        long preferredWriteAlignment,
        long preferredWriteGranularity,
        long optimalWriteSize,
        long preferredUnmapAlignment,
        long preferredUnmapGranularity) {
    /** No limit and no preference. */
    public static final IoLimits NONE = new IoLimits(0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
