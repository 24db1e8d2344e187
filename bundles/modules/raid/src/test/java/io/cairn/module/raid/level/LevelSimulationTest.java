package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.BlockModel;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Seeds;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.bdev.testkit.Workload;
import io.cairn.module.raid.level.FixedArrays.FixedArray;
import io.cairn.module.raid.level.FixedArrays.Plan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random I/O over every level, with everything that can happen to members meanwhile. */
class LevelSimulationTest {
    private static final int REACTORS = 3;
    private static final long BLOCKS = 136;
    private static final IoStatus MEDIUM = IoStatus.nvme(2, 0x80);

    @Test
    void stripesUnderLoad() {
        withoutRedundancy(RaidLevel.RAID0, 4);
        withoutRedundancy(RaidLevel.RAID0, 3);
    }

    @Test
    void concatUnderLoad() {
        withoutRedundancy(RaidLevel.CONCAT, 4);
    }

    private static void withoutRedundancy(RaidLevel level, int members) {
        Seeds.of(12).forEach(seed -> {
            try (World world = new World(seed, Plan.of(level), members)) {
                world.load.run(300, 24);
                world.load.expectFailures(io -> io.status() == MEDIUM || io.status() == IoStatus.ABORTED);
                for (int round = 0; round < 6; round++) {
                    world.injectAnywhere(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.UNMAP);
                    world.load.run(40, 16);
                    world.clearFaults();
                    world.reset(round);
                }
                world.load.expectFailures(io -> false);
                world.load.readAll();
                world.end();
            }
        });
    }

    @Test
    void mirrorUnderLoad() {
        redundant(Plan.of(RaidLevel.RAID1), 2, 12);
        redundant(Plan.of(RaidLevel.RAID1).withIntents(), 3, 12);
    }

    @Test
    void parityUnderLoad() {
        redundant(Plan.of(RaidLevel.RAID5F), 3, 12);
        redundant(Plan.of(RaidLevel.RAID5F).withIntents().withJournal(), 5, 12);
    }

    private static void redundant(Plan plan, int members, int seeds) {
        Seeds.of(seeds).forEach(seed -> {
            try (World world = new World(seed, plan, members)) {
                world.load.run(200, 24);
                for (int round = 0; round < 5; round++) {
                    int slot = world.random.nextInt(members);
                    world.whileLocking(() -> world.load.run(40, 16));
                    world.oneReadError(slot);
                    world.load.run(30, 16);
                    world.memberGoes(slot, round);
                    world.load.run(60, 16);
                    world.load.readAll();
                    world.resetUnderLoad(round);
                    world.comesBack(slot);
                    world.load.run(30, 16);
                    world.membersAgree();
                    world.resetUnderLoad(round);
                }
                world.load.readAll();
                world.end();
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        plan + " with " + members + ": " + failure.getMessage() + " [seed " + seed + "]", failure);
            }
        });
    }

    /** An array with its members and a load. */
    private static final class World implements AutoCloseable {
        private final Random random;
        private final TestCore core;
        private final FixedArrays module = new FixedArrays();
        private final List<SimDisk> disks = new ArrayList<>();
        private final FixedArray array;
        private final TestDescriptor open;
        private final Workload load;
        private int replacements;

        World(long seed, Plan plan, int members) {
            random = new Random(seed);
            core = TestCore.simulated(seed, REACTORS);
            core.add(module);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                disks.add(core.disk(settings("d" + i)));
                names.add("d" + i);
            }
            array = core.awaitOnApp(() -> module.create("array", plan, names));
            open = core.open("array", OpenMode.WRITE);
            Bdev bdev = open.bdev();
            List<TestChannel> channels = List.of(open.channel(0), open.channel(1), open.channel(2));
            ModuleTraits traits = ModuleTraits.virtual(bdev.supportedTypes());
            load = new Workload(core, random, channels, new BlockModel(512), traits, bdev.supportedTypes()).longest(24);
        }

        private SimSettings settings(String name) {
            return SimSettings.of(name, 512, BLOCKS)
                    .withChances(0.2, 0.1, 0.5)
                    .withLatency(Duration.ZERO, Duration.ofMillis(1));
        }

        void injectAnywhere(IoType... types) {
            disks.get(random.nextInt(disks.size())).inject(new SimFault(Set.of(types), 0, Long.MAX_VALUE, 3, MEDIUM));
        }

        void clearFaults() {
            disks.forEach(SimDisk::clearFaults);
        }

        void reset(int round) {
            load.start(16);
            core.step(random.nextInt(40));
            TestIo reset = open.channel(round % REACTORS).start(IoRequest.reset());
            load.start(6);
            load.drain();
            core.until("the reset", reset::isDone);
            assertThat(reset.status()).isEqualTo(IoStatus.SUCCESS);
        }

        /** Locks rows now and then while something goes on. */
        void whileLocking(Runnable something) {
            boolean[] over = {false};
            boolean[] locked = {false};
            long rows = array.layout.shape().rows();
            core.onApp(() -> {
                lockAgain(rows, over, locked);
                return null;
            });
            something.run();
            over[0] = true;
            core.until("the last lock", () -> !locked[0]);
        }

        private void lockAgain(long rows, boolean[] over, boolean[] locked) {
            if (over[0]) {
                return;
            }
            locked[0] = true;
            long row = random.nextLong(rows);
            array.channels.lock(row, Math.min(24, rows - row)).thenRun(() -> core.reactor(0)
                    .after(
                            random.nextLong(300_000),
                            () -> array.channels.unlock().thenRun(() -> {
                                locked[0] = false;
                                lockAgain(rows, over, locked);
                            })));
        }

        /** One I/O that is read fails on one member: nobody above notices. */
        void oneReadError(int slot) {
            disks.get(slot).inject(new SimFault(Set.of(IoType.READ), 0, Long.MAX_VALUE, 2, MEDIUM));
        }

        /** A member is lost in one of several ways. */
        void memberGoes(int slot, int round) {
            load.start(16);
            core.step(random.nextInt(40));
            clearFaults();
            SimDisk disk = disks.get(slot);
            switch (round % 4) {
                case 0 ->
                    disk.inject(new SimFault(
                            Set.of(IoType.WRITE, IoType.WRITE_ZEROES, IoType.UNMAP, IoType.FLUSH),
                            0,
                            Long.MAX_VALUE,
                            Integer.MAX_VALUE,
                            MEDIUM));
                case 1 -> core.await(disk.remove());
                case 2 -> core.await(disk.yank());
                default -> core.awaitOnApp(() -> array.leave(slot));
            }
            load.start(16);
            if (round % 4 == 0) {
                open.channel(1).start(IoRequest.flush());
            }
            load.drain();
            core.until(
                    "slot " + slot + " to be left out: " + array.events,
                    () -> array.layout.slots().get(slot).role() == MemberRole.ABSENT);
            core.settle();
            clearFaults();
        }

        /** A new disk, rebuilt under load. */
        void comesBack(int slot) {
            String name = "r" + replacements++;
            SimMedium junk = new SimMedium(512);
            byte[] noise = new byte[512 * (int) BLOCKS];
            random.nextBytes(noise);
            junk.write(0, noise);
            SimDisk disk = core.disk(settings(name), junk);
            disks.set(slot, disk);
            core.awaitOnApp(() -> array.target(slot, name));
            load.start(12);
            long rows = array.layout.shape().rows();
            for (long row = 0; row < rows; ) {
                long window = Math.min(1 + random.nextInt(40), rows - row);
                long from = row;
                core.awaitOnApp(() -> array.channels.lock(from, window));
                for (long r = from; r < from + window; r++) {
                    disk.medium().write(FixedArrays.DATA_OFFSET + r, expected(slot, r));
                }
                core.awaitOnApp(() -> array.channels.unlock());
                load.start(random.nextInt(6));
                row += window;
            }
            core.awaitOnApp(() -> array.trust(slot));
            load.drain();
        }

        /** What a slot's row must be by what the others hold. */
        private byte[] expected(int slot, long row) {
            byte[] sum = new byte[512];
            for (int other = 0; other < disks.size(); other++) {
                if (other != slot && array.layout.slots().get(other).role() == MemberRole.IN_SYNC) {
                    byte[] content = disks.get(other).medium().read(FixedArrays.DATA_OFFSET + row);
                    if (array.layout.shape().level() == RaidLevel.RAID1) {
                        return content;
                    }
                    for (int i = 0; i < sum.length; i++) {
                        sum[i] ^= content[i];
                    }
                }
            }
            return sum;
        }

        void membersAgree() {
            load.drain();
            for (long row = 0; row < array.layout.shape().rows(); row++) {
                if (array.unsynced.contains(array.unsynced.regionOf(row))) {
                    continue;
                }
                for (int slot = 0; slot < disks.size(); slot++) {
                    assertThat(disks.get(slot).medium().read(FixedArrays.DATA_OFFSET + row))
                            .as("row %s of slot %s (%s)", row, slot, array.events)
                            .isEqualTo(expected(slot, row));
                }
            }
        }

        /** A reset in the middle of changes ends none of them half done. */
        void resetUnderLoad(int round) {
            load.expectFailures(io -> io.status() == IoStatus.ABORTED);
            reset(round);
            load.expectFailures(io -> false);
            assertThat(array.unsynced.isEmpty())
                    .as("in doubt: %s", array.events)
                    .isTrue();
            load.run(30, 16);
            load.readAll();
            if (array.layout.count(MemberRole.IN_SYNC) == disks.size()) {
                membersAgree();
            }
        }

        void end() {
            open.close();
            core.settle();
            core.assertNoViolations();
            core.assertNothingOut();
            assertThat(array.journalOut).as("journal entries not done").hasValue(0);
        }

        @Override
        public void close() {
            core.close();
        }
    }
}
