package io.cairn.bdev;

/**
 * Told that an I/O is over. A completion is an object that lives long, shared by many I/Os; what distinguishes them is
 * the cookie given at submission ({@link BdevIo#cookie()}).
 */
@FunctionalInterface
public interface IoCompletion {
    /**
     * The I/O is over, with {@link BdevIo#status()}. Runs on the reactor that submitted, exactly once, never from inside
     * the submission. May submit again. The I/O object is the callee's until this returns and must not be kept: it is
     * used again; data that the core lent for a read is valid that long as well.
     */
    void onComplete(BdevIo io);
}
