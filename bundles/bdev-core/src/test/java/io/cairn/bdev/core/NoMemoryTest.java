package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** I/O that a module had no memory for: it is tried again in the order of submission, unless it was aborted. */
class NoMemoryTest {
    private static final int BLOCK = 512;
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private static final Set<IoType> TYPES =
            Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.ABORT);
    private static final Set<IoType> NO_ABORT = Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET);

    /** At most two blocks at a time. */
    private static final IoLimits TWO_BLOCKS = new IoLimits(0, 0, 0, false, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final CoreFixture core = new CoreFixture(11);
    private final CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
    private final CoreFixture.Outcomes aborts = new CoreFixture.Outcomes();
    private final TestModule.Disk disk = new TestModule.Disk(BLOCK, 64);
    private final TestModule.Disk newDisk = new TestModule.Disk(BLOCK, 64);
    private final IoBuffer memory = IoBuffer.allocate(1 << 16);
    private final TestModule first = core.module("m");
    private Bdev bdev;
    private BdevChannel channel;

    private void open(Set<IoType> types, IoLimits limits) {
        bdev = first.register(disk, "d0", types, limits);
        core.reactors.runUntilIdle();
        channel = core.open("d0", OpenMode.WRITE).openChannel();
    }

    /** Writes block 2: which value it has at last tells which write was the last one. */
    private void write(int value) {
        memory.bytes().put(value * BLOCK, (byte) value);
        assertThat(channel.write(memory, value * BLOCK, 2, 1, outcomes, value)).isEqualTo(Submission.ACCEPTED);
    }

    private void awaitOutcomes(int count) {
        core.reactors.runUntil(() -> outcomes.all.size() == count, Duration.ofSeconds(1));
        assertThat(outcomes.all).hasSize(count).containsOnly(IoStatus.SUCCESS);
    }

    private void exchange() {
        Hold hold = core.await(core.core.hold("m", LONGEST));
        core.await(core.core.remove(first));
        TestModule next = new TestModule("m");
        core.await(core.core.add(next));
        BdevSpec spec = BdevSpec.physical("d0", "Test disk", BLOCK, 64, TYPES).withUuid(bdev.uuid());
        CompletableFuture<Bdev> served =
                core.reactors.onApp(() -> next.host.register(spec, newDisk)).toCompletableFuture();
        core.reactors.runUntil(served::isDone, LONGEST);
        core.await(hold.over());
        core.reactors.runUntilIdle();
    }

    @Test
    void whatComesBackTogetherKeepsItsOrder() {
        open(TYPES, IoLimits.NONE);
        disk.noMemoryTimes = 10;
        for (int value = 1; value <= 10; value++) {
            write(value);
        }
        awaitOutcomes(10);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 10);
    }

    /** Those that are tried again and come back again, too: more than are tried at a time. */
    @Test
    void whatComesBackAgainKeepsItsOrder() {
        open(TYPES, IoLimits.NONE);
        disk.noMemoryTimes = 33;
        for (int value = 1; value <= 10; value++) {
            write(value);
        }
        awaitOutcomes(10);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 10);
    }

    @Test
    void nothingOvertakesWhatCameBackInsideItsSubmission() {
        open(TYPES, IoLimits.NONE);
        disk.inline = true;
        disk.noMemoryTimes = 1;
        write(1);
        write(2);
        awaitOutcomes(2);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 2);
    }

    @Test
    void whatLinedUpKeepsItsOrderWhenTheFirstOneComesBackAgain() {
        open(TYPES, IoLimits.NONE);
        disk.inline = true;
        disk.noMemoryTimes = 5;
        write(1);
        core.reactors.runUntil(() -> disk.noMemoryTimes == 3, Duration.ofSeconds(1));
        assertThat(disk.noMemoryTimes).isEqualTo(3);
        for (int value = 2; value <= 4; value++) {
            write(value);
        }
        awaitOutcomes(4);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 4);
    }

    /** One that comes back stops the others: they would come back as well. */
    @Test
    void triesNoMoreWhenTheFirstOneComesBack() {
        open(TYPES, IoLimits.NONE);
        disk.inline = true;
        disk.noMemoryTimes = 3;
        for (int value = 1; value <= 6; value++) {
            write(value);
        }
        assertThat(disk.noMemoryTimes).as("only the first was submitted").isEqualTo(2);
        core.reactors.runUntil(() -> disk.noMemoryTimes < 2, Duration.ofSeconds(1));
        assertThat(disk.noMemoryTimes).as("only the first was submitted again").isEqualTo(1);
        awaitOutcomes(6);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 6);
    }

    @Test
    void whatIsGivenBackIsInFrontOfWhatCameLater() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.givesBack = true;
        write(1);
        write(2);
        core.reactors.runUntilIdle();
        disk.hold = false;
        disk.noMemoryTimes = Integer.MAX_VALUE;
        write(3);
        core.reactors.runUntilIdle();
        write(4);
        exchange();
        awaitOutcomes(4);
        assertThat(newDisk.content[2 * BLOCK]).isEqualTo((byte) 4);
    }

    /** What the module keeps may have waited in the core itself, before others that still wait. */
    @Test
    void whatWasTriedAgainAndIsGivenBackIsInFrontOfWhatLinedUpBehindIt() {
        open(TYPES, IoLimits.NONE);
        disk.inline = true;
        disk.givesBack = true;
        disk.noMemoryTimes = 1;
        for (int value = 1; value <= 20; value++) {
            write(value);
        }
        disk.hold = true;
        core.reactors.runUntil(() -> !disk.held.isEmpty(), Duration.ofSeconds(1));
        assertThat(disk.held).as("some are kept, and some wait").hasSizeBetween(1, 19);
        exchange();
        awaitOutcomes(20);
        assertThat(newDisk.content[2 * BLOCK]).isEqualTo((byte) 20);
    }

    @Test
    void whatCameBackInsideItsSubmissionCanBeAborted() {
        open(TYPES, IoLimits.NONE);
        disk.inline = true;
        disk.noMemoryTimes = 1;
        write(7);
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(disk.served).isEmpty();
    }

    @Test
    void whatIsBeingAbortedIsNotTriedAgain() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.slowAbort = true;
        write(7);
        core.reactors.runUntilIdle();
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).isEmpty();
        disk.held.poll().complete(IoStatus.NOMEM);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
    }

    /** The module above, which passes an abort on, waits for the victim only. */
    @Test
    void whatIsBeingAbortedForTheModuleAboveIsNotTriedAgain() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.slowAbort = true;
        write(7);
        core.reactors.runUntilIdle();
        assertThat(Aborts.giveUpAll((Channel) channel, 7)).isTrue();
        disk.held.poll().complete(IoStatus.NOMEM);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
    }

    @Test
    void aRefusedAbortChangesNothing() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.refuseAbort = true;
        write(7);
        core.reactors.runUntilIdle();
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.FAILED);
        disk.hold = false;
        disk.held.poll().complete(IoStatus.NOMEM);
        awaitOutcomes(1);
        assertThat(disk.content[2 * BLOCK]).isEqualTo((byte) 7);
    }

    @Test
    void anAbortedIoThatIsGivenBackDoesNotKeepAModuleFromLeaving() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.slowAbort = true;
        disk.givesBack = true;
        write(7);
        core.reactors.runUntilIdle();
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        exchange();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(newDisk.served).isEmpty();
    }

    /** The module cannot abort: the pieces come back by the hold only. */
    @Test
    void piecesOfAnAbortedIoThatAreGivenBackAreNotTriedAgain() {
        open(NO_ABORT, TWO_BLOCKS);
        disk.hold = true;
        disk.givesBack = true;
        channel.write(memory, 0, 0, 8, outcomes, 7);
        core.reactors.runUntilIdle();
        assertThat(disk.held).hasSize(4);
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        core.await(core.core.hold("m", LONGEST));
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
    }

    /** A piece that is itself done in pieces: its part of the memory is not where the module can use it. */
    @Test
    void anAbortReachesThePiecesOfPieces() {
        open(TYPES, new IoLimits(0, 4096, 8, true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        disk.noMemoryTimes = 3;
        int aligned = (int) (-memory.address() & 4095);
        channel.write(memory, aligned, 5, 16, outcomes, 7);
        core.reactors.runUntil(() -> disk.noMemoryTimes == 0, Duration.ofSeconds(1));
        disk.hold = true;
        core.reactors.runUntil(() -> disk.held.size() == 3, Duration.ofSeconds(1));
        assertThat(disk.held).hasSize(3);
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(disk.held).isEmpty();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
    }

    @Test
    void aDrainThatFailsNamesTheAbortThatWaits() {
        open(TYPES, IoLimits.NONE);
        disk.hold = true;
        disk.slowAbort = true;
        write(7);
        core.reactors.runUntilIdle();
        channel.abort(7, aborts, null);
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST)))
                .hasMessageContaining("module m has 1 I/O, 1 abort waits for its I/O to end")
                .hasMessageContaining("WRITE of 1 blocks at 2 of d0");
        BdevIo victim = disk.held.poll();
        victim.complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
    }
}
