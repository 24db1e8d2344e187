package io.cairn.export.nbd.session;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayDeque;

/**
 * Shared memory from a reactor's pool, of which sessions together take no more than a part: the rest of a stack needs memory
 * of the same pool to serve what sessions ask for (to align, to encrypt), and must never wait for it in vain. Allocates
 * nothing once warm.
 */
final class Buffers {
    private final BufferPool pool;
    private final long budget;
    private final ArrayDeque<SharedBuffer> spares = new ArrayDeque<>();
    private final ArrayDeque<BufferPool.Waiter> waiters = new ArrayDeque<>();
    private final BufferPool.Waiter poolWaiter = this::poolHasMemory;
    private boolean awaitsPool;
    private long lent;

    /** Makes a source that lends at most {@code budget} bytes at any time. */
    Buffers(BufferPool pool, long budget) {
        this.pool = pool;
        this.budget = budget;
    }

    /** Takes a buffer of at least a size with one reference, or returns null when there is none now. */
    SharedBuffer take(int bytes) {
        if (lent + bytes > budget) {
            return null;
        }
        IoBuffer memory = pool.take(bytes);
        if (memory == null) {
            return null;
        }
        lent += memory.capacity();
        SharedBuffer spare = spares.pollFirst();
        return (spare == null ? new SharedBuffer(this) : spare).lend(memory);
    }

    /** Tells a waiter once that it is worth trying again, perhaps from inside somebody's giving back. */
    void await(BufferPool.Waiter waiter) {
        waiters.addLast(waiter);
        if (!awaitsPool) {
            awaitsPool = true;
            pool.await(poolWaiter);
        }
    }

    void forget(BufferPool.Waiter waiter) {
        waiters.remove(waiter);
    }

    void give(SharedBuffer holder, IoBuffer memory) {
        spares.addFirst(holder);
        lent -= memory.capacity();
        pool.give(memory);
        tellNext();
    }

    private void poolHasMemory() {
        awaitsPool = false;
        tellNext();
        if (!waiters.isEmpty()) {
            awaitsPool = true;
            pool.await(poolWaiter);
        }
    }

    private void tellNext() {
        BufferPool.Waiter next = waiters.pollFirst();
        if (next != null) {
            next.bufferAvailable();
        }
    }
}
