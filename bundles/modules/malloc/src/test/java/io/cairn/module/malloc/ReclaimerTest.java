package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.sim.SimulatedReactors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReclaimerTest {
    private final SimulatedReactors reactors = new SimulatedReactors(3, 1);
    private final ChunkPool pool = new ChunkPool(1 << 30, bytes -> true, IoBuffer.allocate(ChunkPool.CHUNK_SIZE));
    private final List<Runnable> freeings = new ArrayList<>();
    private final IoDevice<Reactor> users = new IoDevice<>("users", reactors, new IoDevice.Channels<>() {
        @Override
        public Reactor open(Reactor reactor) {
            return reactor;
        }

        @Override
        public void close(Reactor channel) {}
    });

    @Test
    void aChunkIsFreedOnlyAfterEveryReactorHasPassed() {
        Reactor mine = reactors.all().get(1);
        Reactor other = reactors.all().get(2);
        List<String> order = new ArrayList<>();
        Reclaimer reclaimer = new Reclaimer(mine, users, free -> order.add("freed"));
        reactors.on(mine, () -> {
            users.acquire(mine);
            reclaimer.retire(pool.take(), pool);
            // what the other reactor was sent before is a copy that may still touch the chunk
            for (int i = 0; i < 5; i++) {
                other.execute(() -> order.add("copied"));
            }
        });
        reactors.runUntilIdle();

        assertThat(order).containsExactly("copied", "copied", "copied", "copied", "copied", "freed");
    }

    @Test
    void whatIsRetiredMeanwhileIsFreedInTheNextRound() {
        Reactor mine = reactors.all().get(0);
        Reclaimer reclaimer = new Reclaimer(mine, users, freeings::add);
        reactors.on(mine, () -> {
            reclaimer.retire(pool.take(), pool);
            mine.defer(() -> mine.defer(() -> reclaimer.retire(pool.take(), pool)));
        });
        reactors.runUntilIdle();

        assertThat(freeings).hasSize(2);
        freeings.forEach(Runnable::run);
    }
}
