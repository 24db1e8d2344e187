package io.cairn.bdev;

/** What a descriptor is told, on the reactor that opened it. */
public enum BdevEvent {
    /**
     * The bdev is being removed: stop submitting, close channels and the descriptor. Whoever does not close within the
     * deadline is revoked: submissions are refused with ENODEV from then on, and I/O that is out ends as soon as the module gives it back.
     */
    REMOVE,
    /** The bdev's size has changed. */
    RESIZE
}
