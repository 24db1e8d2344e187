package io.cairn.bdev;

/** What a descriptor is told, on the reactor that opened it. */
public enum BdevEvent {
    /**
     * The bdev is being removed: stop submitting, close channels and the descriptor. Whoever does not close within the
     * deadline is revoked: the descriptor's I/O completes with ENODEV from then on.
     */
    REMOVE,
    /** The bdev's size has changed. */
    RESIZE
}
