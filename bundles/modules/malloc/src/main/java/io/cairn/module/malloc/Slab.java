package io.cairn.module.malloc;

import io.cairn.reactor.IoBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory for several chunks. Large, so that the few objects that describe it stay in the processor's cache, and so that the
 * operating system can use huge pages. Freed when no chunk is in use; from then on none can be taken. Any thread, no locks.
 */
final class Slab {
    private static final int FREED = -1;

    private final IoBuffer memory;
    private final int chunks;
    private final AtomicInteger inUse = new AtomicInteger();

    /** Makes a slab of memory that is zeroed. */
    Slab(IoBuffer memory, int chunks) {
        this.memory = memory;
        this.chunks = chunks;
    }

    IoBuffer memory() {
        return memory;
    }

    /** Returns how many chunks it has, in use or not. */
    int chunks() {
        return chunks;
    }

    /** Counts a chunk as in use; returns false if the slab is freed. */
    boolean use() {
        return inUse.updateAndGet(n -> n == FREED ? FREED : n + 1) != FREED;
    }

    /**
     * Counts a chunk as not in use any more.
     *
     * @return how many are in use now; negative if the slab is freed
     */
    int unuse() {
        return inUse.updateAndGet(n -> n == FREED ? FREED : n - 1);
    }

    /** Frees the memory if no chunk is in use; returns whether this call did. */
    boolean freeIfUnused() {
        if (inUse.compareAndSet(0, FREED)) {
            memory.free();
            return true;
        }
        return false;
    }

    /** Frees the memory, if it is not freed yet. When nobody touches any chunk any more. */
    void free() {
        if (inUse.getAndSet(FREED) != FREED) {
            memory.free();
        }
    }
}
