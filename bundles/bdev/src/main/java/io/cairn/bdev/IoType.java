package io.cairn.bdev;

import java.util.Locale;

/**
 * The I/O types of SPDK's bdev layer, in its order (the order of {@code supported_io_types} in {@code bdev_get_bdevs}).
 * Types that the core does not carry (NVMe pass-through, zones, zero copy) are listed because clients ask for them;
 * no bdev supports them, and asking for one is an error.
 */
public enum IoType {
    READ(0),
    WRITE(1),
    UNMAP(2),
    FLUSH(3),
    RESET(4),
    NVME_ADMIN(5),
    NVME_IO(6),
    NVME_IO_MD(7),
    WRITE_ZEROES(8),
    ZCOPY(9),
    GET_ZONE_INFO(10),
    ZONE_MANAGEMENT(11),
    ZONE_APPEND(12),
    COMPARE(13),
    COMPARE_AND_WRITE(14),
    ABORT(15),
    SEEK_HOLE(16),
    SEEK_DATA(17),
    COPY(18),
    NVME_IOV_MD(19),
    NVME_NSSR(20),
    WRITE_UNCORRECTABLE(21);

    private final String rpcName = name().toLowerCase(Locale.ROOT);
    private final int index;
    private final int bit;

    IoType(int index) {
        this.index = index;
        this.bit = 1 << index;
    }

    /** Returns this type's place in tables by type: from 0 to the number of types less 1. */
    public int index() {
        return index;
    }

    /** Returns this type's bit in a set of types that is kept as an int. */
    public int bit() {
        return bit;
    }

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
