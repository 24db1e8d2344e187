package io.cairn.bdev.core;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * The I/O objects of one channel: bounded, made when first needed, used again in the order in which they came back. A few
 * always rest, so that a module's late second completion finds an object at rest rather than somebody else's I/O. One more than
 * the bound is made for what must not wait for the others, and kept back from then on.
 */
final class IoPool {
    /** How many objects rest before new ones are no longer made. */
    private static final int RESTING = 32;

    private final SharedChannel shared;
    private final int limit;
    private final boolean internal;
    private Channel channel;
    private final Io[] ring;
    private final int mask;
    private Io[] made = new Io[8];
    private int count;
    private int head;
    private int tail;

    private boolean watched;

    /**
     * Makes an empty pool.
     *
     * @param channel whose pool it is; null for the core's own
     */
    IoPool(SharedChannel shared, int limit, boolean internal, Channel channel) {
        this.channel = channel;
        this.shared = shared;
        this.limit = limit;
        this.internal = internal;
        int size = Integer.highestOneBit(limit) << 1;
        this.ring = new Io[size];
        this.mask = size - 1;
    }

    /** Returns an object, or null if all are in use. */
    Io take() {
        if (tail - head > RESTING) {
            return ring[head++ & mask];
        }
        return takeRarely();
    }

    private Io takeRarely() {
        if (count < limit) {
            return make();
        }
        return tail - head <= keptBack() ? null : ring[head++ & mask];
    }

    /** Returns an object also if all are in use, for a reset: it ends the others. Null if that one is in use as well. */
    Io takeForReset() {
        Io io = take();
        if (io != null) {
            return io;
        }
        if (count == limit) {
            return make();
        }
        return tail == head ? null : ring[head++ & mask];
    }

    private int keptBack() {
        return count > limit ? 1 : 0;
    }

    private Io make() {
        Io io = new Io(shared, this, shared.newModuleContext());
        if (internal) {
            io.extras = Io.INTERNAL;
        }
        if (count == made.length) {
            made = Arrays.copyOf(made, Math.min(limit + 1, count * 2));
        }
        made[count++] = io;
        return io;
    }

    void give(Io io) {
        ring[tail++ & mask] = io;
        if (watched) {
            channel.tellWaiting();
        }
    }

    /** Gives every object another context of the module's. */
    void setContexts(Supplier<Object> contexts) {
        for (int i = 0; i < count; i++) {
            made[i].moduleContext(contexts.get());
        }
    }

    /**
     * Lets go of whoever submitted: the channel is closed, and a module's queue below may still hold objects that are over. What is still
     * out, of a channel that was revoked, is told to nobody.
     */
    void forgetSubmitter() {
        channel = null;
        watched = false;
        for (int i = 0; i < count; i++) {
            made[i].forgetSubmitter();
        }
    }

    /** Sets whether the channel is told of every object that comes back. */
    void watch(boolean on) {
        watched = on;
    }

    boolean hasFree() {
        return count < limit || tail - head > keptBack();
    }

    /** Returns how many are in use. */
    int inUse() {
        return count - (tail - head);
    }

    /** Returns how many were ever made: {@link #get} walks them. */
    int size() {
        return count;
    }

    Io get(int i) {
        return made[i];
    }
}
