package io.cairn.module.malloc;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Where a sparse disk's chunks are: a table of two levels of which the lower one is made as needed. Any reactor reads and
 * changes it at any time, without locks: a chunk is published with a compare-and-set after it was zeroed, and read with
 * acquire.
 *
 * <p>A removed chunk may still be in use by a reactor that found it before; whoever removes it gives it back through a
 * {@link Reclaimer}.
 */
final class ChunkTable {
    /** The largest disk in bytes: at this size the upper level alone takes 4 MiB. */
    static final long MAX_BYTES = 1L << 48;

    private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(ChunkPool.CHUNK_SIZE);
    private static final int LEAF_SHIFT = 12;
    private static final int LEAF_SIZE = 1 << LEAF_SHIFT;
    private static final int LEAF_MASK = LEAF_SIZE - 1;

    private final long chunks;
    private final ChunkPool pool;
    private final AtomicReferenceArray<AtomicReferenceArray<Chunk>> leaves;

    /**
     * Makes an empty table.
     *
     * @param bytes the disk's size, 1 to {@link #MAX_BYTES}
     * @param pool where chunks come from
     */
    ChunkTable(long bytes, ChunkPool pool) {
        this.chunks = (bytes + ChunkPool.CHUNK_SIZE - 1) >>> CHUNK_SHIFT;
        this.pool = pool;
        this.leaves = new AtomicReferenceArray<>((int) ((chunks + LEAF_SIZE - 1) >>> LEAF_SHIFT));
    }

    /** Returns the chunk that holds a byte, by its position on the disk. */
    static long indexOf(long position) {
        return position >>> CHUNK_SHIFT;
    }

    /** Returns where in its chunk a byte is, by its position on the disk. */
    static int offsetOf(long position) {
        return (int) position & ChunkPool.CHUNK_SIZE - 1;
    }

    /** Returns the position on the disk of a chunk's first byte. */
    static long positionOf(long index) {
        return index << CHUNK_SHIFT;
    }

    /** Returns a chunk, or null if it is absent: all zeroes. */
    Chunk get(long index) {
        AtomicReferenceArray<Chunk> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
        return leaf == null ? null : leaf.getAcquire((int) index & LEAF_MASK);
    }

    /**
     * Returns a chunk, new and zeroed if it was absent.
     *
     * @return null if there is no memory for it
     */
    Chunk getOrTake(long index) {
        Chunk present = get(index);
        return present != null ? present : take(index);
    }

    /**
     * Makes a chunk absent.
     *
     * @return what was there, to be given to a {@link Reclaimer}; null if it was absent
     */
    Chunk remove(long index) {
        AtomicReferenceArray<Chunk> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
        int slot = (int) index & LEAF_MASK;
        return leaf == null || leaf.getAcquire(slot) == null ? null : leaf.getAndSet(slot, null);
    }

    /** Puts a chunk where none is; before the table is used. */
    void put(long index, Chunk chunk) {
        leafFor((int) (index >>> LEAF_SHIFT)).setRelease((int) index & LEAF_MASK, chunk);
    }

    /** Returns the first chunk at or after one that is present, or −1. */
    long nextPresent(long from) {
        for (long index = from; index < chunks; index++) {
            AtomicReferenceArray<Chunk> leaf = leaves.getAcquire((int) (index >>> LEAF_SHIFT));
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

    private Chunk take(long index) {
        Chunk fresh = pool.take();
        if (fresh == null) {
            return null;
        }
        AtomicReferenceArray<Chunk> leaf = leafFor((int) (index >>> LEAF_SHIFT));
        Chunk winner = leaf.compareAndExchange((int) index & LEAF_MASK, null, fresh);
        if (winner == null) {
            return fresh;
        }
        pool.give(fresh);
        return winner;
    }

    private AtomicReferenceArray<Chunk> leafFor(int index) {
        AtomicReferenceArray<Chunk> leaf = leaves.getAcquire(index);
        if (leaf != null) {
            return leaf;
        }
        AtomicReferenceArray<Chunk> fresh = new AtomicReferenceArray<>(LEAF_SIZE);
        AtomicReferenceArray<Chunk> winner = leaves.compareAndExchange(index, null, fresh);
        return winner == null ? fresh : winner;
    }
}
