package io.cairn.reactor;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;

/**
 * Memory that I/O is done from and to: off-heap, zeroed when allocated, aligned to {@value #ALIGNMENT} bytes so that
 * {@code O_DIRECT} accepts it.
 *
 * <p>Content is reached by absolute positions through {@link #bytes()}, whose own position and limit nobody moves: one
 * buffer may be shared by several I/Os at different offsets. The class does no locking; whoever holds the memory of an
 * I/O in flight owns it. Bytes are big-endian unless the reader says otherwise.
 *
 * <p>{@link #free()} gives the memory back at once (where Netty may not use {@code Unsafe}, as on JDK 24 and later by default, the
 * collector does later). Touching a freed buffer is a defect that can end the process, so a buffer is freed only by its single
 * owner after its last I/O completed. The memory of a buffer that is merely dropped is freed by the garbage collector, but up to
 * JDK 23 Netty goes on counting it against {@code io.netty.maxDirectMemory} (the JVM's limit, if it is not set), and
 * refuses at last. So whoever allocates frees. With {@code 0} Netty does not count and the JVM's own limit holds, which follows the
 * collector: tests run so, since a power cut drops what was lent out.
 */
public final class IoBuffer {
    /** Alignment of the first byte. Satisfies the direct I/O of every Linux block device and file system in use. */
    public static final int ALIGNMENT = 4096;

    private static final long HUGE_PAGE = 2 << 20;

    /** More than what the C library and the JDK put in front of an allocation. */
    private static final long HEADERS = 64;

    /** What an allocation may be larger, as a part of it, so that it fills huge pages. */
    private static final int LARGEST_REST = 32;

    /** Memory that the JDK zeroes and that the garbage collector frees if nobody else does: so no leak is to be reported. */
    private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true, false);

    private final ByteBuf memory;
    private final ByteBuffer bytes;
    private final long address;

    private IoBuffer(ByteBuf memory, ByteBuffer bytes) {
        this.memory = memory;
        this.bytes = bytes;
        this.address = addressOf(memory, bytes);
    }

    /**
     * Allocates zeroed memory. May block for the operating system; not for the I/O path.
     *
     * <p>Linux lets a mapping begin at a huge page (2 MiB on x86) only if its length is a multiple of one. So what is a little less than such a
     * multiple takes all of it: a 32nd more at most. With a chunk of 64 KiB less than 2, 4, 8 MiB and so on it does.
     *
     * @param capacity size in bytes, at least 1
     * @return the buffer
     * @throws OutOfMemoryError if the process's limit for direct memory is reached
     */
    public static IoBuffer allocate(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is not positive");
        }
        ByteBuf memory = ALLOCATOR.directBuffer(sizeFor(Math.addExact(capacity, ALIGNMENT)));
        // Netty zeroes or not, depending on how the JVM was started; what an earlier owner left must never be read
        memory.setZero(0, memory.capacity());
        ByteBuffer whole = memory.internalNioBuffer(0, memory.capacity());
        int skip = whole.alignmentOffset(0, ALIGNMENT);
        ByteBuffer bytes = whole.slice(whole.position() + (skip == 0 ? 0 : ALIGNMENT - skip), capacity);
        return new IoBuffer(memory, bytes);
    }

    private static int sizeFor(int least) {
        long pages = (least + HEADERS + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE - HEADERS;
        return pages - least <= least / LARGEST_REST && pages <= Integer.MAX_VALUE ? (int) pages : least;
    }

    private static long addressOf(ByteBuf memory, ByteBuffer bytes) {
        if (!memory.hasMemoryAddress()) {
            return 0;
        }
        long start = memory.memoryAddress();
        long aligned = (start + ALIGNMENT - 1) & -ALIGNMENT;
        assert aligned + bytes.capacity() <= start + memory.capacity();
        return aligned;
    }

    /** Returns the content, for absolute access; never move its position or limit. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Returns the size in bytes. */
    public int capacity() {
        return bytes.capacity();
    }

    /** Returns the address of the first byte for the kernel, or 0 where the run time does not tell addresses. */
    public long address() {
        return address;
    }

    /** Gives the memory back. To be called once, by the owner, when no I/O uses the buffer. */
    public void free() {
        memory.release();
    }

    /**
     * Copies bytes between buffers (or within one, overlapping or not).
     *
     * @param from first byte here
     * @param target where to
     * @param to first byte there
     * @param length number of bytes
     */
    public void copyTo(int from, IoBuffer target, int to, int length) {
        target.bytes.put(to, bytes, from, length);
    }
}
