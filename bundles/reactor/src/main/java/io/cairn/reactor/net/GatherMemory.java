package io.cairn.reactor.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;

/** A {@code struct msghdr} with its {@code iovec}s (64-bit Linux), for one gathering send at a time. */
final class GatherMemory {
    /** The most pieces of one send. */
    static final int PIECES = 64;

    private static final int POINTER = 8;
    private static final int HEADER = 7 * POINTER;
    private static final int HEADER_VECTORS = 2 * POINTER;
    private static final int HEADER_VECTOR_COUNT = 3 * POINTER;
    private static final int VECTOR = 2 * POINTER;

    private final ByteBuf memory = UnpooledByteBufAllocator.DEFAULT.directBuffer(HEADER + PIECES * VECTOR);

    GatherMemory() {
        memory.setZero(0, memory.capacity());
        setNativeLong(HEADER_VECTORS, memory.memoryAddress() + HEADER);
    }

    /** Describes the first pieces of a queue and returns the address of the header. */
    long describe(OutputQueue output, int pieces) {
        for (int i = 0; i < pieces; i++) {
            int at = HEADER + i * VECTOR;
            setNativeLong(at, output.buffer(i).address() + output.offset(i));
            setNativeLong(at + POINTER, output.length(i));
        }
        setNativeLong(HEADER_VECTOR_COUNT, pieces);
        return memory.memoryAddress();
    }

    /** Netty has ring natives for little-endian processors only. */
    private void setNativeLong(int index, long value) {
        memory.setLongLE(index, value);
    }

    void free() {
        memory.release();
    }
}
