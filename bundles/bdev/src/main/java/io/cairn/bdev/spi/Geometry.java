package io.cairn.bdev.spi;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;

/** Checks of what users ask for when they create a disk; each refusal names the disk, the parameter and its value. */
public final class Geometry {
    private static final int SMALLEST_BLOCK = 512;
    private static final int LARGEST_BLOCK = 65536;

    private Geometry() {}

    /**
     * Checks block size and size.
     *
     * @throws BdevException EINVAL the block size is no multiple of 512 up to 65536, there is no block, or the size in bytes
     *     does not fit 63 bits
     */
    public static void check(String bdev, long blockSize, long numBlocks) {
        checkBlockSize(bdev, "block_size", blockSize);
        if (numBlocks < 1) {
            throw invalid(bdev, "num_blocks must be at least 1");
        }
        if (numBlocks > Long.MAX_VALUE / blockSize) {
            throw invalid(bdev, numBlocks + " blocks of " + blockSize + " bytes are more than 2^63 - 1 bytes");
        }
    }

    /**
     * Checks a physical block size.
     *
     * @throws BdevException EINVAL it is neither 0 (not said) nor a multiple of 512 up to 65536
     */
    public static void checkPhysicalBlockSize(String bdev, long physicalBlockSize) {
        if (physicalBlockSize != 0) {
            checkBlockSize(bdev, "physical_block_size", physicalBlockSize);
        }
    }

    /**
     * Refuses a parameter that asks for metadata or protection information.
     *
     * @throws BdevException EOPNOTSUPP the value is not 0
     */
    public static void refuseMetadata(String bdev, String parameter, long value) {
        if (value != 0) {
            throw new BdevException(
                    Errno.EOPNOTSUPP,
                    "bdev '" + bdev + "': " + parameter + " " + value
                            + ": bdevs have no metadata and no protection information (DIF/DIX); leave it out or say 0");
        }
    }

    private static void checkBlockSize(String bdev, String parameter, long value) {
        if (value < SMALLEST_BLOCK || value > LARGEST_BLOCK || value % SMALLEST_BLOCK != 0) {
            throw invalid(
                    bdev,
                    parameter + " " + value + " is not a multiple of " + SMALLEST_BLOCK + " up to " + LARGEST_BLOCK);
        }
    }

    private static BdevException invalid(String bdev, String cause) {
        return new BdevException(Errno.EINVAL, "bdev '" + bdev + "': " + cause);
    }
}
