package io.cairn.bdev;

import io.cairn.reactor.Errno;

/** A control-plane request or a submission that was refused. Nothing was changed; the message names the object and the cause. */
public final class BdevException extends RuntimeException {
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

    /** Returns the kind of refusal; its negative number is SPDK's error code. */
    public Errno errno() {
        return errno;
    }
}
