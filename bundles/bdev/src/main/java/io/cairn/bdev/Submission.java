package io.cairn.bdev;

/** What became of a submission. A programming error (range, type, mode, thread) is thrown instead. */
public enum Submission {
    /** The I/O is out: its completion will be told exactly once. */
    ACCEPTED,
    /** The channel's I/O objects are all in use: nothing was submitted. {@link BdevChannel#queueIoWait} tells when to try again. */
    NO_MEMORY
}
