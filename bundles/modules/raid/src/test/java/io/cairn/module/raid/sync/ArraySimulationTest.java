package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.BlockModel;
import io.cairn.bdev.testkit.Seeds;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.sync.MiniArrays.MiniArray;
import io.cairn.module.raid.sync.MiniArrays.Plan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Random I/O on arrays with real channels, while members fail, return and are synchronised, and the power is cut. */
class ArraySimulationTest {
    private static final int REACTORS = 3;
    private static final long ROWS = 96;
    private static final IoStatus MEDIUM = IoStatus.nvme(2, 0x80);

    @Test
    void mirrorThatLosesMembers() {
        Seeds.of(15).forEach(seed -> losesMembers(Plan.of(RaidLevel.RAID1), 2 + (int) (seed % 2), seed));
    }

    @Test
    void parityThatLosesMembers() {
        Seeds.of(15).forEach(seed -> losesMembers(Plan.of(RaidLevel.RAID5F), 3 + (int) (seed % 2), seed));
    }

    @Test
    void mirrorThatLosesPower() {
        Seeds.of(25).forEach(seed -> losesPower(Plan.of(RaidLevel.RAID1), 2 + (int) (seed % 2), seed));
    }

    @Test
    void parityThatLosesPower() {
        Seeds.of(25).forEach(seed -> losesPower(Plan.of(RaidLevel.RAID5F), 3 + (int) (seed % 2), seed));
    }

    @Test
    void findsBitsTakenBackWithoutAFlush() {
        finds(IntentFault.NO_FLUSH_BEFORE_CLEAR);
    }

    @Test
    void findsChangesBeforeTheirIntents() {
        finds(IntentFault.TELL_EARLY);
    }

    private static void finds(IntentFault planted) {
        assertThatThrownBy(() -> LongStream.range(1, 150)
                        .forEach(seed -> losesPower(Plan.of(RaidLevel.RAID1).with(planted), 2, seed)))
                .as("a run with the defect %s", planted)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("without a bit");
    }

    private static void losesMembers(Plan plan, int members, long seed) {
        Media media = new Media(members, plan);
        try (World world = new World(seed, plan, media, Optional.empty())) {
            world.load.run(120, 16);
            for (int round = 0; round < 4; round++) {
                int slot = world.random.nextInt(members);
                boolean same = world.memberGoes(slot, round);
                world.load.run(40, 16);
                world.comesBack(slot, same);
                world.load.run(20 + world.random.nextInt(100), 8);
                if (round == 2) {
                    world.disturbRebuild(slot);
                }
                world.untilComplete();
                world.load.run(10, 4);
                world.quiet();
                world.membersAgree();
                world.scrubFinds(0);
            }
            world.flipAndRepair();
            world.load.readAll();
            world.end();
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError(
                    plan + " with " + members + ": " + failure.getMessage() + " [seed " + seed + "]", failure);
        }
    }

    private static void losesPower(Plan plan, int members, long seed) {
        Random random = new Random(seed);
        Media media = new Media(members, plan);
        Optional<RegionSet> found = Optional.empty();
        try {
            for (int life = 0; life < 3; life++) {
                try (World world = new World(seed * 10 + life, plan, media, found)) {
                    world.load.within(8);
                    world.load.run(30 + random.nextInt(80), 8);
                    if (random.nextInt(3) == 0 && media.record.failed.isEmpty()) {
                        // rows in doubt of a raid5f array that loses a member then are refused, by design
                        world.untilSynced();
                        world.load.start(8);
                        int leaver = random.nextInt(members);
                        world.inApp(() -> world.array.leave(leaver));
                        core(world).until("the loss to settle", () -> media.record.settled);
                    }
                    world.load.run(random.nextInt(60), 6);
                    if (random.nextBoolean()) {
                        world.sometimesIdle();
                    }
                    world.load.start(random.nextInt(20));
                    core(world).step(random.nextInt(300));
                    world.cutPower();
                    found = Optional.of(media.check());
                    world.leaveMemory();
                }
            }
            try (World world = new World(seed * 10 + 9, plan, media, found)) {
                world.load.readAll();
                world.untilSynced();
                world.membersAgree();
                for (int slot : Set.copyOf(media.record.failed)) {
                    // what it has of before, or nothing of any use
                    world.comesBack(slot, random.nextBoolean());
                    world.load.run(20, 4);
                    world.untilComplete();
                }
                world.quiet();
                world.membersAgree();
                world.load.readAll();
                world.end();
            }
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError(
                    plan + " with " + members + ": " + failure.getMessage() + " [seed " + seed + "]", failure);
        }
    }

    private static TestCore core(World world) {
        return world.core;
    }

    /** What outlives the power. */
    private static final class Media {
        private final Plan plan;
        private final List<SimMedium> all = new ArrayList<>();
        private final MiniArrays.Superblocks record = new MiniArrays.Superblocks();
        private final BlockModel model = new BlockModel(512);
        private final Shape shape;

        Media(int members, Plan plan) {
            this.plan = plan;
            long offset = plan.places(512).dataOffset();
            List<Shape.Extent> extents = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                all.add(new SimMedium(512));
                extents.add(new Shape.Extent(offset, ROWS));
            }
            this.shape = new Shape(plan.level(), 512, plan.level().hasStrips() ? MiniArrays.STRIP : 0, extents);
        }

        private byte[] row(int slot, long row) {
            return all.get(slot).read(shape.members().get(slot).dataOffset() + row);
        }

        /** Returns whether members that are trusted differ. */
        boolean differs(long row, Set<Integer> away) {
            byte[] sum = new byte[512];
            byte[] first = null;
            boolean differ = false;
            for (int slot = 0; slot < all.size(); slot++) {
                if (away.contains(slot)) {
                    continue;
                }
                byte[] content = row(slot, row);
                first = first == null ? content : first;
                differ |= !java.util.Arrays.equals(first, content);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] ^= content[i];
                }
            }
            if (plan.level() == RaidLevel.RAID1) {
                return differ;
            }
            return away.isEmpty() && !java.util.Arrays.equals(sum, new byte[512]);
        }

        /** Returns the union of the bits of those that are trusted; fails if members differ where there is none. */
        RegionSet check() {
            RegionSet union = new RegionSet(shape.rows(), MiniArrays.REGION_ROWS);
            for (int slot = 0; slot < all.size(); slot++) {
                if (!record.failed.contains(slot)) {
                    RegionSet bits = MiniArrays.intentsOn(all.get(slot), plan, shape.rows());
                    for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
                        union.add(region);
                    }
                }
            }
            for (long row = 0; row < shape.rows(); row++) {
                if (!union.contains(union.regionOf(row)) && differs(row, record.failed)) {
                    throw new AssertionError("members differ at row " + row + " without a bit");
                }
            }
            return union;
        }
    }

    /** An array with its members and a load. */
    private static final class World implements AutoCloseable {
        private final Random random;
        private final TestCore core;
        private final MiniArrays module = new MiniArrays();
        private final Media media;
        private final List<SimDisk> disks = new ArrayList<>();
        private final MiniArray array;
        private final TestDescriptor open;
        private final RowLoad load;
        private int replacements;

        World(long seed, Plan plan, Media media, Optional<RegionSet> found) {
            random = new Random(seed);
            core = TestCore.simulated(seed, REACTORS);
            this.media = media;
            core.add(module);
            List<String> names = new ArrayList<>();
            for (int slot = 0; slot < media.all.size(); slot++) {
                disks.add(core.disk(settings("d" + slot), media.all.get(slot)));
                names.add("d" + slot);
            }
            array = core.awaitOnApp(() -> module.create("array", plan, names, media.record, found));
            open = core.open("array", OpenMode.WRITE);
            load = new RowLoad(core, random, List.of(open.channel(0), open.channel(1), open.channel(2)), media.model);
        }

        /** As a message of the app thread: in order with what the app thread has sent before. */
        void inApp(Supplier<CompletionStage<Void>> action) {
            core.await(core.on(core.reactor(0), action));
        }

        private SimSettings settings(String name) {
            long blocks = media.plan.places(512).dataOffset() + ROWS;
            return SimSettings.of(name, 512, blocks)
                    .withChances(0.1, 0.05, 0.5)
                    .withDirectAccess(random.nextBoolean() ? 0 : 0.9)
                    .withLatency(Duration.ZERO, Duration.ofNanos(100_000));
        }

        /** A member is lost in one of several ways; returns whether the same disk may come back. */
        boolean memberGoes(int slot, int round) {
            load.start(16);
            core.step(random.nextInt(60));
            SimDisk disk = disks.get(slot);
            switch (round % 4) {
                case 0 ->
                    disk.inject(new SimFault(
                            EnumSet.of(IoType.WRITE, IoType.WRITE_ZEROES), 0, Long.MAX_VALUE, 1000, MEDIUM));
                case 1 -> core.await(disk.remove());
                case 2 -> core.await(disk.yank());
                default -> inApp(() -> array.leave(slot));
            }
            load.start(16);
            load.run(30, 16);
            core.until(
                    "slot " + slot + " to be left out: " + array.events,
                    () -> array.layout.slots().get(slot).role() == MemberRole.ABSENT);
            core.settle();
            disk.clearFaults();
            if (round % 4 == 2) {
                // what was in its cache may be lost
                disk.medium().cut(random);
            }
            return round % 2 == 0 || round % 4 == 3;
        }

        /** The same disk, or another one with other content, is taken in under load. */
        void comesBack(int slot, boolean same) {
            String name = "r" + replacements++;
            boolean stillThere = core.find(disks.get(slot).settings().name()).isPresent();
            SimMedium medium = disks.get(slot).medium();
            if (!same) {
                medium = new SimMedium(512);
                byte[] noise = new byte[512 * (int) ROWS];
                random.nextBytes(noise);
                medium.write(media.shape.members().get(slot).dataOffset(), noise);
            }
            if (!same || !stillThere) {
                disks.set(slot, core.disk(settings(name), medium));
                media.all.set(slot, medium);
            }
            load.start(10);
            inApp(() -> array.rejoin(slot, disks.get(slot).settings().name(), same));
        }

        /** The target, or a member, cannot be read in places; then the target goes in the middle, and comes back. */
        void disturbRebuild(int slot) {
            untilComplete();
            inApp(() -> array.leave(slot));
            load.run(20, 8);
            core.settle();
            inApp(() -> array.rejoin(slot, disks.get(slot).settings().name(), false));
            load.start(5);
            core.step(random.nextInt(400));
            inApp(() -> array.leave(slot));
            load.run(20, 8);
            core.settle();
            inApp(() -> array.rejoin(slot, disks.get(slot).settings().name(), false));
            core.onApp(() -> {
                array.processes.pause(() -> array.events.add("paused"));
                return null;
            });
            core.until("the pause: " + array.events, () -> array.events.contains("paused"));
            load.run(20, 8);
            core.onApp(() -> {
                array.processes.resume();
                return null;
            });
        }

        void untilComplete() {
            core.until("a complete array: " + array.events, () -> array.isComplete());
            untilSynced();
        }

        void untilSynced() {
            core.until(
                    "agreement: " + array.events,
                    () -> array.processes.current().isEmpty()
                            && (!array.isComplete() || array.intents.suspects().isEmpty()));
        }

        /** Nothing is given, until all bits have been taken back that can be. */
        void quiet() {
            load.drain();
            if (array.isComplete()) {
                core.until(
                        "no bits: " + array.events, () -> array.intents.bits().isEmpty());
                core.settle();
                for (SimMedium medium : media.all) {
                    assertThat(MiniArrays.intentsOn(medium, media.plan, media.shape.rows())
                                    .isEmpty())
                            .isTrue();
                }
            }
        }

        void sometimesIdle() {
            load.drain();
            core.step(random.nextInt(2000));
        }

        void membersAgree() {
            load.drain();
            for (long row = 0; row < media.shape.rows(); row++) {
                assertThat(media.differs(row, media.record.failed))
                        .as("row %s differs (%s)", row, array.events)
                        .isFalse();
            }
        }

        void scrubFinds(long expected) {
            Findings found = scrub(false);
            assertThat(found).as("%s", array.events).isEqualTo(new Findings(expected, 0, 0));
        }

        private Findings scrub(boolean repair) {
            Goal.Scrub goal = new Goal.Scrub(repair, array.intents.suspects(), 0, Findings.NONE);
            core.onApp(() -> {
                array.lastOutcome = null;
                array.processes.request(goal);
                return null;
            });
            core.until("the scrub: " + array.events, () -> array.lastOutcome != null);
            assertThat(array.lastOutcome).isInstanceOf(Outcome.Done.class);
            return ((Outcome.Done) array.lastOutcome).found();
        }

        /** A byte on a member is wrong (of stripe 0 that is parity); another one cannot be read. */
        void flipAndRepair() {
            long offset = media.shape.members().get(0).dataOffset();
            SimMedium last = disks.get(disks.size() - 1).medium();
            byte[] wrong = last.read(offset + 2);
            wrong[100] ^= 1;
            last.write(offset + 2, wrong);
            disks.get(0).inject(new SimFault(Set.of(IoType.READ), offset + 40, 1, 2, MEDIUM));
            assertThat(scrub(true)).isEqualTo(new Findings(1, 2, 0));
            assertThat(array.events).contains("read error 0 40+1 true");
            scrubFinds(0);
            membersAgree();
        }

        void cutPower() {
            load.expectFailures(true);
            array.powerOff = true;
            disks.stream().map(SimDisk::cutPower).toList().forEach(core::await);
            load.drain();
            media.model.cut();
        }

        /** The end of a process whose power went gives its memory back all the same. */
        void leaveMemory() {
            open.close();
            core.remove(module);
        }

        void end() {
            open.close();
            core.settle();
            core.assertNoViolations();
            core.assertNothingOut();
        }

        @Override
        public void close() {
            core.close();
        }
    }
}
