package io.cairn.module.raid.sync;

import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;

/** Looks at the content of buffers. Stateless. */
final class Content {
    private Content() {}

    /** Returns whether the first bytes are all zero. */
    static boolean isZero(IoBuffer buffer, int from, int length) {
        ByteBuffer bytes = buffer.bytes();
        // zero is what its predecessor is, and the first one is
        if (bytes.getLong(from) != 0) {
            return false;
        }
        return bytes.slice(from, length - Long.BYTES).mismatch(bytes.slice(from + Long.BYTES, length - Long.BYTES)) < 0;
    }

    static boolean equal(IoBuffer a, IoBuffer b, int from, int length) {
        return a.bytes().slice(from, length).mismatch(b.bytes().slice(from, length)) < 0;
    }

    /** Returns the first block that differs, counted from the start of the buffers; -1: none. */
    static int firstDifference(IoBuffer a, IoBuffer b, int fromBlock, int blocks, int blockSize) {
        int from = fromBlock * blockSize;
        int length = blocks * blockSize - from;
        if (length == 0) {
            return -1;
        }
        int at = a.bytes().slice(from, length).mismatch(b.bytes().slice(from, length));
        return at < 0 ? -1 : fromBlock + at / blockSize;
    }
}
