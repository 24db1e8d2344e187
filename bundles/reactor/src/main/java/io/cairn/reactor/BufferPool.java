package io.cairn.reactor;

import java.util.ArrayDeque;

/**
 * Memory for I/O that belongs to one reactor: buffers of a few sizes, kept for reuse, bounded in sum. Reactor's thread
 * only; allocates nothing once warm.
 *
 * <p>Who finds the pool empty waits in line ({@link #await}). When a buffer comes back, the first who waits is told; if it still
 * lacks memory (it needs more than there is), it keeps its place and the next one is told, and so on, each once.
 */
public final class BufferPool {
    /** The largest buffer that the pool gives, in bytes. */
    public static final int LARGEST = 1 << 20;

    private static final int SMALLEST_SHIFT = 12;
    private static final int CLASSES = Integer.numberOfTrailingZeros(LARGEST) - SMALLEST_SHIFT + 1;

    private final long limit;
    private final IoBuffer[][] free = new IoBuffer[CLASSES][];
    private final int[] count = new int[CLASSES];
    /** Who has not been told since the last buffer came back. */
    private final ArrayDeque<Waiter> line = new ArrayDeque<>();
    /** Who was told and still lacks memory: their places are in front of the line. */
    private final ArrayDeque<Waiter> lacking = new ArrayDeque<>();
    /** Who has come since the last buffer came back, and knows that what is here is not enough: behind the line. */
    private final ArrayDeque<Waiter> newcomers = new ArrayDeque<>();

    private Waiter told;
    private boolean passedOn;
    private long allocated;
    private long lent;

    /** Told when it is worth trying again. */
    @FunctionalInterface
    public interface Waiter {
        /**
         * Some buffer has come back. Runs on the pool's reactor, from inside {@link BufferPool#give} or {@link BufferPool#passOn}.
         * Who has no use for all of it calls {@link BufferPool#passOn}, now or later; who still lacks memory waits again.
         */
        void bufferAvailable();
    }

    /**
     * Makes an empty pool.
     *
     * @param limit the most memory in bytes that the pool holds at any time, lent and free together
     */
    public BufferPool(long limit) {
        if (limit < LARGEST) {
            throw new IllegalArgumentException("a pool of " + limit + " bytes cannot give its largest buffer");
        }
        this.limit = limit;
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new IoBuffer[(int) Math.min(4096, limit >> (i + SMALLEST_SHIFT))];
        }
    }

    /**
     * Takes a buffer of at least a size. Its content is whatever was there.
     *
     * @param bytes 1 to {@link #LARGEST}
     * @return the buffer, or null when the pool has reached its limit
     */
    public IoBuffer take(int bytes) {
        int sizeClass = classOf(bytes);
        IoBuffer buffer;
        if (count[sizeClass] > 0) {
            buffer = free[sizeClass][--count[sizeClass]];
        } else {
            int size = capacityFor(bytes);
            if (allocated + size > limit && !shrink(size)) {
                return null;
            }
            buffer = IoBuffer.allocate(size);
            allocated += size;
        }
        lent += buffer.capacity();
        return buffer;
    }

    /** Gives a buffer back that {@link #take} gave, and tells the first who waits and can use it. */
    public void give(IoBuffer buffer) {
        int sizeClass = classOf(buffer.capacity());
        lent -= buffer.capacity();
        if (count[sizeClass] < free[sizeClass].length) {
            free[sizeClass][count[sizeClass]++] = buffer;
        } else {
            allocated -= buffer.capacity();
            buffer.free();
        }
        while (!lacking.isEmpty()) {
            line.addFirst(lacking.pollLast());
        }
        while (!newcomers.isEmpty()) {
            line.addLast(newcomers.pollFirst());
        }
        tellNext();
    }

    /**
     * Tells the next who waits, for one who was told that some buffer has come back and had no use for it, or not for all of it. Tells
     * nobody twice of the same buffer.
     */
    public void passOn() {
        tellNext();
    }

    private void tellNext() {
        passedOn = true;
        if (told != null) {
            // from inside a waiter's call: the loop that made it goes on
            return;
        }
        while (passedOn && hasMemory() && !line.isEmpty()) {
            passedOn = false;
            told = line.pollFirst();
            try {
                told.bufferAvailable();
            } finally {
                told = null;
            }
        }
    }

    /** Whether anybody at all could take a buffer. */
    private boolean hasMemory() {
        return limit - lent >= 1 << SMALLEST_SHIFT;
    }

    /** Puts a waiter in line, who has found too little memory; it is told once. */
    public void await(Waiter waiter) {
        if (waiter == told) {
            lacking.addLast(waiter);
            passedOn = true;
        } else {
            newcomers.addLast(waiter);
        }
    }

    /** Takes a waiter out of the line, if it is there. */
    public void forget(Waiter waiter) {
        if (!line.remove(waiter) && !lacking.remove(waiter)) {
            newcomers.remove(waiter);
        }
    }

    /** Gives the free buffers' memory back to the system, when a reactor ends or for some time needs no memory. */
    public void trim() {
        for (int i = 0; i < CLASSES; i++) {
            while (count[i] > 0) {
                allocated -= drop(i);
            }
        }
    }

    /** Returns the bytes that are lent out now. */
    public long lentBytes() {
        return lent;
    }

    /** Returns the bytes that the pool holds, lent and free. */
    public long allocatedBytes() {
        return allocated;
    }

    private boolean shrink(int wanted) {
        for (int i = CLASSES - 1; i >= 0 && allocated + wanted > limit; i--) {
            while (count[i] > 0 && allocated + wanted > limit) {
                allocated -= drop(i);
            }
        }
        return allocated + wanted <= limit;
    }

    /** Frees a free buffer and returns its size. */
    private int drop(int sizeClass) {
        IoBuffer victim = free[sizeClass][--count[sizeClass]];
        free[sizeClass][count[sizeClass]] = null;
        int size = victim.capacity();
        victim.free();
        return size;
    }

    /**
     * Returns how large the buffer is that {@link #take} gives for a size, both in bytes.
     *
     * @param bytes 1 to {@link #LARGEST}
     */
    public static int capacityFor(int bytes) {
        return 1 << (classOf(bytes) + SMALLEST_SHIFT);
    }

    private static int classOf(int bytes) {
        if (bytes < 1 || bytes > LARGEST) {
            throw new IllegalArgumentException("a pool buffer has 1 to " + LARGEST + " bytes, not " + bytes);
        }
        int shift = bytes <= 1 << SMALLEST_SHIFT ? SMALLEST_SHIFT : 32 - Integer.numberOfLeadingZeros(bytes - 1);
        return shift - SMALLEST_SHIFT;
    }
}
