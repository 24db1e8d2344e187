package io.cairn.bdev.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The contract of the bdev SPI, as a test that every module passes. Extend it in the module's tests, say how a bdev of the
 * module is made and deleted and what the module promises ({@link #traits}), and run it.
 *
 * <p>Everything goes through the real core. Each test runs in several simulations, one per seed, and the most important ones on
 * threads as well. A failure names its seed; {@code -Dcairn.seed=N} runs just that one again, {@code -Dcairn.seeds=K} runs more.
 */
public abstract class BdevContractTest {
    private static final int REACTORS = 3;
    private static final int DEFAULT_SEEDS = 4;
    private static final long BASE_BLOCKS = 384;

    // ---- what a module's test says ----

    /** Makes the module, as the framework would. */
    protected abstract BdevModule newModule(TestCore core);

    /** Says what the module promises. */
    protected abstract ModuleTraits traits();

    /** Returns the operation, with parameters, that makes the bdev. */
    protected abstract ConfigEntry creation(Subject subject);

    /** Returns the operation, with parameters, that deletes it. */
    protected abstract ConfigEntry deletion(Subject subject);

    /** Returns the name that the module gives the bdev, where it does not take the kit's. */
    protected String bdevName(Subject subject) {
        return subject.name();
    }

    /** Returns the operation that makes a physical bdev larger, if there is one. */
    protected Optional<ConfigEntry> growth(Subject subject, long numBlocks) {
        return Optional.empty();
    }

    /** Prepares what the creation needs outside of the core: a file of the size, say. Called before each first creation. */
    protected void prepare(Subject subject) {}

    /** Returns the settings of a base. For modules that need a special one: over a base that serves fewer types, say. */
    protected SimSettings base(String name, int blockSize, long numBlocks) {
        return SimSettings.of(name, blockSize, numBlocks);
    }

    /** Returns how many seeds each test runs by default. */
    protected int defaultSeeds() {
        return DEFAULT_SEEDS;
    }

    // ---- identity ----

    /** A bdev is what was asked for, is found by its names, and describes itself. */
    @Test
    public void theBdevIsWhatWasAskedFor() {
        inSimulations(world -> {
            Bdev bdev = world.bdev();
            assertThat(bdev.state()).isEqualTo(BdevState.READY);
            assertThat(bdev.moduleName()).isEqualTo(world.module.name());
            assertThat(bdev.productName()).isNotBlank();
            assertThat(bdev.numBlocks()).isPositive();
            assertThat(bdev.supportedTypes()).containsExactlyInAnyOrderElementsOf(traits().types());
            assertThat(bdev.baseNames()).isEqualTo(world.subject.bases());
            assertThat(world.core.find(bdev.uuid().toString())).contains(bdev);
            for (String alias : bdev.aliases()) {
                assertThat(world.core.find(alias)).as("alias %s", alias).contains(bdev);
            }
            Map<String, Object> description = world.core.onApp(bdev::driverSpecific);
            assertThat(description).as("driver_specific").isNotNull();
            assertPlain("driver_specific", description);
            if (traits().bases() == 0) {
                assertThat(bdev.blockSize()).isEqualTo(world.subject.blockSize());
                assertThat(bdev.numBlocks()).isEqualTo(world.subject.numBlocks());
            }
            for (SimDisk base : world.bases) {
                assertThat(base.bdev().claims())
                        .as("claims of base %s", base)
                        .isNotEmpty()
                        .allSatisfy(claim -> assertThat(claim.module()).isEqualTo(world.module.name()));
            }
        });
    }

    /** The same call a second time is refused and changes nothing. */
    @Test
    public void aSecondCreationIsRefusedAndChangesNothing() {
        inSimulations(world -> {
            List<String> before = world.everything();
            assertThatThrownBy(() -> world.create()).isInstanceOf(OperationException.class);
            world.core.settle();
            assertThat(world.everything()).isEqualTo(before);
        });
    }

    // ---- I/O ----

    /** Random I/O of all types from all reactors finds what it must, byte for byte. */
    @Test
    public void dataAreByteExact() {
        everywhere(world -> {
            try (TestDescriptor open = world.open()) {
                Workload load = world.load(open, world.model());
                load.run(600, 24);
                load.readAll();
            }
        });
    }

    /** The same over bases that complete inline, answer NOMEM now and then, and late. */
    @Test
    public void dataAreByteExactOverDifficultBases() {
        if (traits().bases() == 0) {
            return;
        }
        everywhere(
                settings -> settings.withChances(0.3, 0.2, 0.5)
                        .withLatency(Duration.ZERO, Duration.ofMillis(1))
                        .withUnmapKeepingOld(!traits().unmapZeroes()),
                world -> {
                    try (TestDescriptor open = world.open()) {
                        Workload load = world.load(open, world.model());
                        load.run(400, 24);
                        load.readAll();
                    }
                });
    }

    /** Where blocks correspond to a base's, the base holds at each block what was written to it. */
    @Test
    public void theBaseHoldsWhatWasWritten() {
        if (traits().baseBlock().isEmpty()) {
            return;
        }
        inSimulations(world -> {
            BlockModel model = world.model();
            try (TestDescriptor open = world.open()) {
                world.load(open, model).run(300, 8);
            }
            Bdev bdev = world.bdev();
            for (long block = 0; block < bdev.numBlocks(); block++) {
                byte[] known = model.known(block, 1);
                if (known != null) {
                    long below = traits().baseBlock().get().applyAsLong(block);
                    assertThat(world.bases.get(0).medium().read(below))
                            .as("block %s, the base's %s", block, below)
                            .isEqualTo(known);
                }
            }
        });
    }

    /** First and last blocks work; what is not wholly within the bdev is refused before the module sees it. */
    @Test
    public void boundsAreKept() {
        inSimulations(world -> {
            try (TestDescriptor open = world.open()) {
                TestChannel channel = open.channel(1);
                long size = world.bdev().numBlocks();
                int block = world.bdev().blockSize();
                assertThat(channel.read(0, 1)).hasSize(block);
                assertThat(channel.read(size - 1, 1)).hasSize(block);
                assertThat(channel.read(0, Math.min(size, 64))).isNotEmpty();
                long given = world.module.given();
                long[][] outside = {
                    {size, 1},
                    {size - 1, 2},
                    {-1, 1},
                    {0, 0},
                    {0, -1},
                    {0, size + 1},
                    {Long.MAX_VALUE, 1},
                    {Long.MAX_VALUE - 1, 2},
                    {1, Long.MAX_VALUE},
                    {Long.MIN_VALUE, 1}
                };
                Set<IoType> types = world.bdev().supportedTypes();
                for (long[] range : outside) {
                    IoRequest read = IoRequest.read(range[0], range[1]);
                    assertRefused(channel, read, Errno.EINVAL);
                    assertRefused(channel, read.in(IoRequest.Memory.LENT), Errno.EINVAL);
                    if (types.contains(IoType.WRITE)) {
                        assertRefused(channel, IoRequest.write(range[0], range[1], new byte[block]), Errno.EINVAL);
                    }
                    if (types.contains(IoType.UNMAP)) {
                        assertRefused(channel, IoRequest.unmap(range[0], range[1]), Errno.EINVAL);
                    }
                    if (types.contains(IoType.WRITE_ZEROES)) {
                        assertRefused(channel, IoRequest.writeZeroes(range[0], range[1]), Errno.EINVAL);
                    }
                    if (types.contains(IoType.COPY)) {
                        assertRefused(channel, IoRequest.copy(0, range[0], range[1]), Errno.EINVAL);
                        assertRefused(channel, IoRequest.copy(range[0], 0, range[1]), Errno.EINVAL);
                    }
                }
                assertThat(world.module.given())
                        .as("I/Os that the module was given for what is out of bounds")
                        .isEqualTo(given);
            }
        });
    }

    /** A type that the bdev does not list is refused before the module sees it. */
    @Test
    public void unsupportedTypesAreRefused() {
        inSimulations(world -> {
            try (TestDescriptor open = world.open()) {
                TestChannel channel = open.channel();
                byte[] data = new byte[world.bdev().blockSize()];
                List<IoRequest> all = List.of(
                        IoRequest.read(0, 1),
                        IoRequest.write(0, 1, data),
                        IoRequest.unmap(0, 1),
                        IoRequest.flush(),
                        IoRequest.reset(),
                        IoRequest.writeZeroes(0, 1),
                        IoRequest.compare(0, 1, data),
                        IoRequest.compareAndWrite(0, 1, data, data),
                        IoRequest.copy(0, 1, 1),
                        IoRequest.seekData(0),
                        IoRequest.seekHole(0));
                long given = world.module.given();
                for (IoRequest request : all) {
                    if (!world.bdev().supportedTypes().contains(request.type())) {
                        assertRefused(channel, request, Errno.EOPNOTSUPP);
                    }
                }
                assertThat(world.module.given()).isEqualTo(given);
            }
        });
    }

    /** More I/O than there are I/O objects anywhere in the stack: all wait for their turn, none is lost. */
    @Test
    public void whatFindsNoIoObjectWaits() {
        everywhere(world -> {
            List<TestDescriptor> users = new ArrayList<>();
            List<TestIo> all = new ArrayList<>();
            try {
                world.bases.forEach(SimDisk::holdAll);
                for (int user = 0; user < 4; user++) {
                    TestDescriptor open = world.core.open(world.name(), OpenMode.READ);
                    users.add(open);
                    TestChannel channel = open.channel(1);
                    for (int i = 0; i < 300; i++) {
                        all.add(channel.start(IoRequest.read(i % world.bdev().numBlocks(), 1)));
                    }
                }
                world.core.settle();
                world.bases.forEach(SimDisk::release);
                world.core.until("1200 reads", () -> all.stream().allMatch(TestIo::isDone));
                assertThat(all).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
            } finally {
                users.forEach(TestDescriptor::close);
            }
        });
    }

    /** What goes wrong in a base is told above, with its detail; and only that. */
    @Test
    public void errorsOfTheBaseAreToldAbove() {
        if (traits().bases() == 0) {
            return;
        }
        inSimulations(world -> {
            try (TestDescriptor open = world.open()) {
                TestChannel channel = open.channel(2);
                long unit = Math.max(1, world.bdev().limits().writeUnitBlocks());
                byte[] data = new byte[(int) unit * world.bdev().blockSize()];
                Map<IoType, IoRequest> requests = Map.of(
                        IoType.READ, IoRequest.read(unit, 1),
                        IoType.WRITE, IoRequest.write(unit, unit, data),
                        IoType.UNMAP, IoRequest.unmap(unit, unit),
                        IoType.FLUSH, IoRequest.flush(),
                        IoType.WRITE_ZEROES, IoRequest.writeZeroes(unit, unit));
                List<IoStatus> statuses =
                        List.of(IoStatus.nvme(2, 0x81), IoStatus.NO_SPACE, IoStatus.FAILED, IoStatus.errno(Errno.EIO));
                requests.forEach((type, request) -> {
                    if (!world.bdev().supportedTypes().contains(type)) {
                        return;
                    }
                    for (IoStatus status : statuses) {
                        long before = given(world, type);
                        for (SimDisk base : world.bases) {
                            base.inject(SimFault.next(100, type, status));
                        }
                        TestIo io = channel.run(request);
                        world.bases.forEach(SimDisk::clearFaults);
                        if (given(world, type) == before) {
                            continue; // served without the base, or by other types
                        }
                        assertThat(io.status().isSuccess())
                                .as("%s whose base ended with %s succeeded", type, status)
                                .isFalse();
                        if (traits().passesStatus()) {
                            assertThat(io.status()).as("the status of %s", io).isSameAs(status);
                        }
                    }
                    if (traits().passesStatus() && given(world, type) > 0) {
                        assertThat(channel.run(request).status()).isEqualTo(IoStatus.SUCCESS);
                    }
                });
            }
        });
    }

    /** Errors in the middle of a load reach those whose I/O failed, and leave the others' data alone. */
    @Test
    public void errorsUnderLoadHurtOnlyTheirOwn() {
        if (traits().bases() == 0) {
            return;
        }
        inSimulations(world -> {
            try (TestDescriptor open = world.open()) {
                Workload load =
                        world.load(open, world.model()).expectFailures(io -> io.status() == IoStatus.nvme(0, 0x06));
                for (int round = 0; round < 5; round++) {
                    SimDisk base = world.bases.get(world.random.nextInt(world.bases.size()));
                    base.inject(new SimFault(
                            Set.of(IoType.WRITE, IoType.READ, IoType.FLUSH, IoType.UNMAP),
                            0,
                            Long.MAX_VALUE,
                            3,
                            IoStatus.nvme(0, 0x06)));
                    if (!traits().passesStatus()) {
                        load.expectFailures(io -> true);
                    }
                    load.run(60, 12);
                    base.clearFaults();
                }
                load.readAll();
            }
        });
    }

    /** Reads without memory bring their data and leave nothing of the pool lent. */
    @Test
    public void readsWithoutMemory() {
        everywhere(world -> {
            BlockModel model = world.model();
            try (TestDescriptor open = world.open()) {
                Workload load = world.load(open, model);
                load.run(100, 8);
                for (int i = 0; i < 50; i++) {
                    long length = world.random.nextLong(1, 17);
                    long first = world.random.nextLong(world.bdev().numBlocks() - length + 1);
                    TestIo io = open.channel(i % REACTORS)
                            .run(IoRequest.read(first, length).in(IoRequest.Memory.LENT));
                    assertThat(io.status()).isEqualTo(IoStatus.SUCCESS);
                    String wrong = model.check(first, length, io.data());
                    assertThat(wrong).as("%s", io).isNull();
                }
            }
        });
    }

    /** Direct access, where it is given, finds what was written, and what it writes is found. */
    @Test
    public void directAccessIsLikeIo() {
        everywhere(world -> {
            BlockModel model = world.model();
            boolean writes = world.bdev().supportedTypes().contains(IoType.WRITE);
            long unit = Math.max(1, world.bdev().limits().writeUnitBlocks());
            try (TestDescriptor open = world.open()) {
                world.load(open, model).run(100, 8);
                for (int i = 0; i < 50; i++) {
                    TestChannel channel = open.channel(i % REACTORS);
                    long length = unit
                            * world.random.nextLong(
                                    1, 1 + Math.min(300, world.bdev().numBlocks() / unit));
                    long first = unit * world.random.nextLong((world.bdev().numBlocks() - length) / unit + 1);
                    byte[] found = channel.directRead(first, length);
                    if (found != null) {
                        assertThat(model.check(first, length, found)).isNull();
                    }
                    byte[] data = new byte[Math.toIntExact(length * world.bdev().blockSize())];
                    world.random.nextBytes(data);
                    if (!writes) {
                        assertThatThrownBy(() -> channel.directWrite(first, data))
                                .isInstanceOf(BdevException.class);
                    } else if (channel.directWrite(first, data)) {
                        model.writing(first, length, data);
                        model.written(first, length, data);
                    }
                    assertThat(model.check(first, length, channel.read(first, length)))
                            .isNull();
                }
                assertThatThrownBy(() -> open.channel().directRead(world.bdev().numBlocks(), 1))
                        .isInstanceOf(BdevException.class);
            }
        });
    }

    /** Searching for data and holes: between an offset and the answer is nothing else. */
    @Test
    public void searchesFindWhatIsThere() {
        inSimulations(world -> {
            Set<IoType> types = world.bdev().supportedTypes();
            if (!types.contains(IoType.SEEK_DATA) || !types.contains(IoType.SEEK_HOLE)) {
                return;
            }
            BlockModel model = world.model();
            long size = world.bdev().numBlocks();
            try (TestDescriptor open = world.open()) {
                world.load(open, model).run(60, 4);
                TestChannel channel = open.channel();
                for (int i = 0; i < 40; i++) {
                    long from = world.random.nextLong(size);
                    long data = channel.seekData(from);
                    assertThat(data).isBetween(-1L, size - 1);
                    for (long block = from; block < (data < 0 ? size : data); block++) {
                        byte[] known = model.known(block, 1);
                        assertThat(known == null ? new byte[world.bdev().blockSize()] : known)
                                .as("block %s, which is before the next data after %s", block, from)
                                .containsOnly(0);
                    }
                    long hole = channel.seekHole(from);
                    assertThat(hole).isBetween(-1L, size - 1);
                    if (hole >= 0) {
                        assertThat(hole).isGreaterThanOrEqualTo(from);
                        byte[] known = model.known(hole, 1);
                        assertThat(known == null ? new byte[world.bdev().blockSize()] : known)
                                .as("hole %s", hole)
                                .containsOnly(0);
                    }
                    assertThat(data).as("data and hole after %s", from).isNotEqualTo(hole);
                }
            }
        });
    }

    /** A reset in the middle of a load ends every I/O once, and the bdev goes on afterwards. */
    @Test
    public void resetUnderLoad() {
        everywhere(world -> {
            if (!world.bdev().supportedTypes().contains(IoType.RESET)) {
                return;
            }
            try (TestDescriptor open = world.open()) {
                Workload load = world.load(open, world.model()).expectFailures(io -> io.status() == IoStatus.ABORTED);
                for (int round = 0; round < 6; round++) {
                    load.start(20);
                    world.core.step(world.random.nextInt(60));
                    TestIo reset = open.channel(round % REACTORS).start(IoRequest.reset());
                    load.start(10);
                    load.drain();
                    world.core.until("the reset", reset::isDone);
                    assertThat(reset.status()).as("the reset").isEqualTo(IoStatus.SUCCESS);
                }
                load.expectFailures(io -> false);
                load.run(60, 12);
                load.readAll();
            }
        });
    }

    /** Aborts in the middle of a load: every victim and every abort ends once, and the bdev goes on. */
    @Test
    public void abortUnderLoad() {
        everywhere(world -> {
            if (!world.bdev().supportedTypes().contains(IoType.ABORT)) {
                return;
            }
            try (TestDescriptor open = world.open()) {
                TestChannel channel = open.channel(1);
                Workload load = new Workload(
                                world.core,
                                world.random,
                                List.of(channel),
                                world.model(),
                                traits(),
                                world.bdev().supportedTypes())
                        .expectFailures(io -> io.status() == IoStatus.ABORTED);
                for (int round = 0; round < 6; round++) {
                    boolean hold = world.random.nextBoolean();
                    if (hold) {
                        world.bases.forEach(SimDisk::holdAll);
                    }
                    List<TestIo> victims = load.start(16);
                    world.core.step(world.random.nextInt(60));
                    List<TestIo> aborts = new ArrayList<>();
                    for (TestIo victim : victims) {
                        if (world.random.nextBoolean()) {
                            aborts.add(channel.startAbort(victim));
                        }
                    }
                    world.core.step(200);
                    world.bases.forEach(SimDisk::release);
                    world.core.until("the aborts", () -> aborts.stream().allMatch(TestIo::isDone));
                    load.drain();
                }
                load.expectFailures(io -> false);
                load.run(60, 12);
                load.readAll();
            }
        });
    }

    // ---- channels ----

    /** Channels of reactors come and go independently; the module sees each opened and closed once. */
    @Test
    public void channelsComeAndGo() {
        everywhere(world -> {
            try (TestDescriptor one = world.open();
                    TestDescriptor two = world.core.open(world.name(), OpenMode.READ)) {
                for (int round = 0; round < 12; round++) {
                    TestDescriptor any = world.random.nextBoolean() ? one : two;
                    int reactor = world.random.nextInt(REACTORS);
                    any.channel(reactor).read(0, 1);
                    if (world.random.nextBoolean()) {
                        any.closeChannel(reactor);
                    }
                }
            }
            world.core.settle();
            assertThat(world.module.holdings().toString()).doesNotContain("channels");
            for (SimDisk base : world.bases) {
                assertThat(base.channelsOpen()).as("channels of %s", base).isZero();
            }
        });
    }

    // ---- removal ----

    /** Deleted at any stage of its I/O: every I/O ends once, the users are told, the name is free, it can be made again. */
    @Test
    public void deletedWithIoInFlight() {
        everywhere(world -> {
            for (int stage = 0; stage < 8; stage++) {
                boolean held = stage % 2 == 1;
                TestDescriptor open = world.open();
                Workload load = world.load(open, world.model()).expectFailures(io -> true);
                if (held) {
                    world.bases.forEach(SimDisk::holdAll);
                }
                load.start(24);
                world.core.step(stage * 9 + world.random.nextInt(9));
                CompletionStage<Object> deleted = world.startDelete();
                world.core.step(world.random.nextInt(40));
                load.start(6);
                world.core.step(40);
                world.bases.forEach(SimDisk::release);
                load.drain();
                world.core.await(deleted);
                world.core.until("the user to leave", open::isClosed);
                assertThat(open.events()).as("what the user was told").contains(BdevEvent.REMOVE);
                assertThat(world.core.find(world.name())).isEmpty();
                world.assertModuleHoldsNothing();
                world.create();
                world.refill();
            }
        });
    }

    /** A base that goes, orderly or by being pulled out, takes the bdev with it unless that can do without; nothing hangs and nothing is left. */
    @Test
    public void baseRemovedWithIoInFlight() {
        if (traits().bases() == 0) {
            return;
        }
        for (int stage = 0; stage < 6; stage++) {
            int at = stage;
            everywhere(world -> {
                SimDisk victim = world.bases.get(world.random.nextInt(world.bases.size()));
                TestDescriptor open = world.open();
                Workload load = world.load(open, world.model()).expectFailures(io -> true);
                if (at % 3 == 1) {
                    victim.holdAll();
                }
                load.start(24);
                world.core.step(at * 11 + world.random.nextInt(11));
                CompletionStage<Void> removed = at % 2 == 0 ? victim.remove() : victim.yank();
                world.core.step(world.random.nextInt(40));
                load.start(6);
                victim.release();
                load.drain();
                world.core.await(removed);
                if (traits().survivesBaseLoss()) {
                    world.core.settle();
                    assertThat(open.isClosed()).as("the user left").isFalse();
                    load.readAll();
                    open.close();
                } else {
                    world.core.until("the user to leave", open::isClosed);
                    world.untilGone();
                }
                assertThat(victim.destructs()).as("destructs of the base").isEqualTo(1);
                world.assertModuleHoldsNothingOf(victim);
            });
        }
    }

    /** A base that was removed and comes back brings the bdev back, where the module waits for it. */
    @Test
    public void baseComesBack() {
        if (!traits().waitsForBase()) {
            return;
        }
        inSimulations(world -> {
            UUID uuid = world.bdev().uuid();
            SimDisk base = world.bases.get(0);
            world.core.await(base.remove());
            if (!traits().survivesBaseLoss()) {
                world.untilGone();
            }
            SimSettings same = base.settings().withUuid(base.bdev().uuid());
            world.bases.set(0, world.core.disk(same, base.medium()));
            world.core.settle();
            assertThat(world.bdev().uuid()).isEqualTo(uuid);
            try (TestDescriptor open = world.open()) {
                open.channel().read(0, 1);
            }
        });
    }

    /** A user that does not leave does not hold up the removal for ever. */
    @Test
    public void removalEndsThoughAUserStays() {
        inSimulations(world -> {
            TestDescriptor stuck = world.open();
            stuck.keepOpenOnRemove();
            stuck.channel(1).read(0, 1);
            world.core.expectErrorsInLog();
            world.core.await(world.startDelete());
            assertThat(world.core.find(world.name())).isEmpty();
            TestIo late = stuck.channel(1).start(IoRequest.read(0, 1));
            world.core.until("the late read", late::isDone);
            assertThat(late.status() == null || !late.status().isSuccess())
                    .as("a read after the removal succeeded")
                    .isTrue();
            stuck.close();
            world.assertModuleHoldsNothing();
        });
    }

    /** A module that leaves takes its bdevs with it, under load. */
    @Test
    public void moduleLeavesWithIoInFlight() {
        everywhere(world -> {
            TestDescriptor open = world.open();
            Workload load = world.load(open, world.model()).expectFailures(io -> true);
            load.start(24);
            world.core.step(world.random.nextInt(60));
            world.core.remove(world.module);
            load.drain();
            world.core.until("the user to leave", open::isClosed);
            assertThat(world.core.find(world.name())).isEmpty();
            world.assertModuleHoldsNothing();
            world.moduleGone = true;
        });
    }

    // ---- size ----

    /** A bdev that grows, by operation or because its base does, tells its users and serves the new blocks. */
    @Test
    public void growthIsTold() {
        inSimulations(world -> {
            long before = world.bdev().numBlocks();
            long expected;
            try (TestDescriptor open = world.open()) {
                open.channel(1).read(before - 1, 1);
                if (traits().bases() == 0) {
                    expected = before * 2;
                    Optional<ConfigEntry> growth = growth(world.subject, expected);
                    if (growth.isEmpty()) {
                        return;
                    }
                    world.call(growth.get());
                } else if (traits().sizeOver().isPresent()) {
                    long larger = BASE_BLOCKS * 2;
                    for (SimDisk base : world.bases) {
                        world.core.await(base.resize(larger));
                    }
                    expected = traits().sizeOver().get().applyAsLong(larger);
                } else {
                    return;
                }
                world.core.settle();
                assertThat(world.bdev().numBlocks()).isEqualTo(expected);
                if (expected != before) {
                    assertThat(open.events()).contains(BdevEvent.RESIZE);
                    assertThat(open.channel(1).read(expected - 1, 1))
                            .hasSize(world.bdev().blockSize());
                } else {
                    assertThat(open.events()).doesNotContain(BdevEvent.RESIZE);
                }
            }
        });
    }

    // ---- creation that fails, and configuration ----

    /** A creation that fails at its k-th step, for every k, leaves everything as it was before. */
    @Test
    public void nothingHalfCreatedIsLeftBehind() {
        inSimulations(world -> {
            world.delete();
            assertNothingHalfCreated(world);
        });
    }

    /** The same where the bdev is made because its base appears. */
    @Test
    public void nothingHalfCreatedIsLeftBehindWhenTheBaseAppears() {
        if (!traits().waitsForBase() || traits().survivesBaseLoss()) {
            return;
        }
        inSimulations(world -> {
            SimDisk base = world.bases.get(0);
            SimSettings same = base.settings().withUuid(base.bdev().uuid());
            for (int k = 1; ; k++) {
                assertThat(k).as("the creation never succeeds").isLessThan(100);
                world.core.await(world.bases.get(0).remove());
                world.untilGone();
                List<String> before = world.module.holdings();
                world.core.expectErrorsInLog();
                world.module.failCall(k);
                world.bases.set(0, world.core.disk(same, base.medium()));
                world.core.settle();
                Optional<String> failed = world.module.failedCall();
                world.module.failCall(0);
                if (failed.isEmpty()) {
                    break;
                }
                assertThat(before).satisfies(kept -> {
                    if (!traits().keepsOtherBases()) {
                        assertThat(kept).isEmpty();
                    }
                });
                assertThat(world.module.holdings())
                        .as("left after %s failed", failed.get())
                        .isEqualTo(before);
                assertThat(world.bases.get(0).bdev().claims())
                        .as("claims after %s failed", failed.get())
                        .isEmpty();
                assertThat(world.core.find(world.name())).isEmpty();
            }
            assertThat(world.core.find(world.name())).isPresent();
        });
    }

    /** A base that somebody else has claimed: the creation is refused, says by whom, and changes nothing. */
    @Test
    public void aClaimedBaseIsRefused() {
        if (traits().bases() == 0) {
            return;
        }
        inSimulations(world -> {
            world.delete();
            Claimer claimer = new Claimer();
            world.core.add(claimer);
            world.core.onApp(() -> {
                claimer.claim(world.subject.base());
                return null;
            });
            List<String> before = world.everything();
            assertThatThrownBy(() -> world.create())
                    .isInstanceOf(OperationException.class)
                    .hasMessageContaining(world.subject.base())
                    .hasMessageContaining(claimer.name());
            world.core.settle();
            assertThat(world.everything()).isEqualTo(before);
            world.core.onApp(() -> {
                claimer.release();
                return null;
            });
            world.core.settle();
            if (world.core.find(world.name()).isEmpty()) {
                world.create();
            }
        });
    }

    /** What the module says of its configuration makes the same bdevs again in another process. */
    @Test
    public void configurationMakesTheSameAgain() {
        inSimulations(world -> {
            List<ConfigEntry> saved = world.core.onApp(world.module::configuration);
            assertThat(saved).as("configuration").isNotEmpty();
            for (ConfigEntry entry : saved) {
                assertPlain(entry.method(), entry.params());
            }
            List<String> state = world.core.state();
            world.startAgain(saved);
            assertThat(world.core.state()).isEqualTo(state);
            assertThat(world.core.onApp(world.module::configuration)).isEqualTo(saved);
            world.delete();
            assertThat(world.core.onApp(world.module::configuration))
                    .as("configuration after the deletion")
                    .isEmpty();
        });
    }

    // ---- the machinery ----

    private static void assertNothingHalfCreated(World world) {
        for (int k = 1; ; k++) {
            assertThat(k).as("the creation never succeeds").isLessThan(100);
            List<String> before = world.everything();
            world.module.failCall(k);
            boolean succeeded = true;
            try {
                world.create();
            } catch (OperationException refused) {
                succeeded = false;
            }
            Optional<String> failed = world.module.failedCall();
            world.module.failCall(0);
            if (failed.isEmpty()) {
                assertThat(succeeded).as("a creation in which nothing failed").isTrue();
                return;
            }
            world.core.settle();
            assertThat(succeeded)
                    .as("the creation in which %s failed succeeded", failed.get())
                    .isFalse();
            assertThat(world.everything()).as("after %s failed", failed.get()).isEqualTo(before);
        }
    }

    private static void assertRefused(TestChannel channel, IoRequest request, Errno errno) {
        assertThatThrownBy(() -> channel.run(request))
                .as("%s", request)
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static long given(World world, IoType type) {
        return world.bases.stream().mapToLong(base -> base.given(type)).sum();
    }

    private static void assertPlain(String where, Object value) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> {
                assertThat(key).as(where).isInstanceOf(String.class);
                assertPlain(where + "." + key, inner);
            });
        } else if (value instanceof List<?> list) {
            list.forEach(inner -> assertPlain(where, inner));
        } else if (value != null) {
            assertThat(value).as(where).isInstanceOfAny(String.class, Number.class, Boolean.class);
        }
    }

    /** What a test does in a world. */
    @FunctionalInterface
    private interface Scenario {
        void run(World world);
    }

    /** Changes a base's settings. */
    @FunctionalInterface
    private interface Bases {
        SimSettings change(SimSettings settings);
    }

    private void inSimulations(Scenario scenario) {
        inSimulations(settings -> settings, scenario);
    }

    private void inSimulations(Bases bases, Scenario scenario) {
        Seeds.of(defaultSeeds()).forEach(seed -> run(TestCore.simulated(seed, REACTORS), seed, bases, scenario));
    }

    private void everywhere(Scenario scenario) {
        everywhere(settings -> settings, scenario);
    }

    private void everywhere(Bases bases, Scenario scenario) {
        inSimulations(bases, scenario);
        if (!Seeds.replaying()) {
            run(TestCore.onThreads(REACTORS), 0, bases, scenario);
        }
    }

    private void run(TestCore core, long seed, Bases bases, Scenario scenario) {
        World world = null;
        try {
            world = new World(core, seed, bases);
            scenario.run(world);
            world.end();
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError(failure.getMessage() + " [" + (world == null ? core : world.core) + "]", failure);
        } finally {
            (world == null ? core : world.core).close();
        }
    }

    /** A core with the module, its bases and one bdev of it. */
    private final class World {
        private final Subject subject;
        private final Random random;
        private final Bases baseSettings;
        private final List<SimDisk> bases = new ArrayList<>();
        private final List<SimMedium> media = new ArrayList<>();
        private final long seed;
        private TestCore core;
        private ModuleMonitor module;
        private boolean moduleGone;
        private final Map<Reactor, List<String>> pollersBefore = new HashMap<>();

        World(TestCore core, long seed, Bases baseSettings) {
            this.core = core;
            this.seed = seed;
            this.baseSettings = baseSettings;
            this.random = new Random(seed);
            int blockSize = seed % 2 == 0 ? 4096 : 512;
            List<String> baseNames = LongStream.range(0, traits().bases())
                    .mapToObj(i -> "base" + i)
                    .toList();
            this.subject = new Subject("subject", blockSize, BASE_BLOCKS, baseNames);
            prepare(subject);
            baseNames.forEach(base -> media.add(new SimMedium(blockSize)));
            begin();
            create();
            refill();
        }

        private void begin() {
            core.settle();
            pollersBefore.clear();
            for (Reactor reactor : core.reactors().all()) {
                pollersBefore.put(reactor, core.on(reactor, reactor::pollerNames));
            }
            module = new ModuleMonitor(core, newModule(core));
            core.add(module);
            for (int i = 0; i < media.size(); i++) {
                SimSettings settings = base(subject.bases().get(i), subject.blockSize(), BASE_BLOCKS)
                        .withUuid(new UUID(seed, i));
                bases.add(core.disk(baseSettings.change(settings), media.get(i)));
            }
        }

        /** Puts random data where the bdev's blocks are, behind its back. */
        void refill() {
            traits().baseBlock().ifPresent(map -> {
                byte[] content = new byte[subject.blockSize()];
                for (long block = 0; block < bdev().numBlocks(); block++) {
                    random.nextBytes(content);
                    media.get(0).write(map.applyAsLong(block), content);
                }
                media.get(0).flush();
            });
        }

        /** Returns the model of what the bdev holds now. */
        BlockModel model() {
            BlockModel model = new BlockModel(subject.blockSize());
            traits().baseBlock().ifPresent(map -> {
                for (long block = 0; block < bdev().numBlocks(); block++) {
                    byte[] content = media.get(0).read(map.applyAsLong(block));
                    model.writing(block, 1, content);
                    model.written(block, 1, content);
                }
            });
            if (traits().baseBlock().isEmpty() && traits().keepsData()) {
                try (TestDescriptor open = core.open(name(), OpenMode.READ)) {
                    for (long block = 0; block < bdev().numBlocks(); block++) {
                        byte[] content = open.channel().read(block, 1);
                        model.writing(block, 1, content);
                        model.written(block, 1, content);
                    }
                }
            }
            return model;
        }

        Workload load(TestDescriptor open, BlockModel model) {
            return new Workload(core, random, open.channels(), model, traits(), bdev().supportedTypes());
        }

        /** Another process: a new core with the same media, given the configuration. */
        void startAgain(List<ConfigEntry> saved) {
            core.remove(module);
            bases.forEach(base -> core.await(base.remove()));
            assertClean();
            core.close();
            bases.clear();
            core = TestCore.simulated(seed + 1, REACTORS);
            begin();
            saved.forEach(this::call);
            core.settle();
        }

        String name() {
            return bdevName(subject);
        }

        Bdev bdev() {
            return core.bdev(name());
        }

        /** Waits until the bdev is gone. */
        void untilGone() {
            core.find(name()).ifPresent(bdev -> core.until("the bdev to go", () -> bdev.state() == BdevState.GONE));
        }

        TestDescriptor open() {
            boolean writes = bdev().supportedTypes().stream().anyMatch(IoType::changesData);
            return core.open(name(), writes ? OpenMode.WRITE : OpenMode.READ);
        }

        void create() {
            call(creation(subject));
        }

        void delete() {
            core.await(startDelete());
        }

        CompletionStage<Object> startDelete() {
            ConfigEntry deletion = deletion(subject);
            return core.start(deletion.method(), deletion.params());
        }

        void call(ConfigEntry entry) {
            core.call(entry.method(), entry.params());
        }

        /** Everything that a failed creation must leave as it was. */
        List<String> everything() {
            List<String> all = new ArrayList<>(core.state());
            all.addAll(module.holdings());
            all.addAll(core.onApp(module::configuration).stream()
                    .map(ConfigEntry::toString)
                    .toList());
            for (SimDisk base : bases) {
                all.add(base + " has " + base.channelsOpen() + " channels");
            }
            return all;
        }

        void assertModuleHoldsNothing() {
            core.settle();
            assertThat(module.holdings()).as("what the module still holds").isEmpty();
            for (SimDisk base : bases) {
                if (base.bdev().state() == BdevState.READY) {
                    assertThat(base.bdev().claims()).as("claims of %s", base).isEmpty();
                }
                assertThat(base.channelsOpen()).as("channels of %s", base).isZero();
            }
        }

        /** The module holds nothing, or nothing of a base that is gone where it keeps the others. */
        void assertModuleHoldsNothingOf(SimDisk gone) {
            if (!traits().keepsOtherBases()) {
                assertModuleHoldsNothing();
                return;
            }
            core.settle();
            assertThat(module.holdings())
                    .as("what the module still holds")
                    .noneMatch(held -> held.contains(gone.settings().name()));
            assertThat(gone.channelsOpen()).as("channels of %s", gone).isZero();
        }

        /** Takes everything down and looks for what is left. */
        void end() {
            if (!moduleGone) {
                if (core.find(name()).isPresent()) {
                    delete();
                }
                core.remove(module);
            }
            assertModuleHoldsNothing();
            for (SimDisk base : bases) {
                if (base.bdev().state() != BdevState.GONE) {
                    core.await(base.remove());
                }
            }
            assertClean();
        }

        private void assertClean() {
            core.assertNothingOut();
            assertThat(core.state()).as("bdevs that are left").isEmpty();
            for (Reactor reactor : core.reactors().all()) {
                assertThat(core.on(reactor, reactor::pollerNames))
                        .as("pollers that are left on %s", reactor.name())
                        .isEqualTo(pollersBefore.get(reactor));
            }
            core.assertNoViolations();
        }
    }

    /** Another module, which has the base already. */
    private static final class Claimer implements BdevModule {
        private BdevHost host;
        private BdevDescriptor descriptor;

        @Override
        public String name() {
            return "claimer";
        }

        @Override
        public void init(BdevHost core) {
            host = core;
        }

        void claim(String base) {
            descriptor = host.open(base, OpenMode.READ, "claimer's", (event, d) -> {
                if (event == BdevEvent.REMOVE) {
                    release();
                }
            });
            host.claimExclusive(descriptor, "claimer's");
        }

        void release() {
            if (descriptor != null) {
                host.releaseExclusive(descriptor.bdev());
                descriptor.close();
                descriptor = null;
            }
        }

        @Override
        public CompletionStage<Void> fini() {
            release();
            return CompletableFuture.completedFuture(null);
        }
    }
}
