package io.cairn.bdev;

/** Where a bdev is in its life. */
public enum BdevState {
    /** Its name is taken; it is being examined for the first time. It can be opened. */
    REGISTERED,
    /** Its first wave of examine is over. */
    READY,
    /** On its way out: new I/O is refused, descriptors have been told. */
    UNREGISTERING,
    /** The last descriptor is closed or revoked; the module takes its backend down. */
    REMOVING,
    /** Nothing is left. */
    GONE
}
