package io.cairn.bdev;

import io.cairn.reactor.Errno;
import java.util.EnumMap;
import java.util.Map;

/**
 * How an I/O ended. Compared by identity: every value exists once, so that completing allocates nothing.
 *
 * <p>A status keeps its detail on the way up a stack: a virtual bdev completes its I/O with its child's very status.
 */
public final class IoStatus {
    /** What kind of ending it was; the detail is in the status. */
    public enum Kind {
        /** Done. */
        SUCCESS,
        /** Failed, with no more known. */
        FAILED,
        /** The module lacks something for the moment: the core tries again by itself. Submitters never see it. */
        NOMEM,
        /** Given up on request: by an abort, a reset or the removal of the bdev. */
        ABORTED,
        /** The compared data differ. */
        MISCOMPARE,
        /** The device said so in NVMe's terms: see {@link IoStatus#nvmeStatusCodeType()}. */
        NVME,
        /** The operating system said so: see {@link IoStatus#errno()}. */
        ERRNO
    }

    /** Done. */
    public static final IoStatus SUCCESS = new IoStatus(Kind.SUCCESS, null, 0, 0);

    /** Failed, with no more known. */
    public static final IoStatus FAILED = new IoStatus(Kind.FAILED, Errno.EIO, 0, 0x06);

    /** The module lacks something for the moment; the core tries again. */
    public static final IoStatus NOMEM = new IoStatus(Kind.NOMEM, Errno.ENOMEM, 0, 0x06);

    /** Given up on request. */
    public static final IoStatus ABORTED = new IoStatus(Kind.ABORTED, Errno.ECANCELED, 0, 0x07);

    /** The compared data differ (NVMe: media error, compare failure). */
    public static final IoStatus MISCOMPARE = new IoStatus(Kind.MISCOMPARE, Errno.EILSEQ, 2, 0x85);

    private static final Map<Errno, IoStatus> BY_ERRNO = byErrno();
    private static final IoStatus[][] BY_NVME = byNvme();

    /** There is no space left for the data: a thin store or a file system is full. */
    public static final IoStatus NO_SPACE = errno(Errno.ENOSPC);

    /** The bdev is gone. */
    public static final IoStatus NO_DEVICE = errno(Errno.ENODEV);

    private final Kind kind;
    private final Errno errno;
    private final int sct;
    private final int sc;

    private IoStatus(Kind kind, Errno errno, int sct, int sc) {
        this.kind = kind;
        this.errno = errno;
        this.sct = sct;
        this.sc = sc;
    }

    private static Map<Errno, IoStatus> byErrno() {
        Map<Errno, IoStatus> all = new EnumMap<>(Errno.class);
        for (Errno e : Errno.values()) {
            // NVMe generic command status: capacity exceeded, abort requested, internal error
            int sc = e == Errno.ENOSPC ? 0x81 : e == Errno.ECANCELED ? 0x07 : 0x06;
            all.put(e, new IoStatus(Kind.ERRNO, e, 0, sc));
        }
        return all;
    }

    private static IoStatus[][] byNvme() {
        IoStatus[][] all = new IoStatus[8][256];
        for (int sct = 0; sct < 8; sct++) {
            for (int sc = 0; sc < 256; sc++) {
                all[sct][sc] = new IoStatus(Kind.NVME, Errno.EIO, sct, sc);
            }
        }
        return all;
    }

    /** Returns the status for an operating system's error. */
    public static IoStatus errno(Errno errno) {
        return BY_ERRNO.get(errno);
    }

    /**
     * Returns the status for an NVMe completion.
     *
     * @param statusCodeType 0 to 7
     * @param statusCode 0 to 255; (0, 0) is {@link #SUCCESS}
     */
    public static IoStatus nvme(int statusCodeType, int statusCode) {
        return statusCodeType == 0 && statusCode == 0 ? SUCCESS : BY_NVME[statusCodeType][statusCode];
    }

    /** Returns the kind of ending. */
    public Kind kind() {
        return kind;
    }

    /** Returns whether the I/O did what it should. */
    public boolean isSuccess() {
        return this == SUCCESS;
    }

    /** Returns the error that comes nearest; null for success. */
    public Errno errno() {
        return errno;
    }

    /** Returns NVMe's status code type that comes nearest, 0 to 7. */
    public int nvmeStatusCodeType() {
        return sct;
    }

    /** Returns NVMe's status code that comes nearest, 0 to 255. */
    public int nvmeStatusCode() {
        return sc;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case NVME -> String.format("NVMe status %d/0x%02x", sct, sc);
            case ERRNO -> errno.toString();
            default -> kind.name();
        };
    }
}
