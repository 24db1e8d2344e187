package io.cairn.bdev;

import io.cairn.reactor.IoBuffer;
import java.util.Arrays;

/**
 * Pieces of memory that are one I/O's data, in order. Reused by its owner; must not be changed while an I/O uses it.
 */
public final class IoVector {
    private IoBuffer[] buffers = new IoBuffer[8];
    private int[] offsets = new int[8];
    private int[] lengths = new int[8];
    private int count;
    private long total;

    /** Forgets all pieces. */
    public IoVector clear() {
        Arrays.fill(buffers, 0, count, null);
        count = 0;
        total = 0;
        return this;
    }

    /** Adds a piece. */
    public IoVector add(IoBuffer buffer, int offset, int length) {
        if (offset < 0 || length < 1 || offset > buffer.capacity() - length) {
            throw new IllegalArgumentException(
                    "piece [" + offset + ", +" + length + "] of a buffer of " + buffer.capacity() + " bytes");
        }
        if (count == buffers.length) {
            buffers = Arrays.copyOf(buffers, count * 2);
            offsets = Arrays.copyOf(offsets, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        buffers[count] = buffer;
        offsets[count] = offset;
        lengths[count] = length;
        count++;
        total += length;
        return this;
    }

    /** Returns the number of pieces. */
    public int count() {
        return count;
    }

    /** Returns the bytes of all pieces. */
    public long totalLength() {
        return total;
    }

    /** Returns the memory of piece i. */
    public IoBuffer buffer(int i) {
        return buffers[i];
    }

    /** Returns where piece i starts in its memory. */
    public int offset(int i) {
        return offsets[i];
    }

    /** Returns the bytes of piece i. */
    public int length(int i) {
        return lengths[i];
    }
}
