package io.cairn.module.raid.level;

import io.cairn.bdev.IoVector;
import io.cairn.reactor.IoBuffer;

/** Sums of strips that lie in several pieces each. One reactor; allocates nothing after it was made. */
final class Parity {
    private final Xor xor;
    private final IoVector[] strips;
    private final int[] pieces;
    private final int[] offsets;
    private int count;

    /**
     * Makes one.
     *
     * @param mostStrips how many are summed at most
     */
    Parity(int mostStrips) {
        xor = new Xor(Math.max(2, mostStrips));
        strips = new IoVector[mostStrips];
        pieces = new int[mostStrips];
        offsets = new int[mostStrips];
    }

    /** Adds a strip to those whose sum is to be worked out. */
    void add(IoVector strip) {
        strips[count] = strip;
        pieces[count] = 0;
        offsets[count] = 0;
        count++;
    }

    /**
     * Works out the sum of the strips, and forgets them.
     *
     * @param bytes of each strip
     */
    void into(IoBuffer sum, int bytes) {
        int done = 0;
        while (done < bytes) {
            int length = bytes - done;
            for (int i = 0; i < count; i++) {
                length = Math.min(length, strips[i].length(pieces[i]) - offsets[i]);
            }
            for (int i = 0; i < count; i++) {
                xor.add(strips[i].buffer(pieces[i]), strips[i].offset(pieces[i]) + offsets[i]);
                offsets[i] += length;
                if (offsets[i] == strips[i].length(pieces[i])) {
                    offsets[i] = 0;
                    pieces[i]++;
                }
            }
            xor.into(sum, done, length);
            done += length;
        }
        count = 0;
    }

    /** Adds bytes to a sum. */
    void add(IoBuffer from, int fromAt, IoBuffer sum, int at, int length) {
        xor.add(sum, at).add(from, fromAt).into(sum, at, length);
    }
}
