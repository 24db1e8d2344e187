package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.netty.channel.unix.Buffer;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class IoBufferTest {
    private final BufferPoolMXBean direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();

    @Test
    void memoryIsAlignedZeroedAndWhereItsAddressSays() {
        for (int capacity : new int[] {1, 511, 4096, 4097, 1 << 20}) {
            IoBuffer buffer = IoBuffer.allocate(capacity);
            assertThat(buffer.capacity()).isEqualTo(capacity);
            assertThat(buffer.address() % IoBuffer.ALIGNMENT).isZero();
            assertThat(buffer.address()).isEqualTo(Buffer.memoryAddress(buffer.bytes()));
            for (int i = 0; i < capacity; i++) {
                assertThat(buffer.bytes().get(i)).isZero();
            }
            buffer.free();
        }
    }

    /** Linux lets a mapping begin at a huge page only if its length is a multiple of one. */
    @Test
    void whatIsALittleLessThanHugePagesTakesThemWhole() {
        int hugePage = 2 << 20;
        for (int pages : new int[] {1, 2, 4}) {
            long before = direct.getMemoryUsed();
            IoBuffer buffer = IoBuffer.allocate(pages * hugePage - (64 << 10));
            // small buffers of others may come and go meanwhile
            assertThat(direct.getMemoryUsed() - before).isCloseTo((long) pages * hugePage, within(16L << 10));
            assertThat(buffer.capacity()).isEqualTo(pages * hugePage - (64 << 10));
            assertThat(buffer.bytes().get(buffer.capacity() - 1)).isZero();
            buffer.free();
        }
    }

    @Test
    void whatIsNotTakesNoMoreThanItsAlignment() {
        long before = direct.getMemoryUsed();
        IoBuffer buffer = IoBuffer.allocate(8 << 20);
        assertThat(direct.getMemoryUsed() - before).isCloseTo((8L << 20) + IoBuffer.ALIGNMENT, within(16L << 10));
        buffer.free();
    }

    @Test
    void copiesWithinABufferMayOverlap() {
        IoBuffer buffer = IoBuffer.allocate(6);
        buffer.bytes().put(0, new byte[] {1, 2, 3, 4, 5, 6});
        buffer.copyTo(0, buffer, 2, 4);
        byte[] content = new byte[6];
        buffer.bytes().get(0, content);
        assertThat(content).containsExactly(1, 2, 1, 2, 3, 4);
        assertThat(buffer.bytes().position()).isZero();
        assertThat(buffer.bytes().limit()).isEqualTo(6);
    }

    /** A process whose power is cut in a test frees nothing. */
    @Test
    void memoryThatIsDroppedDoesNotCountForEver() {
        int size = 64 << 20;
        long limit = Runtime.getRuntime().maxMemory();
        for (long all = 0; all < limit + limit / 4; all += size) {
            assertThat(IoBuffer.allocate(size).capacity()).isEqualTo(size);
        }
    }

    @Test
    void nothingOfNoSizeIsAllocated() {
        assertThatThrownBy(() -> IoBuffer.allocate(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
