package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.unix.Buffer;
import org.junit.jupiter.api.Test;

class IoBufferTest {
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

    @Test
    void nothingOfNoSizeIsAllocated() {
        assertThatThrownBy(() -> IoBuffer.allocate(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
