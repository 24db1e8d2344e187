package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The pieces that wait to be sent, in order, with the memory for those that were copied. Allocates nothing once it
 * has grown to what the connection needs.
 */
final class OutputQueue {
    private static final int FIRST_CAPACITY = 16;
    private static final int COPY_AREA = 8192;

    private final Consumer<Object> released;
    private IoBuffer[] buffers = new IoBuffer[FIRST_CAPACITY];
    private Object[] cookies = new Object[FIRST_CAPACITY];
    private int[] offsets = new int[FIRST_CAPACITY];
    private int[] lengths = new int[FIRST_CAPACITY];
    private int head;
    private int count;
    private long bytes;
    private CopyArea area;

    /** Memory for copied bytes; the cookie of the pieces that lie in it. */
    private static final class CopyArea {
        private final IoBuffer memory = IoBuffer.allocate(COPY_AREA);
        private int used;
        private int unsent;
    }

    /**
     * Makes an empty queue.
     *
     * @param released told the cookie of each piece that has left
     */
    OutputQueue(Consumer<Object> released) {
        this.released = released;
    }

    int count() {
        return count;
    }

    long bytes() {
        return bytes;
    }

    /** Returns the memory of a waiting piece; 0 is the first. */
    IoBuffer buffer(int index) {
        return buffers[slot(index)];
    }

    int offset(int index) {
        return offsets[slot(index)];
    }

    int length(int index) {
        return lengths[slot(index)];
    }

    void add(IoBuffer buffer, int offset, int length, Object cookie) {
        if (count == buffers.length) {
            grow();
        }
        int slot = slot(count++);
        buffers[slot] = buffer;
        offsets[slot] = offset;
        lengths[slot] = length;
        cookies[slot] = cookie;
        bytes += length;
    }

    void addCopy(IoBuffer source, int offset, int length) {
        if (area == null || area.used + length > COPY_AREA) {
            // the area before this one is freed when its last piece has left
            area = new CopyArea();
        }
        source.copyTo(offset, area.memory, area.used, length);
        int last = slot(count - 1);
        if (count > 0 && cookies[last] == area && offsets[last] + lengths[last] == area.used) {
            lengths[last] += length;
            bytes += length;
        } else {
            add(area.memory, area.used, length, area);
        }
        area.used += length;
        area.unsent += length;
    }

    /** Takes sent bytes off the head; whole pieces that have left are released. */
    void sent(long amount) {
        long left = amount;
        while (left > 0) {
            int length = lengths[head];
            if (left < length) {
                offsets[head] += (int) left;
                lengths[head] = length - (int) left;
                bytes -= left;
                left(cookies[head], (int) left);
                return;
            }
            left -= length;
            releaseHead();
        }
    }

    /** Releases all that is left, unsent. */
    void drop() {
        while (count > 0) {
            releaseHead();
        }
        if (area != null) {
            area.memory.free();
            area = null;
        }
    }

    private void releaseHead() {
        Object cookie = cookies[head];
        int length = lengths[head];
        cookies[head] = null;
        buffers[head] = null;
        head = (head + 1) & (buffers.length - 1);
        count--;
        bytes -= length;
        if (cookie instanceof CopyArea) {
            left(cookie, length);
        } else if (cookie != null) {
            released.accept(cookie);
        }
    }

    private void left(Object cookie, int length) {
        if (cookie instanceof CopyArea from) {
            from.unsent -= length;
            if (from.unsent > 0) {
                return;
            }
            if (from == area) {
                from.used = 0;
            } else {
                from.memory.free();
            }
        }
    }

    private int slot(int index) {
        return (head + index) & (buffers.length - 1);
    }

    private void grow() {
        int capacity = buffers.length;
        IoBuffer[] moreBuffers = new IoBuffer[2 * capacity];
        Object[] moreCookies = new Object[2 * capacity];
        int[] moreOffsets = new int[2 * capacity];
        int[] moreLengths = new int[2 * capacity];
        for (int i = 0; i < count; i++) {
            int slot = slot(i);
            moreBuffers[i] = buffers[slot];
            moreCookies[i] = cookies[slot];
            moreOffsets[i] = offsets[slot];
            moreLengths[i] = lengths[slot];
        }
        Arrays.fill(buffers, null);
        buffers = moreBuffers;
        cookies = moreCookies;
        offsets = moreOffsets;
        lengths = moreLengths;
        head = 0;
    }
}
