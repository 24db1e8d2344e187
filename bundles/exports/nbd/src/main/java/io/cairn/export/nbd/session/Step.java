package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;

/** Something that submits I/O, one at a time, and is told of its end. Used again and again. */
abstract class Step {
    /** The completion of all I/O here: the cookie says whose it is. */
    static final IoCompletion COMPLETION = io -> ((Step) io.cookie()).done(io);

    /** What became of an attempt to submit. */
    enum Issued {
        /** The I/O is out. */
        OUT,
        /** The channel has no I/O object free. */
        NO_IO,
        /** The pool has no memory. */
        NO_MEMORY,
        /** The client must take what it was sent first. */
        OUTPUT_FULL
    }

    /**
     * Submits, or says what is missing; is called again then.
     *
     * @throws io.cairn.bdev.BdevException if it is refused
     */
    abstract Issued issue(BdevChannel channel);

    /** The I/O is over. */
    abstract void done(BdevIo io);

    /** The I/O was refused, or will not be submitted any more. */
    abstract void refused(int error);
}
