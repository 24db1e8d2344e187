package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.reactor.IoBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** I/O that the core serves in pieces or under a range lock, while the module is exchanged. */
class PiecesUpgradeTest {
    private static final int BLOCK = ExchangedDisk.BLOCK;
    private static final Set<IoType> TYPES = ExchangedDisk.TYPES;

    private final ExchangedDisk exchanged = new ExchangedDisk();
    private final CoreFixture core = exchanged.core;
    private final CoreFixture.Outcomes outcomes = exchanged.outcomes;
    private final TestModule.Disk oldDisk = exchanged.old;
    private final TestModule.Disk newDisk = exchanged.next;
    private final IoBuffer memory = exchanged.memory;
    private BdevChannel channel;

    private void open(Set<IoType> types, IoLimits limits) {
        channel = exchanged.open(types, limits);
    }

    private static IoLimits limits(long maxReadWriteBlocks, long maxWriteZeroesBlocks) {
        return new IoLimits(0, 0, 0, false, 0, maxReadWriteBlocks, 0, 0, maxWriteZeroesBlocks, 0, 0, 0, 0, 0, 0);
    }

    private CompletableFuture<Hold> beginHold() {
        CompletableFuture<Hold> holding =
                core.core.hold("m", ExchangedDisk.LONGEST).toCompletableFuture();
        core.reactors.runUntilIdle();
        return holding;
    }

    private void serveHeld() {
        oldDisk.hold = false;
        while (!oldDisk.held.isEmpty()) {
            oldDisk.serve(oldDisk.held.poll());
        }
    }

    private void exchange(Hold hold, Set<IoType> types) {
        assertThat(exchanged.exchange(hold, types)).containsExactly("d0");
    }

    private void compareAndWrite(int block) {
        channel.compareAndWrite(memory, 0, memory, BLOCK, block, 1, outcomes, null);
    }

    @Test
    void aCompareAndWriteThatWaitsForItsLockIsNotWaitedFor() {
        open(TYPES, IoLimits.NONE);
        memory.bytes().put(BLOCK, (byte) 7);
        compareAndWrite(9);
        Hold hold = core.await(core.core.hold("m", ExchangedDisk.LONGEST));
        assertThat(oldDisk.served).isEmpty();
        exchange(hold, TYPES);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(newDisk.served).containsExactly(IoType.READ, IoType.WRITE);
        assertThat(newDisk.content[9 * BLOCK]).isEqualTo((byte) 7);
    }

    @Test
    void aCompareAndWriteThatWaitsForAnothersLockIsNotWaitedFor() {
        open(TYPES, IoLimits.NONE);
        memory.bytes().put(BLOCK, (byte) 7);
        oldDisk.hold = true;
        compareAndWrite(9);
        compareAndWrite(9);
        core.reactors.runUntilIdle();
        assertThat(oldDisk.held).hasSize(1);
        CompletableFuture<Hold> holding = beginHold();
        serveHeld();
        exchange(core.await(holding), TYPES);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.MISCOMPARE);
    }

    @Test
    void aCompareAndWriteBehindAWriteWhoseNextPiecesAreHeldIsNotWaitedFor() {
        open(TYPES, limits(2, 0));
        oldDisk.hold = true;
        channel.write(memory, 0, 0, 40, outcomes, null);
        compareAndWrite(9);
        core.reactors.runUntilIdle();
        CompletableFuture<Hold> holding = beginHold();
        serveHeld();
        exchange(core.await(holding), TYPES);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(oldDisk.served).hasSize(8);
    }

    @Test
    void anIoWhosePiecesAreAllHeldIsNotCountedAsTheModules() {
        open(TYPES, limits(2, 0));
        oldDisk.hold = true;
        channel.write(memory, 0, 0, 20, outcomes, null);
        channel.write(memory, 0, 40, 1, outcomes, null);
        core.reactors.runUntilIdle();
        CompletableFuture<Hold> holding =
                core.core.hold("m", ExchangedDisk.LONGEST).toCompletableFuture();
        core.reactors.runUntilIdle();
        for (int i = 0; i < 8; i++) {
            oldDisk.serve(oldDisk.held.poll());
        }
        assertThatThrownBy(() -> core.await(holding)).hasMessageContaining("module m has 1 I/O, 1 waits in the core");
    }

    @Test
    void zeroesThatTheNextModuleCannotWriteByItselfAreWrittenAsData() {
        Set<IoType> withZeroes = EnumSet.copyOf(TYPES);
        withZeroes.add(IoType.WRITE_ZEROES);
        open(withZeroes, limits(3, 4));
        Arrays.fill(newDisk.content, (byte) 1);
        oldDisk.hold = true;
        channel.writeZeroes(0, 62, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(oldDisk.held).hasSize(8);
        CompletableFuture<Hold> holding = beginHold();
        serveHeld();
        exchange(core.await(holding), TYPES);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(oldDisk.served).hasSize(8).containsOnly(IoType.WRITE_ZEROES);
        assertThat(newDisk.served).containsOnly(IoType.WRITE);
        assertThat(newDisk.lengths).allMatch(n -> n <= 3);
        assertThat(newDisk.lengths.stream().mapToLong(n -> n).sum())
                .as("nothing is done twice")
                .isEqualTo(62 - 8 * 4);
        assertThat(Arrays.copyOfRange(newDisk.content, 32 * BLOCK, 62 * BLOCK)).containsOnly(0);
        assertThat(newDisk.content[32 * BLOCK - 1]).isEqualTo((byte) 1);
        assertThat(newDisk.content[62 * BLOCK]).isEqualTo((byte) 1);
    }
}
