package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.member.ReservedArea;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemberStoreTest {
    private static final int BLOCK = 512;
    private static final UUID ARRAY = new UUID(5, 6);
    private static final UUID MEMBER = new UUID(7, 0);
    private static final Reserved WHERE = new Reserved(BLOCK, 0, 2048);

    /** Superblock and cursor are saved by those who do not know of each other. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPowerCutDuringWritesThatOverlapLeavesTheLastOneThatWasAcknowledged(boolean cache) {
        int steps = 0;
        long acknowledged;
        do {
            acknowledged = cutAfter(steps++, cache);
        } while (acknowledged < 4);
        assertThat(steps).as("points at which the power was cut").isGreaterThan(8);
    }

    /** A superblock of two blocks is what it was or what it was to be, at whatever point the power is cut. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPowerCutLeavesTheSuperblockOrTheOneBefore(boolean cache) {
        int steps = 0;
        int torn = 0;
        for (boolean written = false; !written; steps++) {
            for (long seed = 1; seed <= 8; seed++) {
                SuperblockCut cut = cutSuperblockAfter(steps, cache, seed);
                written = cut.acknowledged;
                torn += cut.torn ? 1 : 0;
                assertThat(cut.found)
                        .as("after %s steps, seed %s", steps, seed)
                        .isEqualTo(written ? superblock(2) : cut.found)
                        .isIn(superblock(1), superblock(2));
            }
        }
        assertThat(torn).as("cuts that tore it").isPositive();
    }

    private record SuperblockCut(boolean acknowledged, boolean torn, Superblock found) {}

    private static SuperblockCut cutSuperblockAfter(int steps, boolean cache, long seed) {
        TestCore core = TestCore.simulated(seed, 2);
        try {
            core.expectErrorsInLog();
            SimDisk disk = core.disk(SimSettings.of("D", BLOCK, 4096)
                    .withWriteCache(cache)
                    .withUuid(MEMBER)
                    .withLatency(Duration.ofNanos(1_000), Duration.ofNanos(90_000)));
            BdevDescriptor open = core.await(core.bdevs().open("D", OpenMode.WRITE, "test", (event, which) -> {}));
            MemberStore store = new MemberStore(ReservedArea.of(open));
            core.await(core.onApp(() -> store.write(superblock(1))));
            CompletionStage<IoStatus> second = core.onApp(() -> store.write(superblock(2)));
            core.step(steps);
            boolean acknowledged = second.toCompletableFuture().isDone();
            core.await(disk.cutPower());
            core.await(second);
            disk.powerOn();
            boolean torn = SuperblockCodec.decode(disk.medium().read(0, 2), BLOCK) instanceof SuperblockRead.Refused;
            SuperblockRead read = core.await(core.onApp(store::readSuperblock));
            core.onApp(() -> {
                open.close();
                return null;
            });
            return new SuperblockCut(acknowledged, torn, ((SuperblockRead.Found) read).superblock());
        } finally {
            core.close();
        }
    }

    /** Two that differ in both blocks. */
    private static Superblock superblock(long sequence) {
        List<SuperblockMember> members = new ArrayList<>();
        for (int slot = 0; slot < 6; slot++) {
            boolean away = sequence > 1 && slot == 5;
            members.add(new SuperblockMember(
                    slot,
                    slot == 0 ? MEMBER : new UUID(7, slot),
                    away ? MemberState.MISSING : MemberState.CONFIGURED,
                    2048,
                    2048));
        }
        return new Superblock(ARRAY, "R", RaidLevel.RAID5F, BLOCK, 2048 * 5, 8, sequence, members);
    }

    private static long cutAfter(int steps, boolean cache) {
        TestCore core = TestCore.simulated(11, 2);
        try {
            core.expectErrorsInLog();
            SimDisk disk = core.disk(SimSettings.of("D", BLOCK, 4096)
                    .withWriteCache(cache)
                    .withLatency(Duration.ofNanos(1_000), Duration.ofNanos(90_000)));
            AtomicLong acknowledged = new AtomicLong();
            BdevDescriptor open = core.await(core.bdevs().open("D", OpenMode.WRITE, "test", (event, which) -> {}));
            core.onApp(() -> {
                MemberStore store = new MemberStore(ReservedArea.of(open));
                store.setReserved(WHERE);
                for (long generation = 1; generation <= 4; generation++) {
                    long own = generation;
                    store.write(extension(generation)).thenAccept(status -> {
                        if (status.isSuccess()) {
                            acknowledged.accumulateAndGet(own, Math::max);
                        }
                    });
                }
                return null;
            });
            core.step(steps);
            long before = acknowledged.get();
            core.await(disk.cutPower());
            if (before > 0) {
                assertThat(found(disk)).as("after %s steps", steps).isGreaterThanOrEqualTo(before);
            }
            core.onApp(() -> {
                open.close();
                return null;
            });
            return before;
        } finally {
            core.close();
        }
    }

    private static long found(SimDisk disk) {
        ExtensionRead read = ExtensionCodec.decode(copy(disk, 0), copy(disk, 1), ARRAY);
        return read instanceof ExtensionRead.Found found ? found.extension().generation() : 0;
    }

    private static byte[] copy(SimDisk disk, int copy) {
        return disk.medium().read(WHERE.extensionOffset(copy) / BLOCK, WHERE.unit() / BLOCK);
    }

    private static Extension extension(long generation) {
        return new Extension(ARRAY, 1, generation, 1, 1024, 4, Optional.empty(), Optional.empty());
    }
}
