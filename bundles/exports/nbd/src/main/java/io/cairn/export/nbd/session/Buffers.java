package io.cairn.export.nbd.session;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;

/**
 * Shared memory from a reactor's pool, of which sessions together take no more than a part: the rest of a stack needs memory
 * of the same pool to serve what sessions ask for (to align, to encrypt), and must never wait for it in vain. Long transfers
 * take at most half of that part, so that they leave something for everybody else. Allocates nothing once warm.
 *
 * <p>When memory comes back, all who wait try again at the end of the turn, in the order in which they began to wait: what
 * one cannot use, because it is too little or for the other half, another may.
 */
final class Buffers {
    private final Reactor reactor;
    private final BufferPool pool;
    private final long budget;
    private final long largeBudget;
    private final ArrayDeque<SharedBuffer> spares = new ArrayDeque<>();
    private final ArrayDeque<BufferPool.Waiter> waiters = new ArrayDeque<>();
    private final BufferPool.Waiter poolWaiter = this::poolHasMemory;
    private final Runnable tellAll = this::tellAll;
    private boolean awaitsPool;
    private boolean poolTold;
    private boolean tellingAll;
    private long lent;
    private long largeLent;

    /** Makes a source of the reactor's memory that lends at most {@code budget} bytes at any time. */
    Buffers(Reactor reactor, long budget) {
        this.reactor = reactor;
        this.pool = reactor.buffers();
        this.budget = budget;
        this.largeBudget = Math.max(budget / 2, Math.min(budget, BufferPool.LARGEST));
    }

    /** Takes a buffer of at least a size with one reference, or returns null when there is none now. */
    SharedBuffer take(int bytes) {
        return take(bytes, false);
    }

    /** Like {@link #take(int)}, for a piece of a long transfer. */
    SharedBuffer takeLarge(int bytes) {
        return largeLent + bytes > largeBudget ? null : take(bytes, true);
    }

    /**
     * Keeps room for a piece of a long transfer that takes several buffers of the largest size, the last of them of what is left. They are taken with
     * {@link #takePromised} as they are needed. So two that have a part of their buffers never wait for each other's.
     *
     * @return false if there is no room now
     */
    boolean promise(int bytes) {
        if (largeLent + bytes > largeBudget || lent + bytes > budget) {
            return false;
        }
        int room = room(bytes);
        lent += room;
        largeLent += room;
        return true;
    }

    /** Takes a buffer that was promised, or returns null when the pool has none now. */
    SharedBuffer takePromised(int bytes) {
        IoBuffer memory = fromPool(bytes);
        return memory == null ? null : holder().lend(memory, true);
    }

    /** Gives up what was promised and has not been taken. */
    void breakPromise(int bytes) {
        int room = room(bytes);
        lent -= room;
        largeLent -= room;
        tellAllLater();
    }

    /** The buffers that so many bytes take. */
    private static int room(int bytes) {
        int rest = bytes % BufferPool.LARGEST;
        return bytes - rest + (rest == 0 ? 0 : BufferPool.capacityFor(rest));
    }

    private SharedBuffer take(int bytes, boolean large) {
        if (lent + bytes > budget) {
            return null;
        }
        IoBuffer memory = fromPool(bytes);
        if (memory == null) {
            return null;
        }
        lent += memory.capacity();
        if (large) {
            largeLent += memory.capacity();
        }
        return holder().lend(memory, large);
    }

    private IoBuffer fromPool(int bytes) {
        IoBuffer memory = pool.take(bytes);
        if (memory == null && !awaitsPool) {
            awaitsPool = true;
            pool.await(poolWaiter);
        }
        return memory;
    }

    private SharedBuffer holder() {
        SharedBuffer spare = spares.pollFirst();
        return spare == null ? new SharedBuffer(this) : spare;
    }

    /** Tells a waiter once that it is worth trying again; not from inside somebody's giving back. */
    void await(BufferPool.Waiter waiter) {
        waiters.addLast(waiter);
    }

    void forget(BufferPool.Waiter waiter) {
        waiters.remove(waiter);
    }

    void give(SharedBuffer holder, IoBuffer memory, boolean large) {
        spares.addFirst(holder);
        lent -= memory.capacity();
        if (large) {
            largeLent -= memory.capacity();
        }
        pool.give(memory);
        tellAllLater();
    }

    private void poolHasMemory() {
        awaitsPool = false;
        if (waiters.isEmpty()) {
            pool.passOn();
        } else {
            poolTold = true;
            tellAllLater();
        }
    }

    private void tellAllLater() {
        if (!tellingAll && !waiters.isEmpty()) {
            tellingAll = true;
            reactor.defer(tellAll);
        }
    }

    private void tellAll() {
        tellingAll = false;
        // who still lacks memory goes to the end of the line, and all together are in the same order again
        for (int left = waiters.size(); left > 0; left--) {
            BufferPool.Waiter next = waiters.pollFirst();
            if (next == null) {
                break;
            }
            next.bufferAvailable();
        }
        if (poolTold) {
            poolTold = false;
            // what is left, also if it is too little for those here, may be enough for somebody elsewhere
            pool.passOn();
        }
    }
}
