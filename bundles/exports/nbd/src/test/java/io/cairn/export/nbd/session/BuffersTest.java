package io.cairn.export.nbd.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.sim.SimulatedReactors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BuffersTest {
    private static final int BUDGET = 8 << 20;

    private final SimulatedReactors reactors = new SimulatedReactors(1, 1);
    private final Reactor reactor = reactors.app();
    private final Buffers buffers = new Buffers(reactor, BUDGET);
    private final List<String> told = new ArrayList<>();

    private void onReactor(Runnable action) {
        reactor.execute(action);
        reactors.runUntilIdle();
    }

    private List<SharedBuffer> takeAll() {
        List<SharedBuffer> all = new ArrayList<>();
        SharedBuffer one;
        while ((one = buffers.take(BufferPool.LARGEST)) != null) {
            all.add(one);
        }
        return all;
    }

    @Test
    void longTransfersLeaveHalfToTheOthers() {
        List<SharedBuffer> large = new ArrayList<>();
        SharedBuffer one;
        while ((one = buffers.takeLarge(BufferPool.LARGEST)) != null) {
            large.add(one);
        }
        assertThat(large).hasSize(4);
        List<SharedBuffer> others = takeAll();
        assertThat(others).hasSize(4);
        onReactor(() -> others.forEach(SharedBuffer::release));
        assertThat(buffers.takeLarge(4096)).isNull();
        onReactor(() -> large.forEach(SharedBuffer::release));
        assertThat(buffers.takeLarge(BufferPool.LARGEST)).isNotNull();
    }

    @Test
    void whatIsPromisedIsThereForWhoeverItWasPromisedTo() {
        int transfer = (5 << 19) + 1000;
        int room = (5 << 19) + 4096;
        assertThat(buffers.promise(transfer)).isTrue();
        assertThat(buffers.promise(transfer)).as("more than half").isFalse();
        buffers.await(() -> told.add(buffers.promise(transfer) ? "promised" : "not yet"));
        List<SharedBuffer> taken = new ArrayList<>();
        onReactor(() -> {
            taken.add(buffers.takePromised(BufferPool.LARGEST));
            taken.add(buffers.takePromised(BufferPool.LARGEST));
            takeAll().forEach(SharedBuffer::release);
        });
        assertThat(told).containsExactly("not yet");
        assertThat(reactor.buffers().lentBytes()).isEqualTo(2 << 20);

        buffers.await(() -> told.add(buffers.promise(transfer) ? "promised" : "not yet"));
        onReactor(() -> buffers.breakPromise(transfer - (2 << 20)));
        assertThat(told).containsExactly("not yet", "not yet");
        buffers.await(() -> told.add(buffers.promise(transfer) ? "promised" : "not yet"));
        onReactor(() -> taken.forEach(SharedBuffer::release));
        assertThat(told).containsExactly("not yet", "not yet", "promised");
        assertThat(takeAll()).as("beside the promise").hasSize((BUDGET - room) / BufferPool.LARGEST);
    }

    @Test
    void whoHasNoUseForWhatCameBackDoesNotKeepItFromTheNext() {
        List<SharedBuffer> all = takeAll();
        List<SharedBuffer> got = new ArrayList<>();
        buffers.await(() -> told.add("needs none"));
        buffers.await(() -> got.add(buffers.take(BufferPool.LARGEST)));
        onReactor(() -> {
            all.get(0).release();
            assertThat(told).isEmpty();
        });
        assertThat(told).containsExactly("needs none");
        assertThat(got).hasSize(1).doesNotContainNull();
    }

    @Test
    void whoStillLacksMemoryKeepsItsPlaceInTheLine() {
        List<SharedBuffer> all = takeAll();
        awaitAgain("first");
        awaitAgain("second");
        onReactor(() -> all.get(0).release());
        onReactor(() -> all.get(1).release());
        assertThat(told).containsExactly("first", "second", "first", "second");
    }

    private void awaitAgain(String name) {
        buffers.await(() -> {
            told.add(name);
            awaitAgain(name);
        });
    }

    @Test
    void thePoolsMemoryGoesToOthersWhenNobodyHereNeedsIt() {
        List<IoBuffer> elsewhere = new ArrayList<>();
        IoBuffer one;
        while ((one = reactor.buffers().take(BufferPool.LARGEST)) != null) {
            elsewhere.add(one);
        }
        assertThat(buffers.take(4096)).isNull();
        BufferPool.Waiter refused = () -> told.add("refused");
        buffers.await(refused);
        buffers.forget(refused);
        reactor.buffers().await(() -> told.add("elsewhere"));
        onReactor(() -> reactor.buffers().give(elsewhere.get(0)));
        assertThat(told).containsExactly("elsewhere");
    }

    @Test
    void thePoolsMemoryIsTakenAndTheRestPassedOn() {
        List<IoBuffer> elsewhere = new ArrayList<>();
        IoBuffer one;
        while ((one = reactor.buffers().take(BufferPool.LARGEST)) != null) {
            elsewhere.add(one);
        }
        assertThat(buffers.take(4096)).isNull();
        buffers.await(() -> told.add(buffers.take(4096) == null ? "nothing" : "here"));
        reactor.buffers().await(() -> told.add("elsewhere"));
        onReactor(() -> reactor.buffers().give(elsewhere.get(0)));
        assertThat(told).containsExactly("here", "elsewhere");
    }

    @Test
    void thePoolsMemoryThatIsTooLittleHereIsPassedOn() {
        List<IoBuffer> elsewhere = new ArrayList<>();
        IoBuffer one;
        while ((one = reactor.buffers().take(4096)) != null) {
            elsewhere.add(one);
        }
        assertThat(buffers.take(BufferPool.LARGEST)).isNull();
        buffers.await(() -> told.add(buffers.take(BufferPool.LARGEST) == null ? "too little" : "enough"));
        reactor.buffers().await(() -> told.add("elsewhere"));
        onReactor(() -> reactor.buffers().give(elsewhere.get(0)));
        assertThat(told).containsExactly("too little", "elsewhere");
    }
}
