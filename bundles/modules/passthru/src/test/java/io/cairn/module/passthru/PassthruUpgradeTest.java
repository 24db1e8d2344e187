package io.cairn.module.passthru;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.ModuleUpgrades.Report;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The module in the middle of a stack is exchanged: passthru on passthru on a simulated disk. */
class PassthruUpgradeTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 64;
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final List<BdevEvent> events = new ArrayList<>();
    private PassthruModule module = new PassthruModule();

    /** Writes a stamp into every block in turn and reads it back, one I/O per block at a time. */
    private static final class Load implements IoCompletion {
        private final Reactor reactor;
        private final BdevChannel channel;
        private final Random random;
        private final IoBuffer memory = IoBuffer.allocate(BLOCKS * BLOCK);
        private final int[] stamps = new int[BLOCKS];
        private final boolean[] writes = new boolean[BLOCKS];
        private final boolean[] out = new boolean[BLOCKS];
        private boolean stopped;
        private long done;
        private String fault;

        Load(BdevDescriptor descriptor, Reactor reactor, long seed) {
            this.reactor = reactor;
            this.channel = descriptor.openChannel();
            this.random = new Random(seed);
            for (int block = 0; block < BLOCKS; block++) {
                next(block);
            }
        }

        private void next(int block) {
            writes[block] = stamps[block] == 0 || random.nextBoolean();
            out[block] = true;
            if (writes[block]) {
                memory.bytes().putInt(block * BLOCK, ++stamps[block]);
                channel.write(memory, block * BLOCK, block, 1, this, block);
            } else {
                memory.bytes().putInt(block * BLOCK, -1);
                channel.read(memory, block * BLOCK, block, 1, this, block);
            }
        }

        @Override
        public void onComplete(BdevIo io) {
            int block = (Integer) io.cookie();
            if (!io.status().isSuccess()) {
                fault = io + " ended with " + io.status();
            } else if (!out[block]) {
                fault = io + " ended twice";
            } else if (memory.bytes().getInt(block * BLOCK) != stamps[block]) {
                fault = io + ": " + memory.bytes().getInt(block * BLOCK) + " and not " + stamps[block];
            }
            out[block] = false;
            done++;
            if (!stopped) {
                reactor.execute(() -> next(block));
            }
        }

        boolean isIdle() {
            for (boolean each : out) {
                if (each) {
                    return false;
                }
            }
            return true;
        }
    }

    private TestCore stack(long seed) {
        TestCore core = TestCore.simulated(seed, 3);
        core.add(module);
        core.disk("B", BLOCK, BLOCKS);
        core.call("bdev_passthru_create", Map.of("name", "P0", "base_bdev_name", "B"));
        core.call("bdev_passthru_create", Map.of("name", "P1", "base_bdev_name", "P0"));
        return core;
    }

    private BdevDescriptor open(TestCore core) {
        return core.await(core.bdevs().open("P1", OpenMode.WRITE, "test", (event, d) -> events.add(event)));
    }

    private Hold hold(TestCore core) {
        Hold hold = core.await(core.core().hold("passthru", LONGEST));
        core.remove(module);
        return hold;
    }

    private void returns(TestCore core) {
        module = new PassthruModule();
        core.add(module);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nobodyAboveOrBelowSeesMoreThanAPause(long seed) {
        TestCore core = stack(seed);
        BdevDescriptor descriptor = open(core);
        Load[] loads = new Load[1];
        Reactor reactor = core.reactor(1);
        loads[0] = core.on(reactor, () -> new Load(descriptor, reactor, seed));
        Load load = loads[0];
        List<String> before = core.state();
        for (int round = 0; round < 10; round++) {
            long done = load.done;
            core.until("I/O", () -> load.done > done + 100);
            Hold hold = hold(core);
            core.step(new Random(seed + round).nextInt(200));
            returns(core);
            Report report = core.await(hold.over());
            assertThat(report.adopted()).containsExactlyInAnyOrder("P0", "P1");
            assertThat(report.removed()).isEmpty();
        }
        load.stopped = true;
        core.until("the end of I/O", load::isIdle);
        assertThat(load.fault).isNull();
        assertThat(events).isEmpty();
        assertThat(core.state()).isEqualTo(before);
        core.on(reactor, () -> {
            load.channel.close();
            return true;
        });
        descriptor.close();
        core.assertNothingOut();
        core.assertNoViolations();
        core.close();
    }

    @Test
    void theBaseIsNobodyElsesMeanwhile() {
        TestCore core = stack(1);
        Hold hold = hold(core);
        assertThat(core.bdev("B").claims()).isEmpty();
        assertThatThrownBy(() -> core.open("B", OpenMode.WRITE))
                .hasMessageContaining("bdev P0 on it is held by the upgrade of module passthru");
        returns(core);
        core.await(hold.over());
        assertThat(core.bdev("B").claims()).hasSize(1);
        core.close();
    }

    @Test
    void aBaseThatGoesMeanwhileTakesTheBdevsWithIt() {
        TestCore core = stack(1);
        core.expectErrorsInLog();
        BdevDescriptor descriptor = open(core);
        Hold hold = hold(core);
        core.awaitOnApp(() -> core.core().remove(core.disks()));
        returns(core);
        Report settled = core.await(hold.settled());
        assertThat(settled.held()).containsOnlyKeys("P0", "P1");
        descriptor.close();
        Report report = core.await(hold.giveUp("its base is gone"));
        assertThat(report.removed()).containsOnlyKeys("P0", "P1");
        assertThat(Arrays.asList(core.find("P0"), core.find("P1"))).allMatch(java.util.Optional::isEmpty);
        core.close();
    }
}
