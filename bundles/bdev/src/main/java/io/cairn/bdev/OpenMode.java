package io.cairn.bdev;

/** What a descriptor may do. */
public enum OpenMode {
    /** Reads only. */
    READ,
    /** Reads and writes. Refused while somebody else's claim forbids writers. */
    WRITE
}
