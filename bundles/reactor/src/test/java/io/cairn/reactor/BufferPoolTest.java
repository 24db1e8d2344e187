package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BufferPoolTest {
    @Test
    void trimGivesBackWhatIsFreeAndLeavesWhatIsLent() {
        BufferPool pool = new BufferPool(1 << 20);
        IoBuffer lent = pool.take(8192);
        pool.give(pool.take(4096));
        pool.give(pool.take(65536));
        assertThat(pool.allocatedBytes()).isEqualTo(8192 + 4096 + 65536);

        pool.trim();

        assertThat(pool.allocatedBytes()).isEqualTo(8192);
        assertThat(pool.lentBytes()).isEqualTo(8192);
        lent.bytes().put(8191, (byte) 1);
        pool.give(lent);
        assertThat(pool.lentBytes()).isZero();
        assertThat(pool.take(8192)).isSameAs(lent);
    }
}
