package io.cairn.module.raid.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReservedAreaTest {
    private static final int BLOCK = 512;
    private static final long BLOCKS = 16384;

    private final TestCore core = TestCore.simulated(1, 2);
    private final List<BdevDescriptor> descriptors = new ArrayList<>();

    @AfterEach
    void end() {
        core.onApp(() -> {
            descriptors.forEach(BdevDescriptor::close);
            return null;
        });
        core.assertNothingOut();
        core.assertNoViolations();
        core.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 511, 512, 513, 16576, 32768, 1 << 20, (1 << 20) + 1, 3_000_000})
    void readsBackWhatItWrote(int length) {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        disk.medium().write(0, filled((int) BLOCKS * BLOCK, 7));
        ReservedArea area = open(disk, OpenMode.WRITE);
        byte[] content = random(length);

        run(() -> area.write(64 << 10, content));

        assertThat(run(() -> area.read(64 << 10, length))).isEqualTo(content);
        int whole = (length + BLOCK - 1) / BLOCK * BLOCK;
        assertThat(disk.medium().read(128, whole / BLOCK))
                .as("zeroes to the end of the last block")
                .isEqualTo(Arrays.copyOf(content, whole));
        assertThat(disk.medium().read(127)).as("in front").containsOnly(7);
        assertThat(disk.medium().read(128 + whole / BLOCK)).as("behind").containsOnly(7);
    }

    @Test
    void largeBlocksAndWhatTheBaseTakesAreRespected() {
        SimDisk disk = core.disk(SimSettings.of("D", 65536, 100)
                .withLimits(new IoLimits(0, 512, 2, true, 0, 3, 1, 0, 2, 0, 0, 0, 0, 0, 0))
                .without(IoType.WRITE_ZEROES));
        ReservedArea area = open(disk, OpenMode.WRITE);
        byte[] content = random(2_500_000);

        run(() -> area.write(65536, content));
        run(() -> area.zero(65536 * 3, 65536 * 2));

        Arrays.fill(content, 65536 * 2, 65536 * 4, (byte) 0);
        assertThat(run(() -> area.read(65536, content.length))).isEqualTo(content);
    }

    @Test
    void whatIsDurableSurvivesAPowerCut() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        byte[] content = random(5000);

        run(() -> area.write(0, random(5000)));
        assertThat(disk.medium().dirtyBlocks()).isPositive();
        run(() -> area.writeDurably(0, content));

        assertThat(disk.medium().dirtyBlocks()).isZero();
        assertThat(disk.given(IoType.FLUSH)).isEqualTo(1);
        run(() -> area.zero(0, 512));
        assertThat(disk.medium().dirtyBlocks()).isEqualTo(1);
        run(area::flush);
        assertThat(disk.medium().dirtyBlocks()).isZero();
        assertThat(disk.medium().read(0)).containsOnly(0);
    }

    @Test
    void nothingIsFlushedWhereThereIsNoWriteCache() {
        SimDisk disk = core.disk(SimSettings.of("D", BLOCK, BLOCKS).withWriteCache(false));
        ReservedArea area = open(disk, OpenMode.WRITE);

        run(() -> area.writeDurably(0, random(5000)));
        run(area::flush);

        assertThat(disk.given(IoType.FLUSH)).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = IoType.class,
            names = {"READ", "WRITE", "WRITE_ZEROES", "FLUSH"})
    void aFailureNamesTheBdevThePlaceAndTheStatus(IoType type) {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        disk.inject(SimFault.next(1, type, IoStatus.nvme(2, 0x81)));

        assertThatThrownBy(() -> run(() -> callOf(area, type).apply(65536L)))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
                .hasMessage(
                        type == IoType.FLUSH
                                ? "bdev 'D': FLUSH ended with NVMe status 2/0x81"
                                : "bdev 'D': " + type + " of 5000 bytes at byte 65536 ended with NVMe status 2/0x81");
        // and the next one works
        run(() -> callOf(area, type).apply(65536L));
    }

    @Test
    void aFailureInTheSecondPieceNamesItsPlace() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        disk.inject(new SimFault(Set.of(IoType.WRITE), 2048, 1, 1, IoStatus.NO_SPACE));

        assertThatThrownBy(() -> run(() -> area.writeDurably(0, random(1_100_000))))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC))
                .hasMessage("bdev 'D': WRITE of 51424 bytes at byte 1048576 ended with " + IoStatus.NO_SPACE);
        assertThat(disk.given(IoType.FLUSH)).isZero();
    }

    @Test
    void whatIsRefusedFailsTheStage() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.READ);

        assertThatThrownBy(() -> run(() -> area.write(512, random(10))))
                .isInstanceOf(BdevException.class)
                .hasMessageStartingWith("bdev 'D': WRITE of 10 bytes at byte 512 was refused: ");
        assertThatThrownBy(() -> run(() -> area.read(BLOCKS * BLOCK - 512, 513)))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageStartingWith("bdev 'D': READ of 513 bytes at byte 8388096 was refused: ");
        for (long offset : new long[] {-512, 1, 511}) {
            assertThatThrownBy(() -> run(() -> area.read(offset, 512)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bdev 'D': byte " + offset);
        }
        assertThatThrownBy(() -> run(() -> area.read(0, 0))).isInstanceOf(BdevException.class);
        assertThatThrownBy(() -> run(() -> area.write(0, new byte[0]))).isInstanceOf(BdevException.class);
        assertThatThrownBy(() -> run(() -> area.zero(0, 0))).isInstanceOf(BdevException.class);
        core.await(area.whenIdle());
    }

    @Test
    void manyCallsWaitForIoObjectsAndAllEnd() {
        SimDisk disk = core.disk(SimSettings.of("D", BLOCK, BLOCKS).withChances(0.3, 0.3, 1));
        ReservedArea area = open(disk, OpenMode.WRITE);
        int calls = 5000;
        List<CompletionStage<Void>> writes = new ArrayList<>();
        List<CompletionStage<byte[]>> reads = new ArrayList<>();

        core.onApp(() -> {
            for (int i = 0; i < calls; i++) {
                writes.add(area.write(i * (long) BLOCK, filled(BLOCK, i)));
            }
            assertThat(area.whenIdle().toCompletableFuture()).isNotDone();
            return null;
        });
        writes.forEach(core::await);
        core.await(area.whenIdle());
        core.onApp(() -> {
            for (int i = 0; i < calls; i++) {
                reads.add(area.read(i * (long) BLOCK, BLOCK));
            }
            return null;
        });

        for (int i = 0; i < calls; i++) {
            assertThat(core.await(reads.get(i))).isEqualTo(filled(BLOCK, i));
        }
    }

    @Test
    void anEmptyPoolHoldsNothingUp() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        List<IoBuffer> taken = core.onApp(() -> {
            BufferPool pool = core.reactor(0).buffers();
            List<IoBuffer> all = new ArrayList<>();
            for (int size = BufferPool.LARGEST; size >= 4096; size /= 2) {
                for (IoBuffer buffer = pool.take(size); buffer != null; buffer = pool.take(size)) {
                    all.add(buffer);
                }
            }
            return all;
        });
        byte[] content = random(70_000);

        run(() -> area.writeDurably(0, content));
        assertThat(run(() -> area.read(0, content.length))).isEqualTo(content);

        core.onApp(() -> {
            taken.forEach(core.reactor(0).buffers()::give);
            return null;
        });
    }

    /** At every moment of the call: what was begun ends, with success or with the removal, and nothing is left. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 8, 12, 20, 40})
    void aBaseThatIsPulledOutEndsEveryCall(int steps) {
        SimDisk disk = core.disk(SimSettings.of("D", BLOCK, BLOCKS).withChances(0.2, 0.2, 0.5));
        ReservedArea[] area = new ReservedArea[1];
        BdevDescriptor[] opened = new BdevDescriptor[1];
        opened[0] = openDescriptor("D", OpenMode.WRITE, () -> area[0].whenIdle().thenRun(opened[0]::close));
        area[0] = ReservedArea.of(opened[0]);
        List<CompletableFuture<?>> calls = new ArrayList<>();
        core.onApp(() -> {
            for (int i = 0; i < 300; i++) {
                calls.add(area[0].writeDurably(i * 4096L, random(4000)).toCompletableFuture());
                calls.add(area[0].read(i * 4096L, 4000).toCompletableFuture());
                calls.add(area[0].zero(i * 4096L, 4096).toCompletableFuture());
            }
            calls.add(area[0].writeDurably(0, random(2_000_000)).toCompletableFuture());
            return null;
        });
        core.step(steps);

        core.await(disk.yank());

        for (CompletableFuture<?> call : calls) {
            assertThat(call).isDone();
            if (call.isCompletedExceptionally()) {
                assertThatThrownBy(() -> core.await(call))
                        .isInstanceOfSatisfying(
                                BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV))
                        .hasMessageStartingWith("bdev 'D': ");
            }
        }
        assertThatThrownBy(() -> run(() -> area[0].read(0, 512)))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        core.await(area[0].whenIdle());
    }

    @Test
    void aResetOfTheBaseIsNoFailure() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        byte[] content = random(5000);
        disk.hold(IoType.WRITE);
        CompletableFuture<Void> write =
                core.onApp(() -> area.writeDurably(0, content).toCompletableFuture());
        core.until("the write", () -> disk.held() == 1);
        try (TestDescriptor other = core.open("D", OpenMode.WRITE)) {
            disk.hold(io -> false);
            assertThat(other.channel(1).run(IoRequest.reset()).status()).isEqualTo(IoStatus.SUCCESS);
        }

        core.await(write);
        assertThat(disk.given(IoType.WRITE)).as("aborted once, and written").isEqualTo(2);
        assertThat(run(() -> area.read(0, content.length))).isEqualTo(content);
    }

    @Test
    void whatIsAbortedAgainAndAgainEnds() {
        SimDisk disk = core.disk("D", BLOCK, BLOCKS);
        ReservedArea area = open(disk, OpenMode.WRITE);
        disk.inject(SimFault.next(100, IoType.WRITE, IoStatus.ABORTED));

        assertThatThrownBy(() -> run(() -> area.write(0, random(10))))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECANCELED))
                .hasMessage("bdev 'D': WRITE of 10 bytes at byte 0 ended with ABORTED");
        assertThat(disk.given(IoType.WRITE)).isEqualTo(9);
        disk.clearFaults();
    }

    @Test
    void isIdleWhenAnAnswerHasBegunNothingNew() {
        SimDisk disk = core.disk(
                SimSettings.of("D", BLOCK, BLOCKS).withLatency(Duration.ofNanos(1000), Duration.ofNanos(1000)));
        ReservedArea area = open(disk, OpenMode.WRITE);
        assertThat(area.whenIdle().toCompletableFuture()).isDone();
        List<String> order = new ArrayList<>();

        CompletionStage<Void> idle = core.onApp(() -> {
            area.write(0, random(10))
                    .thenCompose(done -> {
                        order.add("first");
                        return area.write(0, random(10));
                    })
                    .thenRun(() -> order.add("second"));
            return area.whenIdle().thenRun(() -> order.add("idle"));
        });
        core.await(idle);

        assertThat(order).containsExactly("first", "second", "idle");
        assertThat(disk.channelsOpen()).isZero();
    }

    private static Function<Long, CompletionStage<?>> callOf(ReservedArea area, IoType type) {
        return switch (type) {
            case READ -> offset -> area.read(offset, 5000);
            case WRITE -> offset -> area.write(offset, random(5000));
            case WRITE_ZEROES -> offset -> area.zero(offset, 5000);
            default -> offset -> area.writeDurably(offset, random(5000));
        };
    }

    private ReservedArea open(SimDisk disk, OpenMode mode) {
        BdevDescriptor descriptor = openDescriptor(disk.bdev().name(), mode, () -> {});
        descriptors.add(descriptor);
        return ReservedArea.of(descriptor);
    }

    private BdevDescriptor openDescriptor(String name, OpenMode mode, Runnable removed) {
        return core.await(core.bdevs().open(name, mode, "test", (event, descriptor) -> {
            if (event == BdevEvent.REMOVE) {
                removed.run();
            }
        }));
    }

    private <T> T run(Supplier<CompletionStage<T>> call) {
        return core.awaitOnApp(call);
    }

    private static byte[] random(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        return content;
    }

    private static byte[] filled(int length, int value) {
        byte[] content = new byte[length];
        Arrays.fill(content, (byte) value);
        return content;
    }
}
