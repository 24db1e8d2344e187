package io.cairn.bdev;

/** Told of what happens to an open bdev, on the reactor that opened it. Must not block. */
@FunctionalInterface
public interface BdevEventListener {
    /** Something has happened. May close the descriptor. */
    void onEvent(BdevEvent event, BdevDescriptor descriptor);
}
