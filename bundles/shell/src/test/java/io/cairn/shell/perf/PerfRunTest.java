package io.cairn.shell.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.core.BdevCore;
import io.cairn.module.nullbdev.NullModule;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PerfRunTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final int BLOCKS = 256;

    private final SimulatedReactors reactors = new SimulatedReactors(3, 7);
    private final OperationCenter operations = new OperationCenter(reactors, ConfigStore.inMemory());
    private final BdevCore core = new BdevCore(reactors, operations);

    private static PerfOptions options(Workload workload, int depth, boolean verify, Integer... on) {
        return new PerfOptions(workload, 1024, depth, SHORT, 50, verify, false, true, List.of(on));
    }

    private <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        reactors.runUntil(future::isDone, LIMIT);
        return future.join();
    }

    private FlawedDisk disk(FlawedDisk.Flaw flaw, int block) {
        FlawedDisk disk = new FlawedDisk(BLOCKS, flaw, block);
        await(core.add(disk));
        await(reactors.onApp(disk::register));
        return disk;
    }

    private PerfResult run(PerfOptions options) {
        return await(await(PerfRun.start(reactors, core, "Flawed0", options)).result());
    }

    private void assertNothingIsOpen(FlawedDisk disk) {
        reactors.runUntilIdle();
        assertThat(disk.openChannels).isZero();
        for (Reactor reactor : reactors.all()) {
            assertThat(reactor.buffers().lentBytes()).isZero();
        }
        assertThat(await(operations.call("bdev_get_claims", Map.of("name", "Flawed0"))))
                .hasToString("[{name=Flawed0, claims=[], open=[], bases=[]}]");
    }

    @ParameterizedTest
    @EnumSource(Workload.class)
    void doesWhatIsAskedForAndLeavesNothingOpen(Workload workload) {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);

        PerfResult result = run(options(workload, 8, false, 1));

        assertThat(result.failure()).isEmpty();
        assertThat(result.stopped()).isFalse();
        assertThat(result.counts().reads() > 0).isEqualTo(workload.reads());
        assertThat(result.counts().writes() > 0).isEqualTo(workload.writes());
        assertThat(result.readsPerSecond() > 0).isEqualTo(workload.reads());
        assertThat(result.latencies().getTotalCount())
                .isBetween(1L, result.counts().all() + 8);
        assertNothingIsOpen(disk);
    }

    @Test
    void countsTheIosOfItsTime() {
        disk(FlawedDisk.Flaw.NOTHING, 0);

        PerfResult result = run(options(Workload.RANDREAD, 8, false, 1));

        // one turn of the simulation takes 100 ns when one reactor works, and each turn completes the whole depth
        double perSecond = result.counts().reads() / (SHORT.toNanos() / 1e9);
        assertThat(result.readsPerSecond()).isBetween(perSecond * 0.9, perSecond * 1.1);
        assertThat(result.counts().reads()).isGreaterThan(1000);
    }

    @Test
    void goesDeeperThanTheChannelHasIoObjects() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);

        PerfResult result = run(options(Workload.RANDREAD, 1000, false, 1));

        assertThat(result.failure()).isEmpty();
        assertThat(result.counts().reads()).isGreaterThan(1000);
        assertNothingIsOpen(disk);
    }

    @Test
    void runsOnSeveralReactorsAtOnce() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);

        PerfResult result = run(options(Workload.RANDRW, 4, true, 0, 1, 2));

        assertThat(result.failure()).isEmpty();
        assertThat(result.counts().checked()).isPositive();
        assertNothingIsOpen(disk);
    }

    @ParameterizedTest
    @EnumSource(
            value = Workload.class,
            names = {"WRITE", "RW", "RANDWRITE", "RANDRW"})
    void verifiesWhatIsRight(Workload workload) {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);

        PerfResult result = run(options(workload, 16, true, 2));

        assertThat(result.failure()).isEmpty();
        assertThat(result.counts().checked()).isGreaterThan(result.counts().writes() - 16);
        assertNothingIsOpen(disk);
    }

    @Test
    void findsAFlippedBit() {
        assertFound(FlawedDisk.Flaw.FLIPS_A_BIT, "mismatch at byte 20480: its checksum is wrong");
    }

    @Test
    void findsAWriteThatWasLost() {
        assertFound(FlawedDisk.Flaw.LOSES_A_WRITE, "mismatch at byte 20480: it holds what was written there as number");
    }

    @Test
    void findsAWriteThatWentAstray() {
        assertFound(FlawedDisk.Flaw.WRITES_ELSEWHERE, "mismatch at byte ");
    }

    @Test
    void findsWhatWasRightAtFirstAndIsWrongAtTheEnd() {
        assertFound(FlawedDisk.Flaw.ROTS_AFTER_A_READ, "mismatch at byte 20480: its checksum is wrong");
    }

    private void assertFound(FlawedDisk.Flaw flaw, String message) {
        FlawedDisk disk = disk(flaw, 40);

        PerfResult result = run(options(Workload.RANDWRITE, 8, true, 1));

        assertThat(result.failure()).hasValueSatisfying(why -> assertThat(why).startsWith("Flawed0: " + message));
        assertNothingIsOpen(disk);
    }

    @Test
    void endsWithTheFirstErrorAndSaysWhereItWas() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.FAILS, 41);

        PerfResult result = run(options(Workload.READ, 8, false, 1));

        assertThat(result.failure())
                .hasValueSatisfying(why -> assertThat(why).startsWith("READ of 2 blocks at 40 of Flawed0 failed: EIO"));
        assertNothingIsOpen(disk);
    }

    @Test
    void stopBringsAllIoBack() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);
        PerfOptions longRun =
                new PerfOptions(Workload.RANDRW, 512, 300, Duration.ofHours(1), 50, false, true, true, List.of(1, 2));
        PerfRun run = await(PerfRun.start(reactors, core, "Flawed0", longRun));
        reactors.runUntil(() -> await(run.counts()).all() > 1000, LIMIT);

        run.stop();
        PerfResult result = await(run.result());

        assertThat(result.stopped()).isTrue();
        assertThat(result.failure()).isEmpty();
        assertThat(result.counts().all()).isGreaterThan(1000);
        assertNothingIsOpen(disk);
    }

    @Test
    void endsWithItsBdev() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);
        PerfRun run = await(PerfRun.start(
                reactors,
                core,
                "Flawed0",
                new PerfOptions(Workload.RANDREAD, 512, 8, Duration.ofHours(1), 50, false, false, true, List.of(1))));
        reactors.runUntil(() -> await(run.counts()).all() > 100, LIMIT);

        CompletionStage<Void> removed = reactors.onApp(disk::remove);
        PerfResult result = await(run.result());

        assertThat(result.failure())
                .hasValueSatisfying(why -> assertThat(why).containsAnyOf("is being removed", "ENODEV"));
        await(removed);
        assertThat(disk.openChannels).isZero();
    }

    @Test
    void refusesToWriteWhereDataCouldBeLost() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);
        PerfOptions careful = new PerfOptions(Workload.RANDWRITE, 512, 8, SHORT, 50, false, false, false, List.of(1));

        assertThatThrownBy(() -> await(PerfRun.start(reactors, core, "Flawed0", careful)))
                .hasMessageContaining("would destroy what is on bdev Flawed0")
                .hasMessageContaining("--overwrite");
        assertNothingIsOpen(disk);
    }

    @Test
    void writesToANullBdevUnasked() {
        await(core.add(new NullModule()));
        await(operations.call("bdev_null_create", Map.of("name", "Null0", "block_size", 512L, "num_blocks", 1024L)));
        PerfOptions careful = new PerfOptions(Workload.RANDWRITE, 512, 8, SHORT, 50, false, false, false, List.of(1));

        PerfResult result =
                await(await(PerfRun.start(reactors, core, "Null0", careful)).result());

        assertThat(result.counts().writes()).isPositive();
    }

    @Test
    void refusesWhatDoesNotFitTheBdev() {
        FlawedDisk disk = disk(FlawedDisk.Flaw.NOTHING, 0);

        assertRefused(new PerfOptions(Workload.READ, 1000, 1, SHORT, 0, false, false, false, List.of(1)), "1000 bytes");
        assertRefused(
                new PerfOptions(Workload.READ, 1 << 20, 1, SHORT, 0, false, true, false, List.of(1)), "too small");
        assertRefused(
                new PerfOptions(Workload.READ, 512, 1, SHORT, 0, false, false, false, List.of(3)), "no reactor 3");
        assertRefused(options(Workload.WRITE, 129, true, 1), "too small");
        assertNothingIsOpen(disk);
    }

    private void assertRefused(PerfOptions options, String message) {
        assertThatThrownBy(() -> await(PerfRun.start(reactors, core, "Flawed0", options)))
                .hasMessageContaining(message);
    }

    @Test
    void saysThatThereIsNoSuchBdev() {
        assertThatThrownBy(() -> await(PerfRun.start(reactors, core, "nope", options(Workload.READ, 1, false, 1))))
                .hasMessageContaining("nope");
    }
}
