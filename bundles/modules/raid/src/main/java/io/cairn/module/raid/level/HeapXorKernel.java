package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Sums chunks on the heap, in the cache of first level: there the compiler makes vectors of the loop, which it does not over memory outside of the
 * heap. Each source is read once and the target is written once.
 */
final class HeapXorKernel implements XorKernel {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int WORD = Long.BYTES;
    /** Two of them, and what is prefetched of a source, fit 32 KiB with room to spare. */
    private static final int CHUNK = 4096;

    private final byte[] sum = new byte[CHUNK];
    private final byte[] piece = new byte[CHUNK];

    @Override
    public void xor(IoBuffer[] sources, int[] offsets, int count, IoBuffer target, int offset, int length) {
        for (int done = 0; done < length; done += CHUNK) {
            int size = Math.min(CHUNK, length - done);
            sources[0].bytes().get(offsets[0] + done, sum, 0, size);
            for (int i = 1; i < count; i++) {
                sources[i].bytes().get(offsets[i] + done, piece, 0, size);
                add(piece, sum, size);
            }
            target.bytes().put(offset + done, sum, 0, size);
        }
    }

    @Override
    public String describe() {
        return "loops over chunks on the heap";
    }

    private static void add(byte[] piece, byte[] sum, int size) {
        // what is behind the last byte is of an earlier chunk, and nobody looks at it
        int end = (size + WORD - 1) & -WORD;
        for (int i = 0; i < end; i += WORD) {
            LONGS.set(sum, i, (long) LONGS.get(sum, i) ^ (long) LONGS.get(piece, i));
        }
    }
}
