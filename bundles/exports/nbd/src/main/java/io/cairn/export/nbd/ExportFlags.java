package io.cairn.export.nbd;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.export.nbd.protocol.ExportInfo;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.session.SessionLimits;
import io.cairn.reactor.Errno;
import java.util.Set;

/** What NBD clients are told of a bdev: nothing is offered that the bdev does not list as supported. */
final class ExportFlags {
    private ExportFlags() {}

    /** Describes a bdev as it is now. */
    static ExportInfo describe(ExportDefinition definition, Bdev bdev) {
        Set<IoType> types = bdev.supportedTypes();
        boolean readOnly = isReadOnly(definition, bdev);
        long unit = writeUnit(bdev);
        return new ExportInfo(
                definition.name(),
                bdev.productName() + " " + bdev.name()
                        + (readOnly || unit == bdev.blockSize() ? "" : ", written in units of " + unit + " bytes"),
                bdev.sizeBytes(),
                flags(types, readOnly, bdev.hasWriteCache()),
                bdev.blockSize(),
                unit,
                zeroesFast(types));
    }

    private static boolean isReadOnly(ExportDefinition definition, Bdev bdev) {
        return definition.readOnly() || !bdev.supportedTypes().contains(IoType.WRITE);
    }

    private static long writeUnit(Bdev bdev) {
        return Math.max(1, bdev.limits().writeUnitBlocks()) * bdev.blockSize();
    }

    /** Refuses a bdev that the protocol cannot express, or whose units of writing take too much memory. */
    static void requireExportable(ExportDefinition definition, Bdev bdev) {
        int blockSize = bdev.blockSize();
        if (Integer.bitCount(blockSize) != 1 || blockSize > ExportInfo.LARGEST_BLOCK) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + bdev.name() + " cannot be exported as " + definition.name() + ": its block size of "
                            + blockSize + " bytes is not a power of two up to " + ExportInfo.LARGEST_BLOCK);
        }
        if (!isReadOnly(definition, bdev) && writeUnit(bdev) > SessionLimits.LARGEST_WRITE_UNIT) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + bdev.name() + " cannot be exported for writing as " + definition.name()
                            + ": it is written in units of " + writeUnit(bdev) + " bytes, and an export takes up to "
                            + SessionLimits.LARGEST_WRITE_UNIT + "; it can be exported read-only");
        }
        if (!bdev.supportedTypes().contains(IoType.READ)) {
            throw new BdevException(Errno.EINVAL, "bdev " + bdev.name() + " cannot be read");
        }
    }

    private static int flags(Set<IoType> types, boolean readOnly, boolean writeCache) {
        boolean canFlush = types.contains(IoType.FLUSH);
        int flags = Nbd.HAS_FLAGS | Nbd.SEND_CACHE;
        if (canFlush) {
            flags |= Nbd.SEND_FLUSH | Nbd.SEND_FUA;
        }
        if (readOnly || canFlush || !writeCache) {
            // a bdev has one cache if any, and its flush covers all channels and so all connections
            flags |= Nbd.CAN_MULTI_CONN;
        }
        if (readOnly) {
            return flags | Nbd.READ_ONLY;
        }
        if (types.contains(IoType.UNMAP)) {
            flags |= Nbd.SEND_TRIM;
        }
        if (types.contains(IoType.WRITE_ZEROES)) {
            flags |= Nbd.SEND_WRITE_ZEROES | Nbd.SEND_FAST_ZERO;
        }
        return flags;
    }

    /**
     * The core makes up WRITE_ZEROES by writing, which is not fast, and does not say so; it never makes up UNMAP. A bdev that
     * unmaps has a way to forget data, and that is how it writes zeroes.
     */
    private static boolean zeroesFast(Set<IoType> types) {
        return types.contains(IoType.WRITE_ZEROES) && types.contains(IoType.UNMAP);
    }
}
