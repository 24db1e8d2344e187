package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.BlockModel;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.SeededSimulation;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.bdev.testkit.Workload;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * An array under random I/O from several reactors while members fail, leave, come back and are replaced, the power fails at any point
 * (unflushed writes are lost block by block, writes in flight are torn), background processes run, the array grows, and the module is
 * exchanged. What must hold: every acknowledged and flushed write is read back; of what was not acknowledged, each block is old or
 * new and stays what it was read as; redundant arrays fail no I/O for a member's sake; in the end all members agree.
 *
 * <p>Only what an array can survive is done to it: never two faults at a time that hit the same data.
 */
final class RaidCampaign implements SeededSimulation {
    private static final String RAID = "array";
    private static final IoStatus MEDIA_ERROR = IoStatus.nvme(2, 0x81);
    private static final int MOST_DISKS = 7;
    /** What is in front of the data. */
    private static final int FRONT_BYTES = 1 << 20;
    /** How many blocks of a member are data, at most and before it grows: one region of the intents or three, or more. */
    private static final int DATA_BLOCKS = 640;

    private static final int MORE_DATA_BLOCKS = 1_600;

    private final long seed;
    private final RaidLevel level;
    private final Random random;
    private final int block;
    private final int data;
    private final int reactors;
    private final boolean superblock;
    private final long stripKb;
    private final List<CampaignDisk> disks = new ArrayList<>();
    private final BlockModel model;
    private final List<String> history = new ArrayList<>();
    private final List<Action> actions;
    private final CampaignFault fault;
    private int boots;
    private long size;
    private boolean faulty;
    private TestCore core;
    private RaidModule module;
    private TestDescriptor open;
    private Workload load;

    /** What is done to the array. */
    private enum Action {
        WAIT,
        CUT_POWER,
        CUT_POWER_DURING_UPGRADE,
        RESET,
        UPGRADE,
        CHANGE_OPTIONS,
        GROW,
        GO_OFFLINE,
        LOSE_MEMBER,
        LOSE_TARGET,
        BRING_MEMBER_BACK,
        FAIL_READS,
        FAIL_WRITES,
        SCRUB,
        PAUSE,
        RESUME,
        REPAIR,
        REMOVE_AND_ADD,
        ADD_SPARE,
        REPLACE,
        ADD_LEG;

        private static final Set<Action> ANY_LEVEL = EnumSet.range(WAIT, GO_OFFLINE);
    }

    /**
     * Makes the campaign of a seed; nothing happens yet.
     *
     * @param fault planted as soon as the array is there
     */
    RaidCampaign(long seed, RaidLevel level, CampaignFault fault) {
        this.seed = seed;
        this.level = level;
        this.fault = fault;
        this.random = new Random(seed * 256 + level.diskCode());
        this.block = random.nextInt(4) == 0 ? 512 : 4096;
        this.data = random.nextInt(4) == 0 ? MORE_DATA_BLOCKS : DATA_BLOCKS;
        this.reactors = 1 + random.nextInt(3);
        this.superblock = random.nextInt(6) > 0;
        // of one block on, where a KiB has not more
        this.stripKb = level.hasStrips() ? Math.max(1, block / 1024) << random.nextInt(5) : 0;
        this.model = new BlockModel(block);
        this.actions = Arrays.stream(Action.values()).filter(this::makesSense).toList();
    }

    private boolean makesSense(Action action) {
        return switch (action) {
            case ADD_LEG -> level == RaidLevel.RAID1;
            // what is torn by a power cut, a mirror without superblock does not know afterwards
            case CUT_POWER, CUT_POWER_DURING_UPGRADE -> superblock || !level.isRedundant();
            default -> level.isRedundant() || Action.ANY_LEVEL.contains(action);
        };
    }

    @Override
    public String history() {
        return (superblock ? "" : "without superblock ") + history;
    }

    @Override
    public void close() {
        if (core != null) {
            core.close();
        }
    }

    @Override
    public void run() {
        int count = level.minMembers() + 1 + random.nextInt(2);
        for (int i = 0; i < count; i++) {
            addDisk(anySize());
        }
        start();
        disks.forEach(this::plug);
        create();
        use();
        if (superblock) {
            disks.forEach(disk -> fault.plantIn(disk.disk(), front(), false));
        }
        int rounds = 4 + random.nextInt(8);
        for (int i = 0; i < rounds; i++) {
            round();
        }
        end();
    }

    // ---- the disks ----

    private long anySize() {
        return FRONT_BYTES / block + data - 64L * random.nextInt(3);
    }

    private long largest() {
        return FRONT_BYTES / block + data + 512L;
    }

    private CampaignDisk addDisk(long blocks) {
        Set<IoType> types = EnumSet.copyOf(SimSettings.ALL_TYPES);
        for (IoType type : List.of(IoType.UNMAP, IoType.WRITE_ZEROES, IoType.COPY, IoType.COMPARE)) {
            if (random.nextInt(6) == 0) {
                types.remove(type);
            }
        }
        CampaignDisk disk = new CampaignDisk(SimSettings.of("disk" + disks.size(), block, blocks)
                .withUuid(new UUID(seed, 0x8000_0000_0000_0000L | disks.size()))
                .withTypes(types)
                .withLimits(anyLimits())
                .withLatency(Duration.ZERO, Duration.ofNanos(1 + random.nextInt(300_000)))
                .withWriteCache(random.nextInt(4) > 0)
                .withChances(random.nextDouble() * 0.4, random.nextDouble() * 0.1, 1)
                .withDirectAccess(random.nextBoolean() ? 0 : 0.9));
        disks.add(disk);
        return disk;
    }

    private void plug(CampaignDisk disk) {
        disk.plugInto(core);
        if (superblock && size > 0) {
            fault.plantIn(disk.disk(), front(), true);
        }
    }

    /** Returns where things are on a member that has no limits of its own. */
    private Reserved front() {
        long strip = stripKb * 1024 / block;
        return new Reserved(block, strip, Reserved.newDataOffset(level, block, strip, 0));
    }

    private IoLimits anyLimits() {
        int alignment = random.nextInt(3) == 0 ? 512 << random.nextInt(4) : 0;
        long longest = random.nextInt(3) == 0 ? 8 + random.nextInt(40) : 0;
        int segments = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 0;
        return new IoLimits(0, alignment, 0, false, 0, longest, segments, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    private List<CampaignDisk> here() {
        return disks.stream().filter(CampaignDisk::isHere).toList();
    }

    private List<CampaignDisk> away() {
        return disks.stream().filter(disk -> !disk.isHere()).toList();
    }

    private CampaignDisk any(List<CampaignDisk> of) {
        return of.get(random.nextInt(of.size()));
    }

    // ---- the array ----

    /** A process begins: nothing is there but the module. */
    private void start() {
        core = TestCore.simulated(seed + ++boots * 1_000_003L, reactors);
        module = new RaidModule();
        core.add(module);
        changeOptions();
    }

    private void changeOptions() {
        call(
                "bdev_raid_set_options",
                Map.of(
                        "process_window_size_kb",
                        4L << random.nextInt(9),
                        "process_max_bandwidth_mb_sec",
                        random.nextInt(3) == 0 ? 10L + random.nextInt(100) : 0L,
                        "start_degraded_timeout_sec",
                        1L,
                        "spare_delay_sec",
                        random.nextBoolean() ? 60L : 1L));
    }

    private void create() {
        call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        RAID,
                        "uuid",
                        new UUID(seed, 0x8000_0000_0000_0000L | 0xffff).toString(),
                        "raid_level",
                        level.toString(),
                        "strip_size_kb",
                        stripKb,
                        "superblock",
                        superblock,
                        "base_bdevs",
                        disks.stream().map(CampaignDisk::name).toList()));
    }

    /** Opens the array and gives it load. */
    private void use() {
        core.until("the array", this::isReady);
        open = core.open(RAID, OpenMode.WRITE);
        applyLoad();
    }

    private void applyLoad() {
        assertThat(open.bdev().numBlocks()).as("blocks of the array").isGreaterThanOrEqualTo(size);
        size = open.bdev().numBlocks();
        List<TestChannel> channels = new ArrayList<>();
        for (int i = 0; i < reactors; i++) {
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
    }

    /** Calls an operation from where they come: a message to the app thread. */
    private Object call(String operation, Map<String, Object> params) {
        return core.await(core.on(core.reactor(0), () -> core.start(operation, params)));
    }

    private boolean isReady() {
        return core.bdevs()
                .find(RAID)
                .toCompletableFuture()
                .getNow(Optional.empty())
                .filter(bdev -> bdev.state() == BdevState.READY)
                .isPresent();
    }

    private Map<?, ?> report() {
        List<?> all = (List<?>) call("bdev_raid_get_bdevs", Map.of("category", "all"));
        return all.stream()
                .map(each -> (Map<?, ?>) each)
                .filter(each -> RAID.equals(each.get("name")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no array in " + all));
    }

    private List<Map<?, ?>> bases() {
        return ((List<?>) report().get("base_bdevs_list"))
                .stream().<Map<?, ?>>map(base -> (Map<?, ?>) base).toList();
    }

    /** Returns the disks that the array uses now in one of some roles, in the order of their slots. */
    private List<CampaignDisk> inRole(String... roles) {
        return bases().stream()
                .filter(base -> List.of(roles).contains(base.get("role")))
                .flatMap(base -> here().stream().filter(disk -> disk.name().equals(base.get("name"))))
                .toList();
    }

    /** Returns whether every slot has its member, they agree, and nothing is being synchronised. */
    private boolean isOptimal() {
        Map<?, ?> report = report();
        return "optimal".equals(report.get("health")) && !report.containsKey("process");
    }

    /** Returns whether an array can do without any one of its members now. */
    private boolean canLoseOne() {
        if (isOptimal()) {
            return true;
        }
        if (level != RaidLevel.RAID1 || inRole("in_sync").size() < 2) {
            return false;
        }
        // nothing is on its way in or out any more
        core.settle();
        return inRole("in_sync").size() > 1 && isDegraded(report());
    }

    private void untilOptimal() {
        call("bdev_raid_resume_process", Map.of("name", RAID));
        // the array tells itself; a look is an operation, which must not be waited for from inside a condition
        for (int i = 0; i < 1_000 && !isOptimal(); i++) {
            core.settle();
        }
        assertThat(isOptimal()).as("the array becomes optimal: %s", report()).isTrue();
    }

    // ---- what is done to it ----

    private void round() {
        Action action = actions.get(random.nextInt(actions.size()));
        history.add(action.toString());
        load.start(random.nextInt(24));
        core.step(random.nextInt(200));
        act(action);
        if (random.nextInt(5) == 0 && actions.contains(Action.CUT_POWER)) {
            load.start(random.nextInt(24));
            core.step(random.nextInt(600));
            history.add("and " + Action.CUT_POWER);
            cutPower();
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

    private void act(Action action) {
        switch (action) {
            case WAIT -> {
                load.drain();
                core.settle();
            }
            case CUT_POWER -> cutPower();
            case CUT_POWER_DURING_UPGRADE -> cutPowerDuringUpgrade();
            case RESET -> reset();
            case UPGRADE -> upgrade();
            case CHANGE_OPTIONS -> changeOptions();
            case GROW -> grow();
            case GO_OFFLINE -> goOffline();
            case LOSE_MEMBER -> loseMember();
            case LOSE_TARGET -> loseTarget();
            case BRING_MEMBER_BACK -> bringMemberBack();
            case FAIL_READS -> failReads();
            case FAIL_WRITES -> failWrites();
            case SCRUB -> scrub();
            case PAUSE -> call("bdev_raid_pause_process", Map.of("name", RAID));
            case RESUME -> call("bdev_raid_resume_process", Map.of("name", RAID));
            case REPAIR -> repair();
            case REMOVE_AND_ADD -> removeAndAdd();
            case ADD_SPARE -> addSpare();
            case REPLACE -> replace();
            case ADD_LEG -> addLeg();
        }
    }

    private void cutPower() {
        load.expectFailures(io -> true);
        core.expectErrorsInLog();
        cutDisks();
        bootAfterCut();
    }

    private void cutDisks() {
        List<CompletableFuture<Void>> cuts = new ArrayList<>();
        for (CampaignDisk disk : here()) {
            cuts.add(disk.disk().cutPower().toCompletableFuture());
        }
        cuts.forEach(core::await);
    }

    private void bootAfterCut() {
        load.drain();
        core.assertNoViolations();
        core.close();
        model.cut();
        faulty = false;
        List<CampaignDisk> back = new ArrayList<>(here());
        disks.forEach(CampaignDisk::forgotten);
        start();
        Collections.shuffle(back, random);
        for (CampaignDisk disk : back) {
            plug(disk);
            core.step(random.nextInt(40));
        }
        if (!superblock) {
            create();
        }
        use();
        if (random.nextBoolean()) {
            load.readAll();
        }
    }

    private void cutPowerDuringUpgrade() {
        load.expectFailures(io -> true);
        core.expectErrorsInLog();
        core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(20)));
        load.start(random.nextInt(12));
        CompletionStage<Void> left = core.core().remove(module);
        core.step(random.nextInt(200));
        cutDisks();
        core.await(left);
        bootAfterCut();
    }

    private void reset() {
        load.expectFailures(io -> io.status() == IoStatus.ABORTED);
        TestIo reset = open.channel(random.nextInt(reactors)).start(IoRequest.reset());
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

    /** All disks grow, one after the other, under load. */
    private void grow() {
        if ((level.isRedundant() && !isOptimal()) || size > 4L * data) {
            return;
        }
        long more = 32L + random.nextInt(96);
        // where nothing is recorded, the members of a concatenation must be as large at the next start as they are used
        boolean lastOnly = level == RaidLevel.CONCAT && !superblock;
        for (CampaignDisk disk : lastOnly ? disks.subList(disks.size() - 1, disks.size()) : disks) {
            core.await(disk.grow(more));
            load.start(random.nextInt(6));
            core.step(random.nextInt(40));
        }
        if (random.nextInt(3) == 0 && actions.contains(Action.CUT_POWER)) {
            history.add("and " + Action.CUT_POWER);
            cutPower();
        } else {
            load.drain();
            applyLoad();
        }
    }

    /** So many members leave that the array cannot go on; then they come back, those that know most first. */
    private void goOffline() {
        if (level.isRedundant()) {
            loseMember();
        }
        if (level.isRedundant() && (away().isEmpty() || !isSettledWithoutSome())) {
            return;
        }
        List<CampaignDisk> left = new ArrayList<>(inRole("in_sync"));
        Collections.shuffle(left, random);
        if (superblock || level != RaidLevel.RAID5F) {
            // what is torn in a degraded raid5f is lost where there is no journal
            load.start(random.nextInt(24));
            core.step(random.nextInt(100));
        }
        load.expectFailures(io -> true);
        core.expectErrorsInLog();
        List<CompletableFuture<Void>> gone = new ArrayList<>();
        for (CampaignDisk disk : level == RaidLevel.RAID1 ? left : left.subList(0, 1)) {
            gone.add(disk.unplug(random.nextBoolean()).toCompletableFuture());
            core.step(random.nextInt(30));
        }
        gone.forEach(core::await);
        core.until("the user to leave", open::isClosed);
        load.drain();
        Collections.reverse(left);
        left.stream().filter(disk -> !disk.isHere()).forEach(this::plug);
        use();
    }

    /** Returns whether the array is degraded and no rows are in doubt: which leg is read there decides what they hold. */
    private boolean isSettledWithoutSome() {
        load.drain();
        core.settle();
        return isDegraded(report());
    }

    private static boolean isDegraded(Map<?, ?> report) {
        return "degraded".equals(report.get("health")) && Long.valueOf(0).equals(report.get("unsynced_rows"));
    }

    private void loseMember() {
        if (canLoseOne()) {
            forgetFaults();
            lose(any(inRole("in_sync")));
        }
    }

    private void loseTarget() {
        List<CampaignDisk> targets = inRole("rebuilding");
        if (!targets.isEmpty()) {
            lose(any(targets));
        }
    }

    private void lose(CampaignDisk disk) {
        CompletionStage<Void> gone = disk.unplug(random.nextBoolean());
        load.start(random.nextInt(12));
        core.await(gone);
        settleLoss();
    }

    /** A power cut before the loss of a raid5f member is settled is a double fault: {@link PowerCutAfterLossTest}. */
    private void settleLoss() {
        if (level == RaidLevel.RAID5F) {
            load.drain();
            core.settle();
        }
    }

    /** A read error of one member while another one leaves or fails is a double fault, also if the read has begun before. */
    private void forgetFaults() {
        if (faulty) {
            here().forEach(disk -> disk.disk().clearFaults());
            load.drain();
            faulty = false;
        }
    }

    private void bringMemberBack() {
        if (!away().isEmpty()) {
            plug(any(away()));
        }
    }

    private void failReads() {
        if (canLoseOne()) {
            forgetFaults();
            faulty = true;
            any(inRole("in_sync")).disk().inject(SimFault.next(1 + random.nextInt(3), IoType.READ, MEDIA_ERROR));
        }
    }

    private void failWrites() {
        if (!canLoseOne()) {
            return;
        }
        forgetFaults();
        CampaignDisk failing = any(inRole("in_sync"));
        failing.disk()
                .inject(SimFault.next(
                        1,
                        random.nextBoolean() ? IoType.WRITE : random.nextBoolean() ? IoType.FLUSH : IoType.WRITE_ZEROES,
                        MEDIA_ERROR));
        load.run(30, 8);
        failing.disk().clearFaults();
        settleLoss();
        if (!inRole("in_sync").contains(failing)) {
            // a disk that failed is looked at, found good, and plugged in again
            core.await(failing.unplug(true));
        }
    }

    private void scrub() {
        if (isOptimal()) {
            call("bdev_raid_start_scrub", Map.of("name", RAID, "repair", random.nextBoolean()));
            load.run(20, 8);
        }
    }

    /** Rots some blocks of the media: a scrub finds each of them, and repairs it. */
    private void repair() {
        load.drain();
        if (!isOptimal()) {
            return;
        }
        forgetFaults();
        assertThat(mismatches(false)).as("mismatches before any is made").isZero();
        int rotten = rot();
        assertThat(mismatches(false)).as("mismatches that are found").isEqualTo(rotten);
        assertThat(mismatches(true)).as("mismatches that are repaired").isEqualTo(rotten);
        assertThat(mismatches(false)).as("mismatches that are left").isZero();
        assertMembersAgree();
    }

    private long mismatches(boolean repair) {
        call("bdev_raid_resume_process", Map.of("name", RAID));
        call("bdev_raid_start_scrub", Map.of("name", RAID, "repair", repair));
        untilOptimal();
        return ((Number) ((Map<?, ?>) report().get("last_scrub")).get("mismatches")).longValue();
    }

    /** Changes rows of a mirror's second leg, which the others outvote, or parity. */
    private int rot() {
        Shape shape = shape();
        List<CampaignDisk> members = inRole("in_sync");
        Map<Long, Integer> rows = new HashMap<>();
        for (int i = 0; i <= random.nextInt(5); i++) {
            long row = random.nextLong(shape.rows());
            rows.put(row, level == RaidLevel.RAID1 ? 1 : shape.paritySlot(row / shape.stripBlocks()));
        }
        rows.forEach((row, slot) -> {
            long at = shape.members().get(slot).dataOffset() + row;
            byte[] content = members.get(slot).medium().read(at);
            content[random.nextInt(block)] ^= (byte) (1 + random.nextInt(255));
            members.get(slot).medium().write(at, content);
        });
        return rows.size();
    }

    private void removeAndAdd() {
        if (!canLoseOne()) {
            return;
        }
        forgetFaults();
        CampaignDisk removed = any(inRole("in_sync"));
        call("bdev_raid_remove_base_bdev", Map.of("name", removed.name()));
        load.run(20, 8);
        settleLoss();
        call("bdev_raid_add_base_bdev", Map.of("raid_bdev", RAID, "base_bdev", removed.name()));
    }

    private void addSpare() {
        if (disks.size() < MOST_DISKS) {
            // a pool may have what no array can use now; an array refuses that as its own
            boolean own = random.nextBoolean();
            CampaignDisk spare = addDisk(own ? fitting() : random.nextBoolean() ? largest() : anySize());
            plug(spare);
            call(
                    "bdev_raid_add_spare",
                    own ? Map.of("base_bdev", spare.name(), "raid_bdev", RAID) : Map.of("base_bdev", spare.name()));
        }
    }

    /** Returns a size that is enough for any member of the array as it is now. */
    private long fitting() {
        return Math.max(
                largest(),
                shape().members().stream()
                        .mapToLong(extent -> extent.dataOffset() + extent.dataBlocks())
                        .max()
                        .orElseThrow());
    }

    /** Another disk takes the place of a member that works; what goes on meanwhile may be interrupted by all the rest. */
    private void replace() {
        if (disks.size() < MOST_DISKS && isOptimal()) {
            CampaignDisk replaced = any(inRole("in_sync"));
            CampaignDisk other = addDisk(fitting());
            plug(other);
            call(
                    "bdev_raid_replace_base_bdev",
                    Map.of("raid_name", RAID, "base_name", replaced.name(), "new_base_name", other.name()));
        }
    }

    private void addLeg() {
        if (disks.size() < MOST_DISKS && isOptimal()) {
            CampaignDisk leg = addDisk(fitting());
            plug(leg);
            call("bdev_raid_grow_base_bdev", Map.of("raid_name", RAID, "base_name", leg.name()));
        }
    }

    // ---- what must hold in the end ----

    private void end() {
        load.drain();
        forgetFaults();
        unread().forEach(disk -> core.await(disk.unplug(true)));
        away().forEach(this::plug);
        if (level.isRedundant()) {
            untilOptimal();
        }
        open.channel().flush();
        load.readAll();
        if (level.isRedundant()) {
            assertThat(mismatches(false)).as("mismatches in the end").isZero();
            assertMembersAgree();
        }
        open.close();
        call("bdev_raid_delete", Map.of("name", RAID));
        core.remove(module);
        core.assertNothingOut();
        core.assertNoViolations();
    }

    /** Returns the disks that nobody has: their superblock could not be read when the module came with an upgrade, and they are looked at when they come anew. */
    private List<CampaignDisk> unread() {
        return here().stream()
                .filter(disk -> core.bdev(disk.name()).claims().isEmpty())
                .toList();
    }

    private Shape shape() {
        List<Shape.Extent> extents = bases().stream()
                .map(base -> new Shape.Extent(
                        ((Number) base.get("data_offset")).longValue(), ((Number) base.get("data_size")).longValue()))
                .toList();
        return new Shape(level, block, stripKb * 1024 / block, extents);
    }

    /** Looks at the disks themselves: what the array relies on when a member is lost tomorrow. */
    private void assertMembersAgree() {
        Shape shape = shape();
        List<CampaignDisk> members = inRole("in_sync");
        for (long row = 0; row < shape.rows(); row++) {
            byte[] first = null;
            byte[] parity = new byte[block];
            for (int slot = 0; slot < members.size(); slot++) {
                byte[] content = members.get(slot)
                        .medium()
                        .read(shape.members().get(slot).dataOffset() + row);
                first = first == null ? content : first;
                if (level == RaidLevel.RAID1 && !Arrays.equals(first, content)) {
                    throw new AssertionError("members 0 and " + slot + " differ at row " + row);
                }
                for (int i = 0; i < block; i++) {
                    parity[i] ^= content[i];
                }
            }
            if (level == RaidLevel.RAID5F && !Arrays.equals(parity, new byte[block])) {
                throw new AssertionError("parity is wrong at row " + row);
            }
        }
    }
}
