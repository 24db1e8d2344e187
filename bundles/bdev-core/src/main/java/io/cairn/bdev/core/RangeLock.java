package io.cairn.bdev.core;

/**
 * A range of blocks that one I/O has for itself: other writes into it wait. Compared by identity of its owner.
 *
 * @param owner the I/O that it is locked for
 * @param offset first block
 * @param count number of blocks
 */
record RangeLock(Io owner, long offset, long count) {
    boolean overlaps(RangeLock other) {
        return offset < other.offset + other.count && other.offset < offset + count;
    }
}
