package io.cairn.bdev.spi;

import io.cairn.bdev.BdevIo;
import java.util.Arrays;

/**
 * I/Os in line, first come first served: for backends that complete from a poller, and for those that wait for their
 * base. One thread; allocates only while it grows to the deepest line it has seen.
 */
public final class IoQueue {
    // positions count on and wrap around; the difference of two is right all the same
    private BdevIo[] ring = new BdevIo[256];
    private int head;
    private int tail;

    /** Returns whether none is in line. */
    public boolean isEmpty() {
        return head == tail;
    }

    /** Returns how many are in line. */
    public int size() {
        return tail - head;
    }

    /** Puts one at the end of the line. */
    public void add(BdevIo io) {
        if (tail - head == ring.length) {
            grow();
        }
        ring[tail++ & ring.length - 1] = io;
    }

    /** Puts one back that was just taken: it is the first again. */
    public void addFirst(BdevIo io) {
        if (tail - head == ring.length) {
            grow();
        }
        ring[--head & ring.length - 1] = io;
    }

    /** Takes the first; the line must not be empty. */
    public BdevIo take() {
        // the slot keeps its reference: these objects live as long as their channel, and storing null costs a barrier
        return ring[head++ & ring.length - 1];
    }

    /**
     * Takes one out of the line wherever it is.
     *
     * @return whether it was there
     */
    public boolean remove(BdevIo io) {
        int mask = ring.length - 1;
        for (int at = head; at != tail; at++) {
            if (ring[at & mask] == io) {
                // those before it move up by one, so that whoever counts down from the head never meets one twice
                for (int to = at; to != head; to--) {
                    ring[to & mask] = ring[to - 1 & mask];
                }
                head++;
                return true;
            }
        }
        return false;
    }

    private void grow() {
        int size = tail - head;
        int mask = ring.length - 1;
        BdevIo[] more = Arrays.copyOf(ring, ring.length * 2);
        for (int i = 0; i < size; i++) {
            more[i] = ring[head + i & mask];
        }
        ring = more;
        head = 0;
        tail = size;
    }
}
