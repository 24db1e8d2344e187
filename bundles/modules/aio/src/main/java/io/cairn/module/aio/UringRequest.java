package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;
import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A request on a ring. */
final class UringRequest extends FileRequest {
    /** The most pieces of memory that one request takes. */
    static final int MOST_SEGMENTS = 64;

    /** What the ring knows the request by, for cancelling it. */
    long token;

    /** What the kernel answered last. */
    int answer;

    /** Whether it is out on the ring as something that keeps others from writing, see {@link InPlaceTransfer#isExclusive}. */
    boolean exclusive;

    /** Whether its last answer did not come from the ring. */
    boolean doneInPlace;

    /** For transfers in place. */
    final PieceViews views = new PieceViews();

    private IoBuffer segments;

    UringRequest(int index) {
        super(index);
    }

    /** Describes the I/O's pieces of memory to the kernel, without the bytes that are done already; returns how many are left. */
    int describeSegments() {
        if (segments == null) {
            segments = IoBuffer.allocate(MOST_SEGMENTS * LinuxAbi.IOVEC_SIZE);
            segments.bytes().order(ByteOrder.nativeOrder());
        }
        ByteBuffer out = segments.bytes();
        BdevIo data = io;
        long skip = done;
        int used = 0;
        for (int i = 0; i < data.segments(); i++) {
            int length = data.segmentLength(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int at = used++ * LinuxAbi.IOVEC_SIZE;
            out.putLong(at, data.segmentBuffer(i).address() + data.segmentOffset(i) + skip);
            out.putLong(at + Long.BYTES, length - skip);
            skip = 0;
        }
        return used;
    }

    /** Returns where the description is. */
    long segmentsAddress() {
        return segments.address();
    }

    /** Gives the memory of the description back. */
    void release() {
        if (segments != null) {
            segments.free();
            segments = null;
        }
    }
}
