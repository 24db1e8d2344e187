package io.cairn.bdev;

import java.util.Locale;

/**
 * The I/O types of SPDK's bdev layer, in its order (the order of {@code supported_io_types} in {@code bdev_get_bdevs}).
 * Types that the core does not carry (NVMe pass-through, zones, zero copy) are listed because clients ask for them;
 * no bdev supports them, and asking for one is an error.
 */
public enum IoType {
    READ,
    WRITE,
    UNMAP,
    FLUSH,
    RESET,
    NVME_ADMIN,
    NVME_IO,
    NVME_IO_MD,
    WRITE_ZEROES,
    ZCOPY,
    GET_ZONE_INFO,
    ZONE_MANAGEMENT,
    ZONE_APPEND,
    COMPARE,
    COMPARE_AND_WRITE,
    ABORT,
    SEEK_HOLE,
    SEEK_DATA,
    COPY,
    NVME_IOV_MD,
    NVME_NSSR,
    WRITE_UNCORRECTABLE;

    private final String rpcName = name().toLowerCase(Locale.ROOT);

    /** Returns SPDK's spelling. */
    public String rpcName() {
        return rpcName;
    }

    /** Returns whether an I/O of this type changes what the bdev holds, and so needs a writable descriptor. */
    public boolean changesData() {
        return switch (this) {
            case WRITE,
                    UNMAP,
                    WRITE_ZEROES,
                    COMPARE_AND_WRITE,
                    COPY,
                    ZONE_MANAGEMENT,
                    ZONE_APPEND,
                    WRITE_UNCORRECTABLE -> true;
            default -> false;
        };
    }
}
