package io.cairn.bdev.testkit;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.Set;

/**
 * An error that a simulated disk shall answer.
 *
 * @param types the types of I/O that it hits
 * @param firstBlock the first block of the range that it hits
 * @param numBlocks the length of the range; I/O that touches the range is hit; I/O without a range (flush, reset) always
 * @param count how many I/Os it hits before it is used up
 * @param status what they end with
 */
public record SimFault(Set<IoType> types, long firstBlock, long numBlocks, int count, IoStatus status) {
    /** Copies what could change. */
    public SimFault {
        types = Set.copyOf(types);
        if (count < 1) {
            throw new IllegalArgumentException("a fault that hits " + count + " I/Os");
        }
    }

    /** Returns a fault that hits the next so many I/Os of a type, wherever they are. */
    public static SimFault next(int count, IoType type, IoStatus status) {
        return new SimFault(Set.of(type), 0, Long.MAX_VALUE, count, status);
    }

    boolean hits(IoType type, long offset, long blocks) {
        if (!types.contains(type)) {
            return false;
        }
        return type == IoType.FLUSH
                || type == IoType.RESET
                || (offset < endOf(firstBlock, numBlocks) && firstBlock < endOf(offset, Math.max(1, blocks)));
    }

    private static long endOf(long first, long length) {
        return first > Long.MAX_VALUE - length ? Long.MAX_VALUE : first + length;
    }
}
