package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IoPathTest {
    private static final int BLOCK = 512;
    private static final Set<IoType> READ_WRITE = Set.of(IoType.READ, IoType.WRITE);

    private final CoreFixture core = new CoreFixture(1);
    private final CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
    private final TestModule.Disk disk = new TestModule.Disk(BLOCK, 1024);
    private final IoBuffer memory = IoBuffer.allocate(1 << 20);
    private TestModule module;
    private BdevDescriptor descriptor;
    private BdevChannel channel;

    @BeforeEach
    void addModule() {
        module = core.module("test");
    }

    @AfterEach
    void nothingIsLeft() {
        if (channel != null) {
            core.reactors.runUntilIdle();
            channel.close();
            descriptor.close();
            core.reactors.runUntilIdle();
        }
        assertThat(disk.channels.values()).allMatch(n -> n == 0);
        core.reactors.all().forEach(r -> assertThat(r.buffers().lentBytes()).isZero());
    }

    private void open(Set<IoType> types, IoLimits limits) {
        module.register(disk, "d0", types, limits);
        descriptor = core.open("d0", OpenMode.WRITE);
        channel = descriptor.openChannel();
    }

    private IoStatus run(Submission submission) {
        assertThat(submission).isEqualTo(Submission.ACCEPTED);
        core.reactors.runUntilIdle();
        return outcomes.all.remove(0);
    }

    private void fill(int from, int length, int seed) {
        for (int i = 0; i < length; i++) {
            memory.bytes().put(from + i, (byte) (i * 31 + seed));
        }
    }

    private byte[] inMemory(int from, int length) {
        byte[] bytes = new byte[length];
        memory.bytes().get(from, bytes);
        return bytes;
    }

    private byte[] onDisk(int block, int blocks) {
        return Arrays.copyOfRange(disk.content, block * BLOCK, (block + blocks) * BLOCK);
    }

    @Test
    void writesAndReadsBack() {
        open(READ_WRITE, IoLimits.NONE);
        fill(0, 8 * BLOCK, 7);
        assertThat(run(channel.write(memory, 0, 3, 8, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(3, 8)).isEqualTo(inMemory(0, 8 * BLOCK));
        assertThat(run(channel.read(memory, 1 << 19, 3, 8, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(inMemory(1 << 19, 8 * BLOCK)).isEqualTo(inMemory(0, 8 * BLOCK));
        assertThat(disk.lengths).containsExactly(8L, 8L);
    }

    @Test
    void aCompletionFromInsideTheSubmissionIsToldLater() {
        open(READ_WRITE, IoLimits.NONE);
        disk.inline = true;
        channel.read(memory, 0, 0, 1, outcomes, null);
        assertThat(outcomes.all).isEmpty();
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    void refusesWhatIsOutOfRangeAndSubmitsNothing() {
        open(READ_WRITE, IoLimits.NONE);
        for (long[] range :
                new long[][] {{1024, 1}, {1023, 2}, {-1, 1}, {0, 0}, {0, -1}, {Long.MAX_VALUE, 2}, {1, Long.MAX_VALUE}
                }) {
            assertThatThrownBy(() -> channel.read(memory, 0, range[0], range[1], outcomes, null))
                    .isInstanceOf(BdevException.class)
                    .hasMessageContaining("d0");
            assertThatThrownBy(() -> channel.writeZeroes(range[0], range[1], outcomes, null))
                    .isInstanceOf(BdevException.class);
        }
        assertThatThrownBy(() -> channel.read(memory, (1 << 20) - BLOCK + 1, 0, 1, outcomes, null))
                .isInstanceOf(BdevException.class);
        assertThatThrownBy(() -> channel.unmap(0, 1, outcomes, null)).hasMessageContaining("does not support UNMAP");
        assertThat(disk.served).isEmpty();
    }

    @Test
    void refusesToWriteThroughAReader() {
        module.register(disk, "d0", READ_WRITE, IoLimits.NONE);
        descriptor = core.open("d0", OpenMode.READ);
        channel = descriptor.openChannel();
        assertThatThrownBy(() -> channel.write(memory, 0, 0, 1, outcomes, null)).hasMessageContaining("only reads");
        assertThatThrownBy(() -> channel.writeZeroes(0, 1, outcomes, null)).hasMessageContaining("only reads");
        assertThat(run(channel.read(memory, 0, 0, 1, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void splitsAtTheMostBlocksAndAtBoundaries() {
        open(READ_WRITE, new IoLimits(0, 0, 16, true, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        fill(0, 60 * BLOCK, 3);
        assertThat(run(channel.write(memory, 0, 10, 60, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(10, 60)).isEqualTo(inMemory(0, 60 * BLOCK));
        assertThat(disk.lengths).allMatch(n -> n <= 12);
        assertThat(disk.lengths.stream().mapToLong(n -> n).sum()).isEqualTo(60);
        IoVector vector = new IoVector().add(memory, 1 << 18, 700).add(memory, 1 << 19, 60 * BLOCK - 700);
        assertThat(run(channel.read(vector, 10, 60, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(inMemory(1 << 18, 700)).isEqualTo(inMemory(0, 700));
        assertThat(inMemory(1 << 19, 60 * BLOCK - 700)).isEqualTo(inMemory(700, 60 * BLOCK - 700));
    }

    @Test
    void bouncesMemoryThatIsNotAligned() {
        open(READ_WRITE, new IoLimits(0, BLOCK, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        fill(3, 900 * BLOCK, 3);
        assertThat(run(channel.write(memory, 3, 5, 900, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(5, 900)).isEqualTo(inMemory(3, 900 * BLOCK));
        assertThat(run(channel.read(memory, (1 << 19) + 1, 5, 9, outcomes, null)))
                .isEqualTo(IoStatus.SUCCESS);
        assertThat(inMemory((1 << 19) + 1, 9 * BLOCK)).isEqualTo(onDisk(5, 9));
        assertThat(run(channel.compareAndWrite(memory, 3, memory, 5, 5, 4, outcomes, null)))
                .isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(5, 4)).isEqualTo(inMemory(5, 4 * BLOCK));
        assertThat(disk.misaligned).isFalse();
    }

    @Test
    void makesUpWhatTheModuleLacks() {
        open(READ_WRITE, IoLimits.NONE);
        fill(0, 32 * BLOCK, 9);
        run(channel.write(memory, 0, 100, 32, outcomes, null));
        assertThat(run(channel.compare(memory, 0, 100, 32, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(run(channel.compare(memory, 1, 100, 32, outcomes, null))).isEqualTo(IoStatus.MISCOMPARE);
        assertThat(run(channel.copy(200, 100, 32, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(200, 32)).isEqualTo(inMemory(0, 32 * BLOCK));
        assertThat(run(channel.writeZeroes(101, 30, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(101, 30)).containsOnly(0);
        assertThat(onDisk(100, 1)).isEqualTo(inMemory(0, BLOCK));
        fill(1 << 18, 4 * BLOCK, 77);
        assertThat(run(channel.compareAndWrite(memory, 0, memory, 1 << 18, 200, 4, outcomes, null)))
                .isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(200, 4)).isEqualTo(inMemory(1 << 18, 4 * BLOCK));
        assertThat(run(channel.compareAndWrite(memory, 0, memory, 1 << 18, 200, 4, outcomes, null)))
                .isEqualTo(IoStatus.MISCOMPARE);
        assertThat(run(channel.reset(outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThatThrownBy(() -> channel.copy(110, 100, 32, outcomes, null)).hasMessageContaining("overlap");
    }

    @Test
    void compareAndWriteKeepsToTheModulesLimits() {
        open(READ_WRITE, new IoLimits(0, BLOCK, 16, true, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        fill(0, 60 * BLOCK, 3);
        run(channel.write(memory, 0, 10, 60, outcomes, null));
        fill((1 << 19) + 1, 60 * BLOCK, 4);
        disk.lengths.clear();
        assertThat(run(channel.compareAndWrite(memory, 0, memory, (1 << 19) + 1, 10, 60, outcomes, null)))
                .isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(10, 60)).isEqualTo(inMemory((1 << 19) + 1, 60 * BLOCK));
        assertThat(disk.lengths).allMatch(n -> n <= 12);
        assertThat(disk.misaligned).isFalse();
        // one byte of the last piece differs: nothing is written
        memory.bytes().put((1 << 19) + 60 * BLOCK, (byte) 99);
        assertThat(run(channel.compareAndWrite(memory, (1 << 19) + 1, memory, 0, 10, 60, outcomes, null)))
                .isEqualTo(IoStatus.MISCOMPARE);
        assertThat(onDisk(10, 59)).isEqualTo(inMemory((1 << 19) + 1, 59 * BLOCK));
    }

    @Test
    void splitsLongRangesWithoutData() {
        Set<IoType> types = Set.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES);
        TestModule.Disk large = new TestModule.Disk(BLOCK, 8);
        module.host.register(
                BdevSpec.physical("large", "x", 1 << 16, 1L << 20, types)
                        .withLimits(new IoLimits(0, 0, 0, false, 0, 0, 0, 1 << 17, 1 << 17, 0, 0, 0, 0, 0, 0)),
                large);
        descriptor = core.open("large", OpenMode.WRITE);
        channel = descriptor.openChannel();
        assertThat(run(channel.unmap(0, 1L << 20, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(run(channel.writeZeroes(0, 1L << 20, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(large.lengths).hasSize(16).containsOnly(1L << 17);
    }

    @Test
    void compareAndWriteIsNotMixedWithOtherWrites() {
        open(READ_WRITE, IoLimits.NONE);
        // both compare with zeroes and write: exactly one may succeed
        fill(1 << 18, BLOCK, 1);
        fill(1 << 19, BLOCK, 2);
        channel.compareAndWrite(memory, 0, memory, 1 << 18, 9, 1, outcomes, null);
        channel.compareAndWrite(memory, 0, memory, 1 << 19, 9, 1, outcomes, null);
        channel.write(memory, 0, 10, 1, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactlyInAnyOrder(IoStatus.SUCCESS, IoStatus.SUCCESS, IoStatus.MISCOMPARE);
    }

    @Test
    void triesAgainWhatTheModuleHadNoMemoryFor() {
        open(READ_WRITE, IoLimits.NONE);
        disk.noMemoryTimes = 5;
        for (int i = 0; i < 4; i++) {
            fill(0, BLOCK, i);
            channel.write(memory, 0, i, 1, outcomes, null);
        }
        core.reactors.runUntil(() -> outcomes.all.size() == 4, Duration.ofSeconds(1));
        assertThat(outcomes.all).containsOnly(IoStatus.SUCCESS);
        assertThat(disk.lengths).hasSize(4);
    }

    @Test
    void saysWhenItsObjectsAreInUse() {
        open(READ_WRITE, IoLimits.NONE);
        disk.hold = true;
        int accepted = 0;
        while (channel.read(memory, 0, 0, 1, outcomes, null) == Submission.ACCEPTED) {
            accepted++;
        }
        assertThat(accepted).isEqualTo(CoreOptions.DEFAULTS.ioObjectsPerChannel());
        List<String> told = new ArrayList<>();
        channel.queueIoWait(() -> told.add("first"));
        channel.queueIoWait(() -> told.add("second"));
        core.reactors.runUntilIdle();
        assertThat(told).isEmpty();
        disk.held.poll().complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(told).startsWith("first");
        disk.held.forEach(io -> io.complete(IoStatus.SUCCESS));
        core.reactors.runUntilIdle();
        assertThat(told).containsExactly("first", "second");
        assertThat(outcomes.all).hasSize(accepted);
    }

    @Test
    void aSecondCompletionDoesNoHarm() {
        open(READ_WRITE, IoLimits.NONE);
        disk.hold = true;
        channel.read(memory, 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        BdevIo io = disk.held.poll();
        io.complete(IoStatus.SUCCESS);
        io.complete(IoStatus.FAILED);
        channel.read(memory, 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        io.complete(IoStatus.FAILED);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        disk.held.poll().complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(((CoreBdev) descriptor.bdev()).defects()).isEqualTo(2);
    }

    @Test
    void abortsWhatIsInTheModuleAndFailsForWhatIsNotThere() {
        open(Set.of(IoType.READ, IoType.WRITE, IoType.ABORT), IoLimits.NONE);
        disk.hold = true;
        channel.read(memory, 0, 0, 1, outcomes, "victim");
        channel.read(memory, 0, 0, 1, outcomes, "other");
        core.reactors.runUntilIdle();
        CoreFixture.Outcomes aborts = new CoreFixture.Outcomes();
        channel.abort("victim", aborts, null);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);
        channel.abort("nobody", aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS, IoStatus.FAILED);
        disk.held.poll().complete(IoStatus.SUCCESS);
    }

    @Test
    void everyAbortOfAVictimEnds() {
        open(Set.of(IoType.READ, IoType.WRITE, IoType.ABORT), IoLimits.NONE);
        disk.hold = true;
        disk.slowAbort = true;
        channel.read(memory, 0, 0, 1, outcomes, "victim");
        core.reactors.runUntilIdle();
        CoreFixture.Outcomes aborts = new CoreFixture.Outcomes();
        channel.abort("victim", aborts, null);
        channel.abort("victim", aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).isEmpty();
        disk.refuseAbort = true;
        channel.abort("victim", aborts, null);
        core.reactors.runUntilIdle();
        assertThat(aborts.all).containsExactly(IoStatus.FAILED);
        disk.held.poll().complete(IoStatus.ABORTED);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(aborts.all).containsExactly(IoStatus.FAILED, IoStatus.SUCCESS, IoStatus.SUCCESS);
    }

    @Test
    void whatIsDoneInPiecesStopsForARemovalAResetAndAnAbort() {
        for (int how = 0; how < 3; how++) {
            TestModule.Disk large = new TestModule.Disk(BLOCK, 1 << 15);
            large.hold = true;
            String name = "large" + how;
            module.register(large, name, READ_WRITE, IoLimits.NONE);
            BdevDescriptor open = core.open(name, OpenMode.WRITE);
            BdevChannel writer = open.openChannel();
            writer.writeZeroes(0, 1 << 15, outcomes, "zeroes");
            core.reactors.runUntilIdle();
            int begun = large.held.size();
            CoreFixture.Outcomes ended = new CoreFixture.Outcomes();
            switch (how) {
                case 0 -> module.host.delete(name);
                case 1 -> writer.reset(ended, null);
                default -> writer.abort("zeroes", ended, null);
            }
            core.reactors.runUntilIdle();
            for (int i = 0; i < begun; i++) {
                large.held.poll().complete(IoStatus.SUCCESS);
            }
            core.reactors.runUntilIdle();
            assertThat(large.held).isEmpty();
            assertThat(outcomes.all).containsExactly(how == 0 ? IoStatus.NO_DEVICE : IoStatus.ABORTED);
            if (how > 0) {
                assertThat(ended.all).containsExactly(IoStatus.SUCCESS);
            }
            outcomes.all.clear();
            writer.close();
            open.close();
            core.reactors.runUntilIdle();
        }
    }

    @Test
    void whatHasNoPieceOutIsNotToldOfItsEndFromInsideTheAbort() {
        TestModule.Disk large = new TestModule.Disk(BLOCK, 1 << 18);
        large.hold = true;
        module.register(large, "large", READ_WRITE, IoLimits.NONE);
        BdevDescriptor open = core.open("large", OpenMode.WRITE);
        BdevChannel writer = open.openChannel();
        CoreFixture.Outcomes others = new CoreFixture.Outcomes();
        // they have all of the core's own I/O objects, so that the last one waits for its first piece
        for (int i = 0; i < 8; i++) {
            writer.writeZeroes(0, 1 << 18, others, "other");
        }
        writer.writeZeroes(0, 1 << 18, outcomes, "victim");
        core.reactors.runUntilIdle();
        CoreFixture.Outcomes aborts = new CoreFixture.Outcomes();
        writer.abort("victim", aborts, null);
        assertThat(outcomes.all).isEmpty();
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(aborts.all).containsExactly(IoStatus.SUCCESS);

        writer.abort("other", aborts, null);
        core.reactors.runUntilIdle();
        while (!large.held.isEmpty()) {
            large.held.poll().complete(IoStatus.SUCCESS);
        }
        core.reactors.runUntilIdle();
        assertThat(others.all).hasSize(8).containsOnly(IoStatus.ABORTED);
        writer.close();
        open.close();
    }

    @Test
    void aWriteThatIsTriedAgainDoesNotSlipIntoACompareAndWrite() {
        open(READ_WRITE, IoLimits.NONE);
        fill(1 << 18, BLOCK, 1);
        fill(1 << 19, BLOCK, 2);
        disk.hold = true;
        channel.write(memory, 1 << 18, 9, 1, outcomes, null);
        core.reactors.runUntilIdle();
        BdevIo write = disk.held.poll();
        channel.compareAndWrite(memory, 0, memory, 1 << 19, 9, 1, outcomes, null);
        core.reactors.runUntilIdle();
        write.complete(IoStatus.NOMEM);
        core.reactors.advance(Duration.ofMillis(10));
        // the compare is under way; the write's time to be tried again has come, and it waits for the lock instead
        assertThat(disk.held).singleElement().satisfies(io -> assertThat(io.type())
                .isEqualTo(IoType.READ));
        disk.hold = false;
        disk.serve(disk.held.poll());
        core.reactors.advance(Duration.ofMillis(10));
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(onDisk(9, 1)).isEqualTo(inMemory(1 << 18, BLOCK));
    }

    @Test
    void refusesWritesThatAreNotMadeOfWholeUnits() {
        open(READ_WRITE, new IoLimits(0, 0, 0, false, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assertThatThrownBy(() -> channel.write(memory, 0, 4, 8, outcomes, null)).hasMessageContaining("whole units");
        assertThatThrownBy(() -> channel.write(memory, 0, 8, 4, outcomes, null)).hasMessageContaining("whole units");
        assertThatThrownBy(() -> channel.writeZeroes(8, 4, outcomes, null)).hasMessageContaining("whole units");
        assertThat(run(channel.write(memory, 0, 8, 64, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(disk.lengths).containsOnly(8L);
        assertThat(run(channel.read(memory, 0, 3, 2, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void aResetLetsNewIoWait() {
        open(READ_WRITE, IoLimits.NONE);
        disk.hold = true;
        channel.write(memory, 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        CoreFixture.Outcomes resets = new CoreFixture.Outcomes();
        channel.reset(resets, null);
        core.reactors.runUntilIdle();
        channel.write(memory, 0, 1, 1, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(resets.all).isEmpty();
        assertThat(disk.held).hasSize(1);
        disk.hold = false;
        disk.held.poll().complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(resets.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
    }

    @Test
    void directAccessGivesTheModulesMemoryAndIsCounted() {
        open(READ_WRITE, IoLimits.NONE);
        IoVector pieces = new IoVector().add(memory, 0, 1);
        assertThat(channel.directAccess(IoType.READ, 3, 2, pieces)).isFalse();
        assertThat(pieces.count()).isZero();
        disk.memory = memory;
        assertThat(channel.directAccess(IoType.WRITE, 3, 2, pieces)).isTrue();
        assertThat(pieces.buffer(0)).isSameAs(memory);
        assertThat(pieces.offset(0)).isEqualTo(3 * BLOCK);
        assertThat(pieces.totalLength()).isEqualTo(2 * BLOCK);
        IoStatistics statistics =
                ((CoreBdev) descriptor.bdev()).sharedChannels().channel(core.reactors.app()).statistics;
        assertThat(statistics.operations(IoType.WRITE)).isEqualTo(1);
        assertThat(statistics.bytes(IoType.WRITE)).isEqualTo(2 * BLOCK);
        assertThat(statistics.operations(IoType.READ)).isZero();
        assertThat(disk.served).isEmpty();
    }

    @Test
    void directAccessIsRefusedLikeIo() {
        open(Set.of(IoType.READ), IoLimits.NONE);
        disk.memory = memory;
        IoVector pieces = new IoVector();
        assertThatThrownBy(() -> channel.directAccess(IoType.READ, 1020, 5, pieces))
                .hasMessageContaining("is not within d0");
        assertThatThrownBy(() -> channel.directAccess(IoType.WRITE, 0, 1, pieces))
                .isInstanceOf(BdevException.class);
        assertThatThrownBy(() -> channel.directAccess(IoType.UNMAP, 0, 1, pieces))
                .isInstanceOf(BdevException.class);
        BdevDescriptor reader = core.open("d0", OpenMode.READ);
        BdevChannel readOnly = reader.openChannel();
        assertThatThrownBy(() -> readOnly.directAccess(IoType.WRITE, 0, 1, pieces))
                .isInstanceOf(BdevException.class);
        assertThat(readOnly.directAccess(IoType.READ, 0, 1, pieces)).isTrue();
        readOnly.close();
        reader.close();
    }

    @Test
    void directAccessIsNotGivenWhileIoWouldWait() {
        open(READ_WRITE, IoLimits.NONE);
        disk.memory = memory;
        disk.hold = true;
        channel.write(memory, 0, 0, 1, outcomes, null);
        channel.reset(new CoreFixture.Outcomes(), null);
        core.reactors.runUntilIdle();
        IoVector pieces = new IoVector();
        assertThat(channel.directAccess(IoType.READ, 0, 1, pieces)).isFalse();
        disk.held.poll().complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(channel.directAccess(IoType.READ, 0, 1, pieces)).isTrue();
        module.host.unregister(descriptor.bdev());
        core.reactors.runUntilIdle();
        assertThat(channel.directAccess(IoType.READ, 0, 1, pieces)).isFalse();
    }

    @Test
    void directAccessThatGivesTooLittleOrThrowsIsADefect() {
        open(READ_WRITE, IoLimits.NONE);
        disk.memory = IoBuffer.allocate(4 * BLOCK);
        IoVector pieces = new IoVector();
        assertThat(channel.directAccess(IoType.READ, 2, 3, pieces)).isFalse();
        assertThat(pieces.count()).isZero();
        disk.overflows = true;
        assertThat(channel.directAccess(IoType.READ, 2, 2, pieces)).isFalse();
        disk.overflows = false;
        assertThat(((CoreBdev) descriptor.bdev()).defects()).isEqualTo(2);
        disk.memory.free();
    }

    @Test
    void readsWithoutMemoryGetSomeFromTheCore() {
        open(READ_WRITE, IoLimits.NONE);
        fill(0, 4 * BLOCK, 5);
        run(channel.write(memory, 0, 0, 4, outcomes, null));
        byte[] seen = new byte[4 * BLOCK];
        channel.read(0, 4, io -> io.segmentBuffer(0).bytes().get(io.segmentOffset(0), seen), null);
        core.reactors.runUntilIdle();
        assertThat(seen).isEqualTo(inMemory(0, 4 * BLOCK));
    }

    @Test
    void tellsOfIoThatTakesTooLong() {
        open(READ_WRITE, IoLimits.NONE);
        List<Object> late = new ArrayList<>();
        descriptor.setTimeout(Duration.ofMillis(100), (ch, io) -> late.add(io.cookie()));
        core.reactors.runUntilIdle();
        disk.hold = true;
        channel.read(memory, 0, 0, 1, outcomes, "slow");
        core.reactors.advance(Duration.ofMillis(90));
        assertThat(late).isEmpty();
        core.reactors.advance(Duration.ofMillis(400));
        assertThat(late).containsExactly("slow");
        disk.held.poll().complete(IoStatus.SUCCESS);
    }

    @Test
    void memoryThatIsTooLittleForTheFirstWhoWaitsGoesToTheNext() {
        open(READ_WRITE, aligned(4096));
        BufferPool pool = channel.reactor().buffers();
        List<IoBuffer> taken = new ArrayList<>();
        IoBuffer one;
        while ((one = pool.take(4096)) != null) {
            taken.add(one);
        }
        CoreFixture.Outcomes large = new CoreFixture.Outcomes();
        channel.write(memory, 1, 0, 512, large, null);
        channel.write(memory, 1, 600, 1, outcomes, null);
        channel.read(601, 1, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).isEmpty();
        pool.give(taken.remove(0));
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(large.all).isEmpty();
        taken.forEach(pool::give);
        core.reactors.runUntilIdle();
        assertThat(large.all).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    void piecesWhoseMemoryIsNotAlignedAreBounced() {
        IoLimits limits = new IoLimits(0, 4096, 8, true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        List<Long> remainders = new ArrayList<>();
        module.host.register(
                BdevSpec.physical("d0", "Test disk", BLOCK, 1024, READ_WRITE).withLimits(limits), reactor -> {
                    BackendChannel below = disk.openChannel(reactor);
                    return new BackendChannel() {
                        @Override
                        public void submitRequest(BdevIo io) {
                            remainders.add((io.buffer().address() + io.bufferOffset()) % 4096);
                            below.submitRequest(io);
                        }

                        @Override
                        public void close() {
                            below.close();
                        }
                    };
                });
        descriptor = core.open("d0", OpenMode.WRITE);
        channel = descriptor.openChannel();
        int start = (int) (-memory.address() & 4095);
        fill(start, 16 * BLOCK, 5);
        assertThat(run(channel.write(memory, start, 5, 16, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(onDisk(5, 16)).isEqualTo(inMemory(start, 16 * BLOCK));
        int second = start + (1 << 18);
        assertThat(run(channel.read(memory, second, 5, 16, outcomes, null))).isEqualTo(IoStatus.SUCCESS);
        assertThat(inMemory(second, 16 * BLOCK)).isEqualTo(inMemory(start, 16 * BLOCK));
        assertThat(disk.lengths).containsExactly(3L, 8L, 5L, 3L, 8L, 5L);
        assertThat(remainders).containsOnly(0L);
        long lent = channel.reactor().buffers().allocatedBytes();
        channel.reactor().buffers().trim();
        assertThat(lent).isPositive();
        run(channel.write(memory, start, 16, 16, outcomes, null));
        assertThat(channel.reactor().buffers().allocatedBytes())
                .as("pieces that are aligned are not copied")
                .isZero();
        assertThat(remainders).hasSize(8).containsOnly(0L);
    }

    private static IoLimits aligned(int bytes) {
        return new IoLimits(0, bytes, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
