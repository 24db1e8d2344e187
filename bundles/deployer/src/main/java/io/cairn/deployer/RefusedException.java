package io.cairn.deployer;

import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;

/** Something is not done, and nothing has changed; the message says why. */
final class RefusedException extends RuntimeException implements HasErrno {
    private static final long serialVersionUID = 1L;

    private final Errno errno;

    /** What was given is not right: EINVAL. */
    RefusedException(String message) {
        this(Errno.EINVAL, message);
    }

    RefusedException(String message, Throwable cause) {
        this(Errno.EINVAL, message, cause);
    }

    RefusedException(Errno errno, String message) {
        super(message);
        this.errno = errno;
    }

    RefusedException(Errno errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    @Override
    public Errno errno() {
        return errno;
    }
}
