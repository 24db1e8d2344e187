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
    void whoStillLacksMemoryKeepsItsPlaceAndLetsTheNextTry() {
        BufferPool pool = new BufferPool(2 << 20);
        IoBuffer large = pool.take(BufferPool.LARGEST);
        List<IoBuffer> small = takeAll(pool, 4096);
        List<String> got = new ArrayList<>();
        pool.await(new Taker(pool, BufferPool.LARGEST, "large", got));
        pool.await(new Taker(pool, 4096, "first small", got));
        pool.await(new Taker(pool, 4096, "second small", got));
        pool.give(small.remove(0));
        assertThat(got).containsExactly("first small");
        pool.give(small.remove(0));
        assertThat(got).containsExactly("first small", "second small");
        pool.await(new Taker(pool, 4096, "third small", got));
        pool.give(large);
        assertThat(got).containsExactly("first small", "second small", "large");
        pool.give(small.remove(0));
        assertThat(got).containsExactly("first small", "second small", "large", "third small");
    }

    @Test
    void nobodyIsToldTwiceOfTheSameBuffer() {
        BufferPool pool = new BufferPool(1 << 20);
        List<IoBuffer> small = takeAll(pool, 4096);
        List<String> told = new ArrayList<>();
        awaitAgain(pool, "first", told);
        awaitAgain(pool, "second", told);
        pool.give(small.remove(0));
        pool.passOn();
        pool.passOn();
        assertThat(told).containsExactly("first", "second");
        pool.give(small.remove(0));
        assertThat(told).containsExactly("first", "second", "first", "second");
    }

    @Test
    void whatComesBackFromInsideAWaitersCallIsToldToo() {
        BufferPool pool = new BufferPool(1 << 20);
        List<IoBuffer> small = takeAll(pool, 4096);
        List<String> got = new ArrayList<>();
        pool.await(new Taker(pool, 8192, "larger", got));
        pool.await(() -> {
            got.add("giver");
            pool.give(small.remove(0));
        });
        pool.give(small.remove(0));
        assertThat(got).containsExactly("giver", "larger");
    }

    @Test
    void whoIsForgottenIsNotToldWhereverItStands() {
        BufferPool pool = new BufferPool(1 << 20);
        List<IoBuffer> small = takeAll(pool, 4096);
        List<String> told = new ArrayList<>();
        Taker lacking = new Taker(pool, BufferPool.LARGEST, "lacking", told);
        Taker untold = new Taker(pool, 4096, "untold", told);
        Taker newcomer = new Taker(pool, 4096, "newcomer", told);
        pool.await(lacking);
        pool.await(new Taker(pool, 4096, "taker", told));
        pool.await(untold);
        pool.give(small.remove(0));
        pool.await(newcomer);
        pool.forget(lacking);
        pool.forget(untold);
        pool.forget(newcomer);
        while (!small.isEmpty()) {
            pool.give(small.remove(0));
        }
        assertThat(told).containsExactly("taker");
    }

    private static List<IoBuffer> takeAll(BufferPool pool, int bytes) {
        List<IoBuffer> all = new ArrayList<>();
        IoBuffer buffer;
        while ((buffer = pool.take(bytes)) != null) {
            all.add(buffer);
        }
        return all;
    }

    private static void awaitAgain(BufferPool pool, String name, List<String> told) {
        pool.await(new BufferPool.Waiter() {
            @Override
            public void bufferAvailable() {
                told.add(name);
                pool.await(this);
            }
        });
    }

    /** Takes a buffer when it can, and waits as long as it cannot. */
    private record Taker(BufferPool pool, int bytes, String name, List<String> got) implements BufferPool.Waiter {
        @Override
        public void bufferAvailable() {
            if (pool.take(bytes) == null) {
                pool.await(this);
            } else {
                got.add(name);
            }
        }
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
