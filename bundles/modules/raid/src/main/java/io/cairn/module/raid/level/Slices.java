package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoVector;

/** Cuts the memory of an I/O. */
final class Slices {
    private Slices() {}

    /** Adds the pieces of a range of an I/O's data, in bytes. */
    static void add(IoVector to, BdevIo io, long from, long length) {
        IoVector vector = io.vector();
        if (vector == null) {
            to.add(io.buffer(), io.bufferOffset() + (int) from, (int) length);
            return;
        }
        long end = from + length;
        long start = 0;
        for (int i = 0; i < vector.count() && start < end; i++) {
            int size = vector.length(i);
            long begin = Math.max(from, start);
            long stop = Math.min(end, start + size);
            if (begin < stop) {
                to.add(vector.buffer(i), vector.offset(i) + (int) (begin - start), (int) (stop - begin));
            }
            start += size;
        }
    }
}
