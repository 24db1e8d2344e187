package io.cairn.export.nbd.protocol;

import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Errno;

/** Turns the outcome of I/O into the error numbers that the protocol knows. */
public final class NbdErrors {
    /** NVMe, generic command status: the LBA is out of range, the capacity is exceeded, the namespace is write-protected. */
    private static final int NVME_OUT_OF_RANGE = 0x80;

    private static final int NVME_CAPACITY_EXCEEDED = 0x81;
    private static final int NVME_WRITE_PROTECTED = 0x20;

    private NbdErrors() {}

    /** Returns the error for an I/O's outcome, 0 for success. */
    public static int of(IoStatus status) {
        return switch (status.kind()) {
            case SUCCESS -> 0;
            case NVME -> ofNvme(status);
            case ABORTED -> Nbd.ESHUTDOWN;
            case NOMEM -> Nbd.ENOMEM;
            case ERRNO -> of(status.errno());
            default -> Nbd.EIO;
        };
    }

    /** Returns the error for an operating system's. */
    public static int of(Errno errno) {
        return switch (errno) {
            case EPERM, EACCES, EROFS, EBADF -> Nbd.EPERM;
            case ENOMEM -> Nbd.ENOMEM;
            // ENOTSUP is reserved for fast zeroes
            case EINVAL, EOPNOTSUPP, ENOSYS -> Nbd.EINVAL;
            case ENOSPC, EDQUOT, EFBIG -> Nbd.ENOSPC;
            case ENODEV, ENXIO, ESHUTDOWN, ECANCELED -> Nbd.ESHUTDOWN;
            default -> Nbd.EIO;
        };
    }

    private static int ofNvme(IoStatus status) {
        if (status.nvmeStatusCodeType() != 0) {
            return Nbd.EIO;
        }
        return switch (status.nvmeStatusCode()) {
            case NVME_OUT_OF_RANGE -> Nbd.EINVAL;
            case NVME_CAPACITY_EXCEEDED -> Nbd.ENOSPC;
            case NVME_WRITE_PROTECTED -> Nbd.EPERM;
            default -> Nbd.EIO;
        };
    }
}
