package io.cairn.bdev.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * Random stacks under random I/O while everything goes wrong that can: errors, resets, aborts, power cuts, removals at every
 * level. What must hold: data that were acknowledged are read back; what was flushed survives a cut; every I/O ends
 * once; in the end nothing is left.
 *
 * <p>A few seeds in every build; {@code -Dcairn.seeds=5000} for a campaign.
 */
class StackSimulationTest {
    private static final int DEFAULT_SEEDS = 12;
    private static final int REACTORS = 3;
    private static final int ROUNDS = 12;
    private static final IoStatus INJECTED = IoStatus.nvme(2, 0x80);
    private static final IoStatus UNPOWERED = IoStatus.errno(Errno.EREMOTEIO);

    @Test
    void randomStacksKeepTheirPromises() {
        Seeds.run("random stacks", DEFAULT_SEEDS, Simulation::new);
    }

    @Test
    void theSameSeedDoesTheSame() {
        assertThat(fingerprint(7)).isEqualTo(fingerprint(7)).isNotEqualTo(fingerprint(8));
    }

    private static String fingerprint(long seed) {
        try (Simulation simulation = new Simulation(seed)) {
            simulation.run();
            return simulation.history.toString();
        }
    }

    /** A leaf of the stack: what is on top, and used. */
    private static final class Leaf {
        private final SimDisk disk;
        private final Bdev bdev;
        private final TestDescriptor open;
        private final BlockModel model;
        private final Workload load;

        Leaf(SimDisk disk, Bdev bdev, TestDescriptor open, BlockModel model, Workload load) {
            this.disk = disk;
            this.bdev = bdev;
            this.open = open;
            this.model = model;
            this.load = load;
        }
    }

    private static final class Simulation implements SeededSimulation {
        private final Random random;
        private final TestCore core;
        private final StackModule stack = new StackModule();
        private final List<SimDisk> disks = new ArrayList<>();
        private final List<Bdev> inner = new ArrayList<>();
        private final List<Leaf> leaves = new ArrayList<>();
        private final Set<IoStatus> allowed = new HashSet<>();
        private final List<String> history = new ArrayList<>();

        Simulation(long seed) {
            random = new Random(seed);
            core = TestCore.simulated(seed, REACTORS);
            core.add(stack);
        }

        @Override
        public String history() {
            return history.size() + " steps: " + history;
        }

        @Override
        public void run() {
            build();
            for (int round = 0; round < ROUNDS && !leaves.isEmpty(); round++) {
                round();
            }
            leaves.forEach(leaf -> leaf.load.readAll());
            tearDown();
        }

        private void build() {
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                SimDisk disk = core.disk(settings("disk" + i));
                disks.add(disk);
                List<Bdev> tops = new ArrayList<>(List.of(disk.bdev()));
                int levels = random.nextInt(5);
                for (int level = 0; level < levels; level++) {
                    Bdev below = tops.remove(random.nextInt(tops.size()));
                    int parts = below.numBlocks() < 64 || random.nextBoolean() ? 1 : 2 + random.nextInt(2);
                    tops.addAll(core.awaitOnApp(() -> stack.build(below.name(), parts)));
                    inner.add(below);
                }
                tops.forEach(top -> use(disk, top));
            }
        }

        private SimSettings settings(String name) {
            int blockSize = random.nextBoolean() ? 512 : 4096;
            Set<IoType> types = EnumSet.copyOf(SimSettings.ALL_TYPES);
            for (IoType optional : List.of(
                    IoType.COPY,
                    IoType.COMPARE,
                    IoType.COMPARE_AND_WRITE,
                    IoType.WRITE_ZEROES,
                    IoType.UNMAP,
                    IoType.ABORT,
                    IoType.SEEK_DATA)) {
                if (random.nextInt(3) == 0) {
                    types.remove(optional);
                }
            }
            IoLimits limits = new IoLimits(
                    0,
                    random.nextBoolean() ? 512 : 0,
                    random.nextBoolean() ? 16 : 0,
                    random.nextBoolean(),
                    0,
                    random.nextBoolean() ? 7 : 0,
                    random.nextBoolean() ? 3 : 0,
                    random.nextBoolean() ? 5 : 0,
                    random.nextBoolean() ? 6 : 0,
                    random.nextBoolean() ? 4 : 0,
                    0,
                    0,
                    0,
                    0,
                    0);
            return SimSettings.of(name, blockSize, 128 + random.nextInt(256))
                    .withTypes(types)
                    .withLimits(limits)
                    .withLatency(Duration.ZERO, Duration.ofNanos(1 + random.nextInt(400_000)))
                    .withChances(random.nextDouble() * 0.5, random.nextDouble() * 0.2, random.nextDouble())
                    .withUnmapKeepingOld(random.nextBoolean());
        }

        private void use(SimDisk disk, Bdev top) {
            TestDescriptor open = core.open(top.name(), OpenMode.WRITE);
            BlockModel model = new BlockModel(top.blockSize());
            ModuleTraits traits = ModuleTraits.virtual(top.supportedTypes());
            Workload load = new Workload(core, random, open.channels(), model, traits, top.supportedTypes());
            Leaf leaf = new Leaf(disk, top, open, model, load);
            load.expectFailures(io -> isLeaving(leaf) || allowed.contains(io.status()));
            leaves.add(leaf);
        }

        private static boolean isLeaving(Leaf leaf) {
            return leaf.bdev.state() != BdevState.READY || leaf.open.isClosed();
        }

        private void round() {
            allowed.clear();
            int action = random.nextInt(8);
            note(action);
            startLoads();
            switch (action) {
                case 0 -> injectErrors();
                case 1 -> reset();
                case 2 -> abort();
                case 3, 4 -> cutPower();
                case 5 -> remove();
                default -> {}
            }
            startLoads();
            drain();
            disks.forEach(SimDisk::clearFaults);
            forgetGone();
        }

        private void startLoads() {
            for (Leaf leaf : leaves) {
                leaf.load.start(random.nextInt(16));
            }
            core.step(random.nextInt(120));
        }

        private void drain() {
            leaves.forEach(leaf -> leaf.load.drain());
        }

        private SimDisk anyDisk() {
            return disks.get(random.nextInt(disks.size()));
        }

        private void injectErrors() {
            allowed.add(INJECTED);
            anyDisk()
                    .inject(new SimFault(
                            EnumSet.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.FLUSH, IoType.WRITE_ZEROES),
                            0,
                            Long.MAX_VALUE,
                            1 + random.nextInt(6),
                            INJECTED));
        }

        private void reset() {
            allowed.add(IoStatus.ABORTED);
            Leaf leaf = leaves.get(random.nextInt(leaves.size()));
            if (leaf.bdev.supportedTypes().contains(IoType.RESET)) {
                TestIo reset = leaf.open.channel(random.nextInt(REACTORS)).start(IoRequest.reset());
                startLoads();
                core.until("a reset", reset::isDone);
                assertThat(reset.status()).as("reset of %s", leaf.bdev.name()).isEqualTo(IoStatus.SUCCESS);
            }
        }

        private void abort() {
            allowed.add(IoStatus.ABORTED);
            Leaf leaf = leaves.get(random.nextInt(leaves.size()));
            if (!leaf.bdev.supportedTypes().contains(IoType.ABORT)) {
                return;
            }
            List<TestIo> aborts = new ArrayList<>();
            for (TestIo victim : leaf.load.start(12)) {
                for (int reactor = 0; reactor < REACTORS; reactor++) {
                    aborts.add(leaf.open.channel(reactor).startAbort(victim));
                }
            }
            core.until("the aborts", () -> aborts.stream().allMatch(TestIo::isDone));
        }

        private void cutPower() {
            allowed.add(UNPOWERED);
            SimDisk disk = anyDisk();
            core.await(disk.cutPower());
            drain();
            disk.powerOn();
            for (Leaf leaf : leaves) {
                if (leaf.disk == disk && !isLeaving(leaf)) {
                    leaf.model.cut();
                    leaf.load.readAll();
                }
            }
            note(disk.medium().dirtyBlocks());
        }

        private void remove() {
            if (random.nextBoolean()) {
                return; // not so often: there would be nothing left to use
            }
            Bdev victim = inner.isEmpty() || random.nextBoolean()
                    ? leaves.get(random.nextInt(leaves.size())).bdev
                    : inner.get(random.nextInt(inner.size()));
            if (victim.state() != BdevState.READY) {
                return;
            }
            SimDisk disk =
                    disks.stream().filter(d -> d.bdev() == victim).findFirst().orElse(null);
            CompletionStage<Void> removed =
                    disk == null ? stackRemoval(victim) : random.nextBoolean() ? disk.remove() : disk.yank();
            startLoads();
            core.await(removed);
        }

        private CompletionStage<Void> stackRemoval(Bdev victim) {
            return core.reactors().onApp(() -> stack.remove(victim));
        }

        private void forgetGone() {
            leaves.removeIf(leaf -> {
                if (isLeaving(leaf)) {
                    core.until("the end of " + leaf.bdev.name(), () -> leaf.open.isClosed());
                    return true;
                }
                return false;
            });
            disks.removeIf(disk -> disk.bdev().state() != BdevState.READY);
            if (disks.isEmpty()) {
                leaves.clear();
            }
        }

        private void tearDown() {
            leaves.forEach(leaf -> leaf.open.close());
            core.remove(stack);
            for (SimDisk disk : core.disks().disks()) {
                if (disk.bdev().state() != BdevState.GONE) {
                    core.await(disk.remove());
                }
                assertThat(disk.destructs()).as("destructs of %s", disk).isEqualTo(1);
                note(disk.given());
            }
            core.assertNothingOut();
            assertThat(core.state()).isEmpty();
            core.assertNoViolations();
        }

        private void note(long value) {
            history.add(value + "@" + core.reactor(0).clockNanos());
        }

        @Override
        public void close() {
            core.close();
        }
    }
}
