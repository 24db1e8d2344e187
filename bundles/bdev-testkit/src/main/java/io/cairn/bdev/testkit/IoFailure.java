package io.cairn.bdev.testkit;

import io.cairn.bdev.IoStatus;

/** An I/O that a test expected to succeed did not. */
public final class IoFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final transient IoStatus status;

    IoFailure(TestIo io) {
        super(io + " ended with " + io.status());
        this.status = io.status();
    }

    /** Returns how it ended. */
    public IoStatus status() {
        return status;
    }
}
