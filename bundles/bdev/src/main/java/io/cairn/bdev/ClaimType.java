package io.cairn.bdev;

import java.util.Locale;

/** The four kinds of claims of SPDK's bdev layer. */
public enum ClaimType {
    /** v1: the claiming module alone may write and build on the bdev. Belongs to the module; released explicitly. */
    EXCLUSIVE_WRITE(false, true),
    /** v2: many readers, and the claiming descriptor is the one writer. */
    READ_MANY_WRITE_ONE(true, true),
    /** v2: many readers, no writer at all. */
    READ_MANY_WRITE_NONE(true, false),
    /** v2: many readers, and writers that share a key. */
    READ_MANY_WRITE_SHARED(true, true);

    private final boolean ofDescriptor;
    private final boolean writes;

    ClaimType(boolean ofDescriptor, boolean writes) {
        this.ofDescriptor = ofDescriptor;
        this.writes = writes;
    }

    /** Returns whether the claim belongs to a descriptor and ends with it (v2). */
    public boolean ofDescriptor() {
        return ofDescriptor;
    }

    /** Returns whether the claim makes its descriptor writable. */
    public boolean writes() {
        return writes;
    }

    /** Returns SPDK's spelling, as in {@code claim_type} of {@code bdev_get_bdevs}. */
    public String rpcName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
