package io.cairn.module.raid.level;

import io.cairn.bdev.IoVector;
import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;

/** Sums of strips. */
final class Parity {
    private Parity() {}

    /** Adds the pieces of a strip to a sum, or begins the sum with them. */
    static void add(IoVector strip, IoBuffer sum, boolean first) {
        int at = 0;
        for (int i = 0; i < strip.count(); i++) {
            if (first) {
                strip.buffer(i).copyTo(strip.offset(i), sum, at, strip.length(i));
            } else {
                add(strip.buffer(i), strip.offset(i), sum, at, strip.length(i));
            }
            at += strip.length(i);
        }
    }

    /** Adds bytes to a sum. */
    static void add(IoBuffer from, int fromAt, IoBuffer sum, int at, int length) {
        ByteBuffer source = from.bytes();
        ByteBuffer target = sum.bytes();
        int whole = length & -Long.BYTES;
        for (int i = 0; i < whole; i += Long.BYTES) {
            target.putLong(at + i, target.getLong(at + i) ^ source.getLong(fromAt + i));
        }
        for (int i = whole; i < length; i++) {
            target.put(at + i, (byte) (target.get(at + i) ^ source.get(fromAt + i)));
        }
    }
}
