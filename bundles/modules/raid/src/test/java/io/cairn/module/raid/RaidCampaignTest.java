package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.BlockModel;
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
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Arrays under random I/O from several reactors while members fail, leave, come back and are replaced, the power fails at any point
 * (unflushed writes are lost block by block, writes in flight are torn), the background process runs, arrays grow, and the module is
 * exchanged. What must hold: every acknowledged and flushed write is read back; of what was not acknowledged, each block is old or
 * new and stays what it was read as; redundant arrays fail no I/O for a member's sake; in the end all members agree.
 *
 * <p>Some seeds in every build; {@code -Dcairn.seeds=10000} for a campaign.
 */
class RaidCampaignTest {
    private static final int DEFAULT_SEEDS = 25;
    private static final int REACTORS = 2;
    private static final int BLOCK = 4096;
    private static final String RAID = "array";
    /** Blocks: 1 MiB in front of the data, and at most 2.5 MiB of it. */
    private static final long LARGEST = 256 + 640;

    private static final IoStatus MEDIA_ERROR = IoStatus.nvme(2, 0x81);

    @ParameterizedTest
    @EnumSource
    void arraysKeepTheirPromises(RaidLevel level) {
        Seeds.of(DEFAULT_SEEDS).forEach(seed -> {
            Simulation simulation = new Simulation(seed, level);
            try {
                simulation.run();
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        failure.getMessage() + " [" + level + " " + simulation.history + ", replay with -Dcairn.seed="
                                + seed + "]",
                        failure);
            } finally {
                simulation.core.close();
            }
        });
    }

    /** A disk that is or was in the array, or may be. */
    private static final class Member {
        private final SimSettings settings;
        private final SimMedium medium;
        /** Null while it is pulled out. */
        private SimDisk disk;

        Member(SimSettings settings) {
            this.settings = settings;
            this.medium = new SimMedium(settings.blockSize());
        }

        String name() {
            return settings.name();
        }
    }

    private static final class Simulation {
        private final long seed;
        private final RaidLevel level;
        private final Random random;
        private final long strip;
        private final List<Member> members = new ArrayList<>();
        private final BlockModel model = new BlockModel(BLOCK);
        private final List<String> history = new ArrayList<>();
        private int boots;
        private TestCore core;
        private RaidModule module;
        private TestDescriptor open;
        private Workload load;

        Simulation(long seed, RaidLevel level) {
            this.seed = seed;
            this.level = level;
            this.random = new Random(seed * 256 + level.diskCode());
            this.strip = level.hasStrips() ? 1L << random.nextInt(5) : 0;
            int count = level.minMembers() + 1 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                addMember(anySize());
            }
            start();
        }

        private long anySize() {
            return LARGEST - random.nextInt(3) * 64L;
        }

        private Member addMember(long blocks) {
            Member member = new Member(SimSettings.of("disk" + members.size(), BLOCK, blocks)
                    .withUuid(new UUID(seed, 0x8000_0000_0000_0000L | members.size()))
                    .withLatency(Duration.ZERO, Duration.ofNanos(1 + random.nextInt(300_000)))
                    .withWriteCache(random.nextInt(4) > 0)
                    .withChances(random.nextDouble() * 0.4, random.nextDouble() * 0.1, 1)
                    .withDirectAccess(random.nextBoolean() ? 0 : 0.9));
            members.add(member);
            return member;
        }

        /** A process begins: nothing is there but the module. */
        private void start() {
            core = TestCore.simulated(seed + ++boots * 1_000_003L, REACTORS);
            module = new RaidModule();
            core.add(module);
            core.call(
                    "bdev_raid_set_options",
                    Map.of("process_window_size_kb", 16L << random.nextInt(7), "start_degraded_timeout_sec", 1L));
        }

        void run() {
            members.forEach(this::plug);
            core.call(
                    "bdev_raid_create",
                    Map.of(
                            "name",
                            RAID,
                            "raid_level",
                            level.toString(),
                            "strip_size_kb",
                            strip * BLOCK / 1024,
                            "superblock",
                            true,
                            "base_bdevs",
                            members.stream().map(Member::name).toList()));
            use();
            int rounds = 4 + random.nextInt(6);
            for (int i = 0; i < rounds; i++) {
                round();
            }
            end();
        }

        private void plug(Member member) {
            member.disk = core.disk(member.settings, member.medium);
        }

        /** Opens the array and gives it load. */
        private void use() {
            core.until("the array", () -> isReady());
            open = core.open(RAID, OpenMode.WRITE);
            List<TestChannel> channels = new ArrayList<>();
            for (int i = 0; i < REACTORS; i++) {
                channels.add(open.channel(i));
            }
            load = new Workload(
                    core,
                    random,
                    channels,
                    model,
                    ModuleTraits.virtual(open.bdev().supportedTypes()),
                    open.bdev().supportedTypes());
            load.longest(40);
            load.expectFailures(io -> false);
        }

        private boolean isReady() {
            return core.bdevs()
                    .find(RAID)
                    .toCompletableFuture()
                    .getNow(Optional.empty())
                    .filter(bdev -> bdev.state() == BdevState.READY)
                    .isPresent();
        }

        private void round() {
            int action = random.nextInt(level.isRedundant() ? 14 : 4);
            history.add(Integer.toString(action));
            load.start(random.nextInt(24));
            core.step(random.nextInt(200));
            switch (action) {
                case 0 -> {}
                case 1 -> cutPower();
                case 2 -> reset();
                case 3 -> upgrade();
                case 4, 5 -> loseMember();
                case 6, 7 -> bringMemberBack();
                case 8 -> failReads();
                case 9 -> failWrites();
                case 10 -> scrub();
                case 11 -> removeByCommand();
                case 12 -> addSpare();
                default -> growOrWait();
            }
            load.start(random.nextInt(24));
            core.step(random.nextInt(400));
            if (random.nextInt(3) > 0) {
                load.drain();
            }
            if (random.nextInt(3) == 0) {
                load.run(20, 8);
            }
        }

        private List<Member> here() {
            return members.stream().filter(member -> member.disk != null).toList();
        }

        private Map<?, ?> report() {
            List<?> all = (List<?>) core.call("bdev_raid_get_bdevs", Map.of("category", "all"));
            return all.stream()
                    .map(each -> (Map<?, ?>) each)
                    .filter(each -> RAID.equals(each.get("name")))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no array in " + all));
        }

        /** Returns whether every slot has its member, they agree, and nothing is being synchronised. */
        private boolean isOptimal() {
            Map<?, ?> report = report();
            return "optimal".equals(report.get("health")) && !report.containsKey("process");
        }

        /** Returns the disks that the array uses now. */
        private List<Member> used() {
            List<String> names = ((List<?>) report().get("base_bdevs_list"))
                    .stream()
                            .map(base -> String.valueOf(((Map<?, ?>) base).get("name")))
                            .toList();
            return here().stream()
                    .filter(member -> names.contains(member.name()))
                    .toList();
        }

        private Member any(List<Member> of) {
            return of.get(random.nextInt(of.size()));
        }

        private void untilOptimal() {
            // the array tells itself; a look is an operation, which must not be waited for from inside a condition
            for (int i = 0; i < 10_000 && !isOptimal(); i++) {
                core.settle();
            }
            assertThat(isOptimal())
                    .as("the array becomes optimal: %s", report())
                    .isTrue();
        }

        private void cutPower() {
            load.expectFailures(io -> true);
            core.expectErrorsInLog();
            List<CompletableFuture<Void>> cuts = new ArrayList<>();
            for (Member member : here()) {
                cuts.add(member.disk.cutPower().toCompletableFuture());
            }
            cuts.forEach(core::await);
            load.drain();
            assertNoViolations();
            core.close();
            model.cut();
            List<Member> back = new ArrayList<>(here());
            members.forEach(member -> member.disk = null);
            start();
            Collections.shuffle(back, random);
            for (Member member : back) {
                plug(member);
                core.step(random.nextInt(40));
            }
            use();
            if (random.nextBoolean()) {
                load.readAll();
            }
        }

        private void reset() {
            load.expectFailures(io -> io.status() == IoStatus.ABORTED);
            TestIo reset = open.channel(random.nextInt(REACTORS)).start(io.cairn.bdev.testkit.IoRequest.reset());
            load.start(random.nextInt(12));
            core.until("a reset", reset::isDone);
            load.drain();
            load.expectFailures(io -> false);
        }

        private void upgrade() {
            Hold hold = core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(60)));
            load.start(random.nextInt(12));
            core.remove(module);
            module = new RaidModule();
            CompletionStage<?> added = core.core().add(module);
            load.start(random.nextInt(12));
            core.await(added);
            core.until(
                    "the end of the upgrade",
                    () -> hold.over().toCompletableFuture().isDone());
            assertThat(core.await(hold.over()).adopted()).contains(RAID);
        }

        private void loseMember() {
            if (!isOptimal()) {
                return;
            }
            forgetFaults();
            Member lost = any(used());
            CompletionStage<Void> gone = random.nextBoolean() ? lost.disk.yank() : lost.disk.remove();
            load.start(random.nextInt(12));
            core.await(gone);
            lost.disk = null;
            if (level == RaidLevel.RAID5F) {
                // a power cut before the loss is settled is a double fault as well: PowerCutAfterLossTest
                load.drain();
                core.settle();
            }
        }

        /** A read error on one member while another one is missing is a double fault of a raid5f array, or of a mirror of two. */
        private void forgetFaults() {
            here().forEach(member -> member.disk.clearFaults());
        }

        private void bringMemberBack() {
            List<Member> away =
                    members.stream().filter(member -> member.disk == null).toList();
            if (!away.isEmpty()) {
                plug(any(away));
            }
        }

        private void failReads() {
            if (isOptimal()) {
                any(used()).disk.inject(SimFault.next(1 + random.nextInt(3), IoType.READ, MEDIA_ERROR));
            }
        }

        private void failWrites() {
            if (!isOptimal()) {
                return;
            }
            forgetFaults();
            Member failing = any(used());
            failing.disk.inject(SimFault.next(
                    1,
                    random.nextBoolean() ? IoType.WRITE : random.nextBoolean() ? IoType.FLUSH : IoType.WRITE_ZEROES,
                    MEDIA_ERROR));
            load.run(30, 8);
            failing.disk.clearFaults();
            if (!isOptimal()) {
                // a disk that failed is looked at, found good, and plugged in again
                core.await(failing.disk.remove());
                failing.disk = null;
            }
        }

        private void scrub() {
            if (isOptimal()) {
                core.call("bdev_raid_start_scrub", Map.of("name", RAID, "repair", random.nextBoolean()));
                load.run(20, 8);
            }
        }

        private void removeByCommand() {
            if (!isOptimal()) {
                return;
            }
            forgetFaults();
            Member removed = any(used());
            core.call("bdev_raid_remove_base_bdev", Map.of("name", removed.name()));
            load.run(20, 8);
            core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", RAID, "base_bdev", removed.name()));
        }

        private void addSpare() {
            if (members.size() < 7) {
                Member spare = addMember(anySize());
                plug(spare);
                core.call("bdev_raid_add_spare", Map.of("base_bdev", spare.name()));
            }
        }

        private void growOrWait() {
            if (level == RaidLevel.RAID1 && members.size() < 6 && isOptimal()) {
                Member leg = addMember(LARGEST);
                plug(leg);
                core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", RAID, "base_name", leg.name()));
            } else {
                load.drain();
                core.settle();
            }
        }

        private void end() {
            load.drain();
            forgetFaults();
            members.stream().filter(member -> member.disk == null).toList().forEach(this::plug);
            if (level.isRedundant()) {
                untilOptimal();
            }
            open.channel().flush();
            load.readAll();
            if (level.isRedundant()) {
                assertMembersAgree();
            }
            open.close();
            core.call("bdev_raid_delete", Map.of("name", RAID));
            core.remove(module);
            core.assertNothingOut();
            assertNoViolations();
        }

        private void assertNoViolations() {
            core.assertNoViolations();
        }

        /** Looks at the disks themselves: what the array relies on when a member is lost tomorrow. */
        private void assertMembersAgree() {
            List<?> bases = (List<?>) report().get("base_bdevs_list");
            List<Shape.Extent> extents = new ArrayList<>();
            List<SimMedium> media = new ArrayList<>();
            for (Object each : bases) {
                Map<?, ?> base = (Map<?, ?>) each;
                extents.add(new Shape.Extent(
                        ((Number) base.get("data_offset")).longValue(), ((Number) base.get("data_size")).longValue()));
                media.add(members.stream()
                        .filter(member -> member.name().equals(base.get("name")))
                        .findFirst()
                        .orElseThrow()
                        .medium);
            }
            Shape shape = new Shape(level, BLOCK, strip, extents);
            for (long row = 0; row < shape.rows(); row++) {
                byte[] first = media.get(0).read(extents.get(0).dataOffset() + row);
                byte[] parity = new byte[BLOCK];
                for (int slot = 0; slot < media.size(); slot++) {
                    byte[] content = media.get(slot).read(extents.get(slot).dataOffset() + row);
                    if (level == RaidLevel.RAID1 && !Arrays.equals(first, content)) {
                        throw new AssertionError("members 0 and " + slot + " differ at row " + row);
                    }
                    for (int i = 0; i < BLOCK; i++) {
                        parity[i] ^= content[i];
                    }
                }
                if (level == RaidLevel.RAID5F && !Arrays.equals(parity, new byte[BLOCK])) {
                    throw new AssertionError("parity is wrong at row " + row);
                }
            }
        }
    }
}
