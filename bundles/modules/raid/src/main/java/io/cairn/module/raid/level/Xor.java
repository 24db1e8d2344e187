package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The XOR of ranges of memory, anywhere and of any length. One thread at a time; blocks nowhere, and allocates nothing after it was made.
 *
 * <p>Each source is read once and the target is written once, in chunks that are summed on the heap, in the cache of first level: there the compiler
 * makes vectors of the loop, which it does not over memory outside of the heap. {@code docs/decisions/0013-parity.md} has the figures.
 */
public final class Xor {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int WORD = Long.BYTES;
    /** Two of them, and what is prefetched of a source, fit 32 KiB with room to spare. */
    private static final int CHUNK = 4096;

    private final byte[] sum = new byte[CHUNK];
    private final byte[] piece = new byte[CHUNK];
    private final IoBuffer[] buffers;
    private final int[] offsets;
    private int count;

    /**
     * Makes one without sources.
     *
     * @param mostSources how many there can be
     */
    public Xor(int mostSources) {
        buffers = new IoBuffer[mostSources];
        offsets = new int[mostSources];
    }

    /**
     * Adds a source.
     *
     * @param offset where it begins, in bytes
     */
    public Xor add(IoBuffer source, int offset) {
        buffers[count] = source;
        offsets[count] = offset;
        count++;
        return this;
    }

    /**
     * Puts the XOR of the sources into a range of memory, and forgets the sources. With one source that is a copy.
     *
     * @param target may be a source as well, at the same offset; must not overlap with one otherwise
     * @param offset where the range begins, in bytes
     * @param length of the range and of each source, in bytes
     * @throws IndexOutOfBoundsException a range is not within its memory; the target may have been changed, and the sources are forgotten
     */
    public void into(IoBuffer target, int offset, int length) {
        int sources = count;
        count = 0;
        if (sources == 0) {
            throw new IllegalStateException("the XOR of nothing");
        }
        for (int done = 0; done < length; done += CHUNK) {
            int size = Math.min(CHUNK, length - done);
            buffers[0].bytes().get(offsets[0] + done, sum, 0, size);
            for (int i = 1; i < sources; i++) {
                buffers[i].bytes().get(offsets[i] + done, piece, 0, size);
                add(piece, sum, size);
            }
            target.bytes().put(offset + done, sum, 0, size);
        }
    }

    private static void add(byte[] piece, byte[] sum, int size) {
        // what is behind the last byte is of an earlier chunk, and nobody looks at it
        int end = (size + WORD - 1) & -WORD;
        for (int i = 0; i < end; i += WORD) {
            LONGS.set(sum, i, (long) LONGS.get(sum, i) ^ (long) LONGS.get(piece, i));
        }
    }
}
