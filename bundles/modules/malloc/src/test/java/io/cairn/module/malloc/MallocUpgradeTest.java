package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.ModuleUpgrades.Report;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.Submission;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A malloc disk keeps its contents while its module is exchanged under random I/O, again and again. */
class MallocUpgradeTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 512;
    private static final int DEPTH = 16;

    /** Writes and reads back on one reactor, one I/O per block at a time. */
    private static final class Load implements IoCompletion {
        private final Reactor reactor;
        private final BdevChannel channel;
        private final Random random;
        private final IoBuffer memory = IoBuffer.allocate(DEPTH * BLOCK);
        private final int[] expected = new int[BLOCKS];
        private final int from;
        private final int to;
        private final boolean[] busy = new boolean[BLOCKS];
        private int stamp = 1;
        private int out;
        private long done;
        private String fault;
        private boolean stopped;

        /** One place in memory with the block that it is for. */
        private record Place(int slot, int block, int value, boolean writes) {}

        Load(BdevDescriptor descriptor, Reactor reactor, int from, int to, long seed) {
            this.reactor = reactor;
            this.channel = descriptor.openChannel();
            this.random = new Random(seed);
            this.from = from;
            this.to = to;
        }

        void start() {
            for (int slot = 0; slot < DEPTH; slot++) {
                next(slot);
            }
        }

        private void next(int slot) {
            int block = from + random.nextInt(to - from);
            while (busy[block]) {
                block = from + random.nextInt(to - from);
            }
            boolean writes = random.nextBoolean();
            Place place = new Place(slot, block, writes ? stamp++ : expected[block], writes);
            busy[block] = true;
            out++;
            Submission answer;
            if (writes) {
                memory.bytes().putInt(slot * BLOCK, place.value());
                memory.bytes().putInt((slot + 1) * BLOCK - 4, place.value());
                answer = channel.write(memory, slot * BLOCK, block, 1, this, place);
            } else {
                answer = channel.read(memory, slot * BLOCK, block, 1, this, place);
            }
            assertThat(answer).isEqualTo(Submission.ACCEPTED);
        }

        @Override
        public void onComplete(BdevIo io) {
            Place place = (Place) io.cookie();
            out--;
            done++;
            if (!busy[place.block()]) {
                fault = "twice: " + io;
            }
            busy[place.block()] = false;
            int at = place.slot() * BLOCK;
            if (!io.status().isSuccess()) {
                fault = io + " ended with " + io.status();
            } else if (place.writes()) {
                expected[place.block()] = place.value();
            } else if (memory.bytes().getInt(at) != place.value()
                    || memory.bytes().getInt(at + BLOCK - 4) != place.value()) {
                fault = io + " read " + memory.bytes().getInt(at) + " and not " + place.value();
            }
            if (!stopped) {
                reactor.execute(() -> next(place.slot()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void keepsItsContents(long seed) {
        TestCore core = TestCore.simulated(seed, 3);
        MallocModule module = new MallocModule();
        core.add(module);
        String uuid = "7c4a1e2e-0000-4000-8000-00000000000" + seed;
        Map<String, Object> create =
                new HashMap<>(Map.of("name", "Malloc0", "block_size", BLOCK, "num_blocks", BLOCKS, "uuid", uuid));
        core.call("bdev_malloc_create", create);
        Load[] loads = new Load[2];
        BdevDescriptor descriptor = core.await(
                core.bdevs().open("Malloc0", OpenMode.WRITE, "test", (event, d) -> core.violation("" + event)));
        for (int i = 0; i < 2; i++) {
            int half = i * BLOCKS / 2;
            Reactor reactor = core.reactor(i + 1);
            loads[i] = core.on(reactor, () -> new Load(descriptor, reactor, half, half + BLOCKS / 2, seed));
            Load load = loads[i];
            core.on(reactor, () -> {
                load.start();
                return true;
            });
        }
        for (int round = 0; round < 20; round++) {
            long before = loads[0].done;
            core.until("I/O", () -> loads[0].done > before + 50);
            Hold hold = core.await(core.core().hold("malloc", Duration.ofSeconds(10)));
            core.remove(module);
            module = new MallocModule();
            // the stored configuration is replayed while the module is added
            core.add(module);
            Report report = core.await(hold.over());
            assertThat(report.adopted()).as(report.toString()).isEqualTo(List.of("Malloc0"));
        }
        for (Load load : loads) {
            load.stopped = true;
            core.until("the end of I/O", () -> load.out == 0);
            assertThat(load.fault).isNull();
            assertThat(load.done).isGreaterThan(500);
        }
        for (Load load : loads) {
            core.on(load.reactor, () -> {
                load.channel.close();
                return true;
            });
        }
        descriptor.close();
        core.call("bdev_malloc_delete", Map.of("name", "Malloc0"));
        core.assertNothingOut();
        core.assertNoViolations();
        core.close();
    }
}
