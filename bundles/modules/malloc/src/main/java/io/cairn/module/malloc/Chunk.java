package io.cairn.module.malloc;

import io.cairn.reactor.IoBuffer;

/** A chunk of a sparse disk's memory: a range of a slab. */
final class Chunk {
    private final Slab slab;
    private final IoBuffer memory;
    private final int start;
    private boolean used;

    /** Makes a chunk that was never written to. */
    Chunk(Slab slab, int start) {
        this.slab = slab;
        this.memory = slab.memory();
        this.start = start;
    }

    Slab slab() {
        return slab;
    }

    /** Returns the memory that the chunk lies in. */
    IoBuffer memory() {
        return memory;
    }

    /** Returns where the chunk's first byte is in its memory. */
    int start() {
        return start;
    }

    /** Returns whether somebody has had it before, so that it may hold what they wrote. */
    boolean wasUsed() {
        return used;
    }

    void setUsed() {
        used = true;
    }
}
