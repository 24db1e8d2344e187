package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;

/**
 * A channel's memory for parity and for reconstruction: buffers of one strip, made when first needed, bounded in sum. Not the reactor's pool: an
 * I/O that holds memory of it here would wait for members that may need memory of it. An I/O takes all that it needs at once and
 * waits with none. One reactor.
 */
final class StripMemory {
    private static final long MOST_BYTES = 64L << 20;

    private final int stripBytes;
    private final IoBuffer[] free;
    private int count;
    private int made;

    /**
     * Makes an empty one.
     *
     * @param least how many buffers one I/O needs at most; so many there are in any case
     */
    StripMemory(int stripBytes, int least) {
        this.stripBytes = stripBytes;
        this.free = new IoBuffer[(int) Math.max(least, Math.min(4096, MOST_BYTES / stripBytes))];
    }

    private IoBuffer take() {
        if (count > 0) {
            return free[--count];
        }
        made++;
        return IoBuffer.allocate(stripBytes);
    }

    private boolean has(int wanted) {
        return count + free.length - made >= wanted;
    }

    /** Returns whether there is any. */
    boolean hasSome() {
        return has(1);
    }

    /** Gives an I/O a buffer for one slot; returns whether there was one. */
    boolean takeOne(RaidIo io, int slot) {
        if (!has(1)) {
            return false;
        }
        io.memory[slot] = take();
        io.memoryCount = 1;
        return true;
    }

    /** Gives an I/O a buffer for each slot but one; returns whether there were so many. */
    boolean take(RaidIo io, int except, int slots) {
        if (!has(slots - 1)) {
            return false;
        }
        for (int slot = 0; slot < slots; slot++) {
            if (slot != except) {
                io.memory[slot] = take();
                io.memoryCount++;
            }
        }
        return true;
    }

    /** Takes back what an I/O has; returns whether it had any. */
    boolean give(RaidIo io) {
        if (io.memoryCount == 0) {
            return false;
        }
        for (int slot = 0; io.memoryCount > 0; slot++) {
            if (io.memory[slot] != null) {
                free[count++] = io.memory[slot];
                io.memory[slot] = null;
                io.memoryCount--;
            }
        }
        return true;
    }

    /** Frees all; none is lent. */
    void free() {
        while (count > 0) {
            free[--count].free();
        }
    }
}
