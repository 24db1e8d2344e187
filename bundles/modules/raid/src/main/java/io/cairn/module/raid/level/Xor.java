package io.cairn.module.raid.level;

import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/**
 * The XOR of ranges of memory. One thread at a time; allocates nothing after it was made, blocks nowhere.
 *
 * <p>Up to four sources are read in one pass, so that the sum is not read and written again for each. Ranges that begin at multiples of 8 bytes, as those of
 * whole blocks do, are worked on in words; others byte by byte. {@code itests/bench/README.md} says why in words and not in vectors.
 */
public final class Xor {
    private static final int WORD = Long.BYTES;
    /** The most sources in one pass. */
    private static final int WIDEST = 4;

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

    /** Forgets the sources. */
    public Xor clear() {
        count = 0;
        return this;
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
     * @throws IndexOutOfBoundsException a range is not within its memory; the target may have been changed
     */
    public void into(IoBuffer target, int offset, int length) {
        if (count == 0) {
            throw new IllegalStateException("the XOR of nothing");
        }
        int own = indexOf(target);
        if (own > 0) {
            // what the target holds is read in the first pass, before it is written
            swap(0, own);
        }
        int first = Math.min(WIDEST, count);
        pass(0, first, target, offset, length);
        for (int from = first - 1; from + 1 < count; from += WIDEST - 1) {
            // the sum so far takes the place of a source that has been used
            buffers[from] = target;
            offsets[from] = offset;
            pass(from, Math.min(WIDEST, count - from), target, offset, length);
        }
        count = 0;
    }

    /** Adds a source to a sum: target := target XOR source. */
    public static void add(IoBuffer source, int from, IoBuffer target, int at, int length) {
        if (((from | at) & WORD - 1) == 0) {
            LongBuffer sum = target.longs();
            int words = length / WORD;
            words2(sum, at / WORD, source.longs(), from / WORD, sum, at / WORD, words);
            bytes(source, from, target, at, words * WORD, length);
        } else {
            bytes(source, from, target, at, 0, length);
        }
    }

    private void pass(int from, int sources, IoBuffer target, int at, int length) {
        int misaligned = at;
        for (int i = from; i < from + sources; i++) {
            misaligned |= offsets[i];
        }
        int words = (misaligned & WORD - 1) == 0 ? length / WORD : 0;
        if (words > 0) {
            words(from, sources, target.longs(), at / WORD, words);
        }
        for (int i = words * WORD; i < length; i++) {
            byte sum = 0;
            for (int k = from; k < from + sources; k++) {
                sum ^= buffers[k].bytes().get(offsets[k] + i);
            }
            target.bytes().put(at + i, sum);
        }
    }

    private void words(int k, int sources, LongBuffer sum, int at, int words) {
        switch (sources) {
            case 1 -> sum.put(at, longs(k), word(k), words);
            case 2 -> words2(longs(k), word(k), longs(k + 1), word(k + 1), sum, at, words);
            case 3 -> words3(longs(k), word(k), longs(k + 1), word(k + 1), longs(k + 2), word(k + 2), sum, at, words);
            default ->
                words4(
                        longs(k),
                        word(k),
                        longs(k + 1),
                        word(k + 1),
                        longs(k + 2),
                        word(k + 2),
                        longs(k + 3),
                        word(k + 3),
                        sum,
                        at,
                        words);
        }
    }

    private LongBuffer longs(int source) {
        return buffers[source].longs();
    }

    private int word(int source) {
        return offsets[source] / WORD;
    }

    private static void words2(LongBuffer a, int atA, LongBuffer b, int atB, LongBuffer sum, int at, int words) {
        for (int i = 0; i < words; i++) {
            sum.put(at + i, a.get(atA + i) ^ b.get(atB + i));
        }
    }

    private static void words3(
            LongBuffer a, int atA, LongBuffer b, int atB, LongBuffer c, int atC, LongBuffer sum, int at, int words) {
        for (int i = 0; i < words; i++) {
            sum.put(at + i, a.get(atA + i) ^ b.get(atB + i) ^ c.get(atC + i));
        }
    }

    private static void words4(
            LongBuffer a,
            int atA,
            LongBuffer b,
            int atB,
            LongBuffer c,
            int atC,
            LongBuffer d,
            int atD,
            LongBuffer sum,
            int at,
            int words) {
        for (int i = 0; i < words; i++) {
            sum.put(at + i, a.get(atA + i) ^ b.get(atB + i) ^ c.get(atC + i) ^ d.get(atD + i));
        }
    }

    private static void bytes(IoBuffer source, int from, IoBuffer target, int at, int begin, int end) {
        ByteBuffer a = source.bytes();
        ByteBuffer sum = target.bytes();
        for (int i = begin; i < end; i++) {
            sum.put(at + i, (byte) (sum.get(at + i) ^ a.get(from + i)));
        }
    }

    private int indexOf(IoBuffer target) {
        for (int i = 0; i < count; i++) {
            if (buffers[i] == target) {
                return i;
            }
        }
        return -1;
    }

    private void swap(int i, int k) {
        IoBuffer buffer = buffers[i];
        int offset = offsets[i];
        buffers[i] = buffers[k];
        offsets[i] = offsets[k];
        buffers[k] = buffer;
        offsets[k] = offset;
    }
}
