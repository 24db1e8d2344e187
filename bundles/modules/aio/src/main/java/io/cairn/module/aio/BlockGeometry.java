package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;

/**
 * How a file is cut into blocks.
 *
 * @param blockSize bytes
 * @param numBlocks at least 1
 */
record BlockGeometry(int blockSize, long numBlocks) {
    /** The smallest block of any bdev, in bytes. */
    static final int SMALLEST_BLOCK = 512;

    /**
     * Decides on the blocks of an open file.
     *
     * @throws BdevException EINVAL naming the bdev, the file and what does not fit
     */
    static BlockGeometry of(FileSettings wanted, OpenFile file) {
        String what = "bdev " + wanted.name() + ": " + wanted.filename();
        int detected = file.detectedBlockSize();
        int blockSize = wanted.blockSize() == 0 ? detected : wanted.blockSize();
        if (blockSize < detected) {
            throw new BdevException(
                    Errno.EINVAL, what + ": block size " + blockSize + " is below the device's own, " + detected);
        }
        long size = file.facts().size();
        if (size == 0) {
            throw new BdevException(Errno.EINVAL, what + " is empty");
        }
        if (size % blockSize != 0) {
            throw new BdevException(
                    Errno.EINVAL,
                    what + ": its size of " + size + " bytes is not a multiple of the block size " + blockSize);
        }
        return new BlockGeometry(blockSize, size / blockSize);
    }
}
