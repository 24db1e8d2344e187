package io.cairn.bdev;

/** Told of an I/O that takes too long. */
@FunctionalInterface
public interface IoTimeoutListener {
    /** The I/O is still out. It may be aborted through the channel; it must not be kept. On the channel's reactor. */
    void onTimeout(BdevChannel channel, BdevIo io);
}
