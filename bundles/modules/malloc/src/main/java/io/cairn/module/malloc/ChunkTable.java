package io.cairn.module.malloc;

import io.cairn.reactor.IoBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A sparse disk's memory: chunks of one size, in a table of two levels of which the lower one is made as needed. Any
 * reactor reads and changes it at any time, without locks: a chunk is published with a compare-and-set after it was zeroed,
 * and read with acquire.
 *
 * <p>A removed chunk may still be in use by a reactor that found it before; whoever removes it frees it through a
 * {@link Reclaimer}.
 */
final class ChunkTable {
    /** Bytes of a chunk: what one write takes at least, and what an unmap must cover to give memory back. */
    static final int CHUNK_SIZE = 1 << 16;

    /** The largest disk in bytes: at this size the upper level alone takes 4 MiB. */
    static final long MAX_BYTES = 1L << 48;

    private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(CHUNK_SIZE);
    private static final int LEAF_SHIFT = 12;
    private static final int LEAF_SIZE = 1 << LEAF_SHIFT;
    private static final int LEAF_MASK = LEAF_SIZE - 1;

    private final long chunks;
    private final MemoryRoom room;
    private final AtomicReferenceArray<AtomicReferenceArray<IoBuffer>> leaves;

    /**
     * Makes an empty table.
     *
     * @param bytes the disk's size, 1 to {@link #MAX_BYTES}
     * @param room asked before a chunk is taken
     */
    ChunkTable(long bytes, MemoryRoom room) {
        this.chunks = (bytes + CHUNK_SIZE - 1) >>> CHUNK_SHIFT;
        this.room = room;
        this.leaves = new AtomicReferenceArray<>((int) ((chunks + LEAF_SIZE - 1) >>> LEAF_SHIFT));
    }

    /** Returns the chunk that holds a byte, by its position on the disk. */
    static long indexOf(long position) {
        return position >>> CHUNK_SHIFT;
    }

    /** Returns where in its chunk a byte is, by its position on the disk. */
    static int offsetOf(long position) {
        return (int) position & CHUNK_SIZE - 1;
    }

    /** Returns the position on the disk of a chunk's first byte. */
    static long positionOf(long index) {
        return index << CHUNK_SHIFT;
    }

    /** Returns a chunk, or null if it is absent: all zeroes. */
    IoBuffer get(long index) {
        AtomicReferenceArray<IoBuffer> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
        return leaf == null ? null : leaf.getAcquire((int) index & LEAF_MASK);
    }

    /**
     * Returns a chunk, new and zeroed if it was absent.
     *
     * @return null if there is no memory for it
     */
    IoBuffer getOrTake(long index) {
        IoBuffer present = get(index);
        return present != null ? present : take(index);
    }

    /**
     * Makes a chunk absent.
     *
     * @return what was there, to be given to a {@link Reclaimer}; null if it was absent
     */
    IoBuffer remove(long index) {
        AtomicReferenceArray<IoBuffer> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
        int slot = (int) index & LEAF_MASK;
        return leaf == null || leaf.getAcquire(slot) == null ? null : leaf.getAndSet(slot, null);
    }

    /** Returns the first chunk at or after one that is present, or −1. */
    long nextPresent(long from) {
        for (long index = from; index < chunks; index++) {
            AtomicReferenceArray<IoBuffer> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
            if (leaf == null) {
                index |= LEAF_MASK;
            } else if (leaf.getAcquire((int) index & LEAF_MASK) != null) {
                return index;
            }
        }
        return -1;
    }

    /** Returns the first chunk at or after one that is absent, or −1. */
    long nextAbsent(long from) {
        for (long index = from; index < chunks; index++) {
            if (get(index) == null) {
                return index;
            }
        }
        return -1;
    }

    /** Frees every chunk. When no channel uses the table any more; may take long. */
    void freeAll() {
        for (long index = nextPresent(0); index >= 0; index = nextPresent(index + 1)) {
            IoBuffer chunk = remove(index);
            if (chunk != null) {
                chunk.free();
            }
        }
    }

    private IoBuffer take(long index) {
        if (!room.has(CHUNK_SIZE + IoBuffer.ALIGNMENT)) {
            return null;
        }
        try {
            AtomicReferenceArray<IoBuffer> leaf = leafFor((int) (index >>> LEAF_SHIFT));
            IoBuffer fresh = IoBuffer.allocate(CHUNK_SIZE);
            IoBuffer winner = leaf.compareAndExchange((int) index & LEAF_MASK, null, fresh);
            if (winner == null) {
                return fresh;
            }
            fresh.free();
            return winner;
        } catch (OutOfMemoryError e) {
            // the disk is full; the process is not at its end because of that
            return null;
        }
    }

    private AtomicReferenceArray<IoBuffer> leafFor(int index) {
        AtomicReferenceArray<IoBuffer> leaf = leaves.getAcquire(index);
        if (leaf != null) {
            return leaf;
        }
        AtomicReferenceArray<IoBuffer> fresh = new AtomicReferenceArray<>(LEAF_SIZE);
        AtomicReferenceArray<IoBuffer> winner = leaves.compareAndExchange(index, null, fresh);
        return winner == null ? fresh : winner;
    }
}
