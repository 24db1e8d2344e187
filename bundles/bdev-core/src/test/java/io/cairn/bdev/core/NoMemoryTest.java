package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.Submission;
import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** I/O that a module had no memory for: it is tried again in the order of submission, unless it was aborted. */
class NoMemoryTest {
    private static final int BLOCK = ExchangedDisk.BLOCK;
    private static final Set<IoType> TYPES = ExchangedDisk.TYPES;
    private static final Set<IoType> NO_ABORT = Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET);

    /** At most two blocks at a time. */
    private static final IoLimits TWO_BLOCKS = new IoLimits(0, 0, 0, false, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final ExchangedDisk exchanged = new ExchangedDisk();
    private final CoreFixture core = exchanged.core;
    private final CoreFixture.Outcomes outcomes = exchanged.outcomes;
    private final CoreFixture.Outcomes aborts = new CoreFixture.Outcomes();
    private final TestModule.Disk disk = exchanged.old;
    private final TestModule.Disk newDisk = exchanged.next;
    private final IoBuffer memory = exchanged.memory;
    private BdevChannel channel;

    private void open(Set<IoType> types, IoLimits limits) {
        channel = exchanged.open(types, limits);
    }

    private void open() {
        open(TYPES, IoLimits.NONE);
    }

    /** Writes block 2: which value it has at last tells which write was the last one. */
    private void write(int value) {
        memory.bytes().put(value * BLOCK, (byte) value);
        assertThat(channel.write(memory, value * BLOCK, 2, 1, outcomes, value)).isEqualTo(Submission.ACCEPTED);
    }

    /** Writes the values from one to another, each over the one before. */
    private void write(int from, int to) {
        for (int value = from; value <= to; value++) {
            write(value);
        }
    }

    /** All have been written, and the last one last. */
    private void awaitAll(int count, TestModule.Disk where) {
        core.reactors.runUntil(() -> outcomes.all.size() == count, Duration.ofSeconds(1));
        assertThat(outcomes.all).hasSize(count).containsOnly(IoStatus.SUCCESS);
        assertThat(where.content[2 * BLOCK]).isEqualTo((byte) count);
    }

    /** The module keeps a write, whose abort has been asked for and waits. */
    private void keptAndBeingAborted() {
        disk.hold = true;
        disk.slowAbort = true;
        write(1);
        core.reactors.runUntilIdle();
        channel.abort(1, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).isEmpty();
    }

    private void assertAborted() {
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
    }

    private Hold hold() {
        return core.await(core.core.hold("m", ExchangedDisk.LONGEST));
    }

    private void exchange() {
        exchanged.exchange(hold(), TYPES);
    }

    @Test
    void whatComesBackTogetherKeepsItsOrder() {
        open();
        disk.noMemoryTimes = 10;
        write(1, 10);
        awaitAll(10, disk);
    }

    /** Those that are tried again and come back again, too: more than are tried at a time. */
    @Test
    void whatComesBackAgainKeepsItsOrder() {
        open();
        disk.noMemoryTimes = 33;
        write(1, 10);
        awaitAll(10, disk);
    }

    @Test
    void nothingOvertakesWhatCameBackInsideItsSubmission() {
        open();
        disk.inline = true;
        disk.noMemoryTimes = 1;
        write(1);
        write(2);
        awaitAll(2, disk);
    }

    @Test
    void whatLinedUpKeepsItsOrderWhenTheFirstOneComesBackAgain() {
        open();
        disk.inline = true;
        disk.noMemoryTimes = 5;
        write(1);
        core.reactors.runUntil(() -> disk.noMemoryTimes == 3, Duration.ofSeconds(1));
        assertThat(disk.noMemoryTimes).isEqualTo(3);
        write(2, 4);
        awaitAll(4, disk);
    }

    /** One that comes back stops the others: they would come back as well. */
    @Test
    void triesNoMoreWhenTheFirstOneComesBack() {
        open();
        disk.inline = true;
        disk.noMemoryTimes = 3;
        write(1, 6);
        assertThat(disk.noMemoryTimes).as("only the first was submitted").isEqualTo(2);
        core.reactors.runUntil(() -> disk.noMemoryTimes < 2, Duration.ofSeconds(1));
        assertThat(disk.noMemoryTimes).as("only the first was submitted again").isEqualTo(1);
        awaitAll(6, disk);
    }

    @Test
    void whatIsGivenBackIsInFrontOfWhatCameLater() {
        open();
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
        awaitAll(4, newDisk);
    }

    /** What the module keeps may have waited in the core itself, before others that still wait. */
    @Test
    void whatWasTriedAgainAndIsGivenBackIsInFrontOfWhatLinedUpBehindIt() {
        open();
        disk.inline = true;
        disk.givesBack = true;
        disk.noMemoryTimes = 1;
        write(1, 20);
        disk.hold = true;
        core.reactors.runUntil(() -> !disk.held.isEmpty(), Duration.ofSeconds(1));
        assertThat(disk.held).as("some are kept, and some wait").hasSizeBetween(1, 19);
        exchange();
        awaitAll(20, newDisk);
    }

    @Test
    void whatCameBackInsideItsSubmissionCanBeAborted() {
        open();
        disk.inline = true;
        disk.noMemoryTimes = 1;
        write(7);
        channel.abort(7, aborts, null);
        core.reactors.runUntilIdle();
        assertAborted();
        assertThat(disk.served).isEmpty();
    }

    @Test
    void whatIsBeingAbortedIsNotTriedAgain() {
        open();
        keptAndBeingAborted();
        disk.held.poll().complete(IoStatus.NOMEM);
        core.reactors.runUntilIdle();
        assertAborted();
    }

    /** The module above, which passes an abort on, waits for the victim only. */
    @Test
    void whatIsBeingAbortedForTheModuleAboveIsNotTriedAgain() {
        open();
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
        open();
        disk.hold = true;
        disk.refuseAbort = true;
        write(1);
        core.reactors.runUntilIdle();
        channel.abort(1, aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.FAILED);
        disk.hold = false;
        disk.held.poll().complete(IoStatus.NOMEM);
        awaitAll(1, disk);
    }

    @Test
    void anAbortedIoThatIsGivenBackDoesNotKeepAModuleFromLeaving() {
        open();
        disk.givesBack = true;
        keptAndBeingAborted();
        exchange();
        assertAborted();
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
        hold();
        core.reactors.runUntilIdle();
        assertAborted();
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
        assertAborted();
    }

    @Test
    void aDrainThatFailsNamesTheAbortThatWaits() {
        open();
        keptAndBeingAborted();
        assertThatThrownBy(this::hold)
                .hasMessageContaining("module m has 1 I/O, 1 abort waits for its I/O to end")
                .hasMessageContaining("WRITE of 1 blocks at 2 of d0");
        BdevIo victim = disk.held.poll();
        victim.complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
    }
}
