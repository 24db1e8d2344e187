package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    @Test
    void aBufferThatCameBackIsTakenAgain() {
        BufferPool pool = new BufferPool(4 << 20);
        IoBuffer first = pool.take(5000);
        assertThat(first.capacity()).isEqualTo(8192);
        assertThat(pool.lentBytes()).isEqualTo(8192);
        pool.give(first);
        assertThat(pool.lentBytes()).isZero();
        assertThat(pool.take(8192)).isSameAs(first);
        assertThat(pool.take(8192)).isNotSameAs(first);
        assertThat(pool.allocatedBytes()).isEqualTo(2 * 8192);
    }

    @Test
    void aFullPoolGivesNothingUntilSomethingComesBack() {
        BufferPool pool = new BufferPool(2 << 20);
        IoBuffer first = pool.take(BufferPool.LARGEST);
        IoBuffer second = pool.take(BufferPool.LARGEST);
        assertThat(pool.take(1)).isNull();
        List<String> told = new ArrayList<>();
        BufferPool.Waiter gone = () -> told.add("gone");
        pool.await(() -> told.add("first"));
        pool.await(gone);
        pool.await(() -> told.add("second"));
        pool.forget(gone);
        pool.give(first);
        assertThat(told).containsExactly("first");
        pool.give(second);
        assertThat(told).containsExactly("first", "second");
    }

    @Test
    void whoHasNoUseForABufferPassesItOn() {
        BufferPool pool = new BufferPool(1 << 20);
        IoBuffer only = pool.take(BufferPool.LARGEST);
        List<String> told = new ArrayList<>();
        pool.await(() -> {
            told.add("first");
            pool.passOn();
        });
        pool.await(() -> told.add("second"));
        pool.give(only);
        assertThat(told).containsExactly("first", "second");
        pool.passOn();
    }

    @Test
    void whatIsFreeInOneSizeIsUsedForAnother() {
        BufferPool pool = new BufferPool(1 << 20);
        List<IoBuffer> small = new ArrayList<>();
        IoBuffer buffer;
        while ((buffer = pool.take(4096)) != null) {
            small.add(buffer);
        }
        assertThat(small).hasSize(256);
        small.forEach(pool::give);
        assertThat(pool.take(BufferPool.LARGEST)).isNotNull();
        assertThat(pool.allocatedBytes()).isEqualTo(1 << 20);
        assertThat(pool.take(4096)).isNull();
    }

    @Test
    void sizesOutsideOfThePoolsAreRefused() {
        BufferPool pool = new BufferPool(1 << 20);
        assertThatThrownBy(() -> pool.take(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pool.take(BufferPool.LARGEST + 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BufferPool(1)).isInstanceOf(IllegalArgumentException.class);
    }

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
