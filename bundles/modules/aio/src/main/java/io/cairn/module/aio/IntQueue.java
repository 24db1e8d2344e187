package io.cairn.module.aio;

/** Numbers in line. Allocates only to grow; one thread. */
final class IntQueue {
    /** A power of two long. */
    private int[] ring = new int[64];

    private int first;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** Adds a number at the end. */
    void add(int number) {
        if (count == ring.length) {
            grow();
        }
        ring[(first + count++) & (ring.length - 1)] = number;
    }

    /** Takes the first number; there must be one. */
    int poll() {
        int number = ring[first];
        first = (first + 1) & (ring.length - 1);
        count--;
        return number;
    }

    private void grow() {
        int[] larger = new int[ring.length * 2];
        int untilEnd = ring.length - first;
        System.arraycopy(ring, first, larger, 0, untilEnd);
        System.arraycopy(ring, 0, larger, untilEnd, first);
        ring = larger;
        first = 0;
    }
}
