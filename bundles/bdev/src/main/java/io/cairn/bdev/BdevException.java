package io.cairn.bdev;

import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;

/** A control-plane request or a submission that was refused. Nothing was changed; the message names the object and the cause. */
public final class BdevException extends RuntimeException implements HasErrno {
    private static final long serialVersionUID = 1L;

    private final Errno errno;

    /** Makes a refusal. */
    public BdevException(Errno errno, String message) {
        super(message);
        this.errno = errno;
    }

    /** Makes a refusal that another exception caused. */
    public BdevException(Errno errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    @Override
    public Errno errno() {
        return errno;
    }
}
