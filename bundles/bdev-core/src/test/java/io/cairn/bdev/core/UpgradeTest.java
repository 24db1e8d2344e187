package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.ModuleUpgrades.Report;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Bdevs whose module is exchanged under them. */
class UpgradeTest {
    private static final int BLOCK = 512;
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final CoreFixture core = new CoreFixture(11);
    private final CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
    private final TestModule.Disk oldDisk = new TestModule.Disk(BLOCK, 64);
    private final TestModule.Disk newDisk = new TestModule.Disk(BLOCK, 64);
    private final IoBuffer memory = IoBuffer.allocate(1 << 16);
    private final TestModule first = core.module("m");
    private final Bdev bdev = first.register(oldDisk, "d0");
    private final BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
    private final BdevChannel channel = descriptor.openChannel();

    /** A module that registers its bdev in init, as a replay would. */
    private final class Next {
        final TestModule module = new TestModule("m");

        void arrive(BdevBackend backend, BdevSpec spec) {
            core.await(core.core.add(module));
            CompletableFuture<Bdev> served = core.reactors
                    .onApp(() -> module.host.register(spec, backend))
                    .toCompletableFuture();
            core.reactors.runUntil(served::isDone, LONGEST);
        }
    }

    private BdevSpec spec(int blockSize, int blocks) {
        return BdevSpec.physical(
                        "d0",
                        "Test disk",
                        blockSize,
                        blocks,
                        Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.ABORT))
                .withUuid(bdev.uuid());
    }

    private Hold hold() {
        Hold hold = core.await(core.core.hold("m", LONGEST));
        core.await(core.core.remove(first));
        return hold;
    }

    private void write(int block, int value) {
        memory.bytes().put(block * BLOCK, (byte) value);
        assertThat(channel.write(memory, block * BLOCK, block, 1, outcomes, block))
                .isEqualTo(Submission.ACCEPTED);
    }

    @Test
    void ioLinesUpAndGoesIntoTheNewModuleInItsOrder() {
        oldDisk.hold = true;
        write(1, 11);
        CompletableFuture<Hold> holding = core.core.hold("m", LONGEST).toCompletableFuture();
        core.reactors.runUntilIdle();
        write(2, 22);
        write(2, 23);
        core.reactors.runUntilIdle();
        assertThat(holding).isNotDone();
        assertThat(oldDisk.held).as("nothing new goes into the old module").hasSize(1);
        oldDisk.serve(oldDisk.held.poll());
        Hold hold = core.await(holding);
        core.await(core.core.remove(first));
        assertThat(first.log).contains("fini");
        assertThat(oldDisk.destructs).isEqualTo(1);
        assertThat(oldDisk.channels.values()).allMatch(n -> n == 0);
        assertThat(BdevInfo.of((CoreBdev) bdev)).containsEntry("state", "held by upgrade of module m");
        write(3, 33);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);

        new Next().arrive(newDisk, spec(BLOCK, 64));

        Report report = core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(report.adopted()).containsExactly("d0");
        assertThat(report.removed()).isEmpty();
        assertThat(outcomes.all).hasSize(4).allMatch(IoStatus.SUCCESS::equals);
        assertThat(newDisk.content[2 * BLOCK])
                .as("the later write is the later one")
                .isEqualTo((byte) 23);
        assertThat(newDisk.content[3 * BLOCK]).isEqualTo((byte) 33);
        assertThat(newDisk.served).hasSize(3);
        assertThat(core.events).isEmpty();
        assertThat(bdev.state()).isEqualTo(BdevState.READY);
        assertThat(core.await(core.core.find("d0"))).containsSame(bdev);
        assertThat(BdevInfo.of((CoreBdev) bdev)).doesNotContainKey("state");
    }

    @Test
    void aChannelThatIsOpenedDuringTheHoldWaitsToo() {
        Hold hold = hold();
        Reactor other = core.reactors.all().get(2);
        CompletableFuture<BdevChannel> opened = new CompletableFuture<>();
        other.execute(() -> {
            BdevChannel late = descriptor.openChannel();
            late.read(memory, 0, 0, 1, outcomes, null);
            opened.complete(late);
        });
        core.reactors.runUntilIdle();
        assertThat(opened).isDone();
        assertThat(outcomes.all).isEmpty();
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(newDisk.channels).containsEntry(2, 1);
    }

    @Test
    void whenTheTimeIsUpItIsAHotRemove() {
        Hold hold = hold();
        write(1, 1);
        core.reactors.runUntilIdle();
        long before = core.reactors.app().nowNanos();
        core.reactors.runUntil(() -> !core.events.isEmpty(), Duration.ofSeconds(20));
        assertThat(Duration.ofNanos(core.reactors.app().nowNanos() - before))
                .as("counted from when the bdev has lost its module")
                .isLessThanOrEqualTo(LONGEST.plusMillis(1));
        assertThat(((CoreBdev) descriptor.bdev()).defects())
                .as("nobody is there to be blamed")
                .isZero();
        assertThat(core.events).containsExactly(BdevEvent.REMOVE);
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE);
        channel.close();
        descriptor.close();
        Report report = core.await(hold.over());
        assertThat(report.removed().get("d0")).contains("held for 10000 ms");
        assertThat(oldDisk.destructs).isEqualTo(1);
        assertThat(core.await(core.core.find("d0"))).isEmpty();
        // and the name is anybody's
        TestModule someone = core.module("someone");
        someone.register(newDisk, "d0");
    }

    /** Nobody has stopped its bundle: an entry that serves nothing must not keep its name from others. */
    @Test
    void aModuleThatIsStillHereWhenTheTimeIsUpIsEndedAndListedWithTheReason() {
        Hold hold = core.await(core.core.hold("m", LONGEST));
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST)))
                .as("for who rolls back there is nothing to be held again")
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        channel.close();
        descriptor.close();
        assertThat(core.await(hold.over()).removed()).containsKey("d0");
        core.reactors.runUntilIdle();

        assertThat(first.log).containsOnlyOnce("fini");
        assertThat(core.core.modules()).isEmpty();
        assertThat(core.core.refusedModules()).hasSize(1);
        assertThat(core.core.refusedModules().get(0).name()).isEqualTo("m");
        assertThat(core.core.refusedModules().get(0).reason())
                .contains("parted from its bdevs by an upgrade", "until its bundle is started again");
        TestModule next = core.module("m");
        next.register(newDisk, "d0");

        core.await(core.core.remove(first));

        assertThat(first.log).containsOnlyOnce("fini");
        assertThat(core.core.refusedModules()).isEmpty();
        assertThat(core.core.modules()).hasSize(1);
        assertThat(core.await(core.core.find("d0"))).isPresent();
    }

    @Test
    void aModuleThatIsStoppedWhileItIsEndedForThatIsEndedOnce() {
        Hold hold = core.await(core.core.hold("m", LONGEST));
        channel.close();
        descriptor.close();
        core.await(hold.over().thenCompose(report -> core.core.remove(first)));
        core.reactors.runUntilIdle();
        assertThat(first.log).containsOnlyOnce("fini");
        assertThat(core.core.modules()).isEmpty();
        assertThat(core.core.refusedModules()).isEmpty();
    }

    @Test
    void anotherGeometryIsRefusedAndTheBdevGoesOnWaiting() {
        Hold hold = hold();
        write(5, 55);
        Next wrong = new Next();
        core.await(core.core.add(wrong.module));
        for (BdevSpec other : List.of(
                spec(1024, 64),
                spec(BLOCK, 63),
                spec(BLOCK, 65),
                spec(BLOCK, 64).withUuid(new java.util.UUID(1, 2)),
                spec(BLOCK, 64).withWriteCache(true),
                spec(BLOCK, 64).withLimits(new IoLimits(0, 0, 8, true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))) {
            assertThatThrownBy(() -> wrong.module.host.register(other, newDisk))
                    .isInstanceOf(BdevException.class)
                    .hasMessageContainingAll("d0", "upgrade of module m");
        }
        Report settled = core.await(hold.settled());
        assertThat(settled.held()).containsOnlyKeys("d0");
        assertThat(settled.held().get("d0")).contains("limits");
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).isEmpty();
        // back to the old one
        core.await(core.core.hold("m", LONGEST));
        core.await(core.core.remove(wrong.module));
        new Next().arrive(newDisk, spec(BLOCK, 64));
        assertThat(core.await(hold.over()).adopted()).containsExactly("d0");
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(core.events).isEmpty();
    }

    @Test
    void aModuleThatGivesNoChannelIsRolledBack() {
        Hold hold = hold();
        write(5, 55);
        int[] destructs = {0};
        BdevBackend broken = new BdevBackend() {
            @Override
            public BackendChannel openChannel(Reactor reactor) {
                throw new BdevException(Errno.EIO, "no channel today");
            }

            @Override
            public java.util.concurrent.CompletionStage<Void> destruct() {
                destructs[0]++;
                return CompletableFuture.completedFuture(null);
            }
        };
        Next wrong = new Next();
        wrong.arrive(broken, spec(BLOCK, 64));
        assertThat(core.await(hold.settled()).held().get("d0")).contains("no channel today");
        assertThat(destructs[0]).isEqualTo(1);
        core.await(core.core.hold("m", LONGEST));
        core.await(core.core.remove(wrong.module));
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    void aModuleThatDoesNotStartIsReportedAndMayBeReplaced() {
        Hold hold = hold();
        TestModule failing = new TestModule("m") {
            @Override
            public void init(BdevHost core) {
                throw new IllegalStateException("not today");
            }
        };
        assertThatThrownBy(() -> core.await(core.core.add(failing))).hasMessageContaining("not today");
        assertThat(core.await(hold.settled()).held().get("d0")).contains("not today");
        new Next().arrive(newDisk, spec(BLOCK, 64));
        assertThat(core.await(hold.over()).adopted()).containsExactly("d0");
    }

    @Test
    void ioThatDoesNotEndCallsTheUpgradeOffAndNothingIsDisturbed() {
        oldDisk.hold = true;
        write(1, 11);
        CompletableFuture<Hold> holding = core.core.hold("m", LONGEST).toCompletableFuture();
        core.reactors.runUntilIdle();
        write(2, 22);
        assertThatThrownBy(() -> core.await(holding))
                .hasMessageContainingAll(
                        "d0",
                        "module m has 1 I/O, 1 waits in the core",
                        "oldest has been out for 5.0 s (WRITE of 1 blocks at 1 of d0)",
                        "not ended within 5000 ms")
                .hasMessageNotContaining("io.cairn");
        core.reactors.runUntilIdle();
        assertThat(((Channel) channel).pool().get(0).shared.gate)
                .as("a hold that was called off is not waited for any more")
                .isZero();
        assertThat(oldDisk.held).hasSize(2);
        oldDisk.hold = false;
        oldDisk.held.forEach(oldDisk::serve);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(oldDisk.destructs).isZero();
        assertThat(core.await(core.core.hold("m", LONGEST)))
                .as("and it can be tried again")
                .isNotNull();
    }

    @Test
    void whatTheModuleMerelyKeepsGoesToTheNextOneBeforeWhatCameLater() {
        oldDisk.hold = true;
        oldDisk.givesBack = true;
        write(1, 11);
        write(2, 22);
        write(2, 23);
        core.reactors.runUntilIdle();
        assertThat(oldDisk.held).hasSize(3);
        CompletableFuture<Hold> holding = core.core.hold("m", LONGEST).toCompletableFuture();
        write(2, 24);
        Hold hold = core.await(holding);
        core.await(core.core.remove(first));
        assertThat(outcomes.all).isEmpty();

        new Next().arrive(newDisk, spec(BLOCK, 64));

        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).hasSize(4).allMatch(IoStatus.SUCCESS::equals);
        assertThat(newDisk.served).as("each of them once").hasSize(4);
        assertThat(oldDisk.served).isEmpty();
        assertThat(newDisk.content[2 * BLOCK])
                .as("the last write is the last one")
                .isEqualTo((byte) 24);
    }

    /** More than are tried again for each I/O that comes back: what was given back does not wait for one that does. */
    @Test
    void whatIsGivenBackIsGivenToTheNextModuleAtOnceHoweverMuchItIs() {
        oldDisk.hold = true;
        oldDisk.givesBack = true;
        for (int i = 0; i < 40; i++) {
            write(i, i);
        }
        Hold hold = hold();
        newDisk.hold = true;
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(newDisk.held).hasSize(40);
        newDisk.held.forEach(newDisk::serve);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).hasSize(40).allMatch(IoStatus.SUCCESS::equals);
    }

    @Test
    void whatIsGivenBackComesAgainIfTheUpgradeIsCalledOff() {
        oldDisk.hold = true;
        oldDisk.givesBack = true;
        write(1, 11);
        Reactor other = core.reactors.all().get(2);
        IoBuffer elsewhere = IoBuffer.allocate(BLOCK);
        other.execute(() -> descriptor.openChannel().read(elsewhere, 0, 7, 1, outcomes, null));
        core.reactors.runUntilIdle();
        BdevIo neverEnds = oldDisk.held.pollLast();
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST)))
                .hasMessageContaining("module m has 1 I/O, 1 waits in the core");
        core.reactors.runUntilIdle();
        assertThat(oldDisk.held).hasSize(1);
        assertThat(outcomes.all).isEmpty();
        oldDisk.serve(oldDisk.held.poll());
        neverEnds.reactor().execute(() -> oldDisk.serve(neverEnds));
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
    }

    @Test
    void whatAModuleHadNoMemoryForWaitsForTheNextOne() {
        oldDisk.noMemoryTimes = Integer.MAX_VALUE;
        write(1, 11);
        write(2, 22);
        core.reactors.runUntil(() -> oldDisk.noMemoryTimes < Integer.MAX_VALUE - 5, Duration.ofSeconds(1));
        Hold hold = hold();
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(newDisk.served).hasSize(2);
    }

    /** Reads in the old module, writes in the new one: what the core works on goes on where it was. */
    @Test
    void whatTheCoreDoesInPiecesGoesOnInTheNextModule() {
        oldDisk.hold = true;
        oldDisk.content[3 * BLOCK] = 33;
        assertThat(channel.copy(9, 3, 1, outcomes, null)).isEqualTo(Submission.ACCEPTED);
        core.reactors.runUntilIdle();
        CompletableFuture<Hold> holding = core.core.hold("m", LONGEST).toCompletableFuture();
        core.reactors.runUntilIdle();
        oldDisk.serve(oldDisk.held.poll());
        Hold hold = core.await(holding);
        core.await(core.core.remove(first));
        assertThat(oldDisk.served).containsExactly(IoType.READ);
        assertThat(outcomes.all).isEmpty();
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(newDisk.served).containsExactly(IoType.WRITE);
        assertThat(newDisk.content[9 * BLOCK]).isEqualTo((byte) 33);
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    void piecesThatAreGivenBackGoToTheNextModuleOrEndWithAnAbortOrTheBdev() {
        oldDisk.hold = true;
        oldDisk.givesBack = true;
        channel.writeZeroes(0, 8, outcomes, "first");
        channel.writeZeroes(8, 8, outcomes, "second");
        core.reactors.runUntilIdle();
        Hold hold = hold();
        CoreFixture.Outcomes others = new CoreFixture.Outcomes();
        channel.abort("first", others, null);
        core.reactors.runUntilIdle();
        assertThat(others.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED, IoStatus.SUCCESS);
        assertThat(newDisk.served).containsExactly(IoType.WRITE);
        assertThat(oldDisk.served).isEmpty();

        newDisk.hold = true;
        newDisk.givesBack = true;
        channel.writeZeroes(0, 8, outcomes, "third");
        core.reactors.runUntilIdle();
        Hold again = core.await(core.core.hold("m", LONGEST));
        again.giveUp("enough");
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED, IoStatus.SUCCESS, IoStatus.NO_DEVICE);
        channel.close();
        descriptor.close();
        core.await(again.over());
    }

    @Test
    void whatWasGivenBackCanBeAbortedAndGoesWithTheBdev() {
        oldDisk.hold = true;
        oldDisk.givesBack = true;
        write(1, 11);
        write(2, 22);
        Hold hold = hold();
        CoreFixture.Outcomes others = new CoreFixture.Outcomes();
        channel.abort(1, others, null);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        assertThat(others.all).containsExactly(IoStatus.SUCCESS);
        hold.giveUp("enough");
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED, IoStatus.NO_DEVICE);
        channel.close();
        descriptor.close();
        core.await(hold.over());
    }

    @Test
    void abortsAndResetsDuringTheHoldEnd() {
        Hold hold = hold();
        write(1, 11);
        write(2, 22);
        CoreFixture.Outcomes others = new CoreFixture.Outcomes();
        channel.abort(1, others, null);
        core.reactors.runUntilIdle();
        assertThat(others.all).containsExactly(IoStatus.SUCCESS);
        assertThat(outcomes.all).containsExactly(IoStatus.ABORTED);
        channel.reset(others, null);
        core.reactors.runUntilIdle();
        assertThat(others.all).as("a reset waits for the module").hasSize(1);
        new Next().arrive(newDisk, spec(BLOCK, 64));
        core.await(hold.over());
        core.reactors.runUntilIdle();
        assertThat(others.all).containsExactly(IoStatus.SUCCESS, IoStatus.SUCCESS);
        assertThat(outcomes.all).hasSize(2);
        assertThat(newDisk.served).contains(IoType.RESET);
    }

    @Test
    void descriptorsMayBeClosedAndTheBdevRemovedDuringTheHold() {
        Hold hold = hold();
        channel.close();
        descriptor.close();
        core.reactors.runUntilIdle();
        core.reactors.app().execute(() -> ((CoreBdev) bdev).removal().start());
        Report report = core.await(hold.over());
        assertThat(report.removed()).containsKey("d0");
        assertThat(core.await(core.core.find("d0"))).isEmpty();
        Next next = new Next();
        next.arrive(newDisk, spec(BLOCK, 32));
        assertThat(core.await(core.core.find("d0"))).get().isNotSameAs(bdev);
    }

    @Test
    void theCoreCanBeEndedDuringTheHold() {
        hold();
        channel.close();
        descriptor.close();
        core.await(core.core.close());
        assertThat(core.await(core.core.list())).isEmpty();
    }

    @Test
    void refusesWhatCannotBeHeld() {
        assertThatThrownBy(() -> core.await(core.core.hold("other", LONGEST))).hasMessageContaining("other");
        oldDisk.hold = true;
        write(1, 1);
        CompletableFuture<Hold> draining = core.core.hold("m", LONGEST).toCompletableFuture();
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST))).hasMessageContaining("already");
        oldDisk.hold = false;
        oldDisk.held.forEach(oldDisk::serve);
        core.await(draining);
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST))).hasMessageContaining("already");
    }

    @Test
    void aModuleThatIsStoppedWhileItIsSeparatedEndsAfterThat() {
        CompletableFuture<Void> taken = new CompletableFuture<>();
        oldDisk.destructed = taken;
        CompletableFuture<Hold> holding = core.core.hold("m", LONGEST).toCompletableFuture();
        core.reactors.runUntil(() -> oldDisk.destructs == 1, Duration.ofSeconds(1));
        CompletableFuture<Void> removed = core.core.remove(first).toCompletableFuture();
        core.reactors.runUntilIdle();
        assertThat(removed).isNotDone();
        taken.complete(null);
        core.await(removed);
        assertThat(holding).isCompleted();
    }

    @Test
    void anExaminationOfAnotherModuleThatNeverEndsDoesNotHoldUpWhoHasEverythingBack() {
        TestModule never = core.module("never");
        never.onDisk = (other, examination) -> {};
        core.reactors.onApp(() -> never.host.register(
                BdevSpec.physical("other", "x", BLOCK, 8, Set.of(IoType.READ)), new TestModule.Disk(BLOCK, 8)));
        core.reactors.runUntilIdle();
        Hold hold = hold();
        new Next().arrive(newDisk, spec(BLOCK, 64));
        Report report = core.await(hold.over());
        assertThat(report.adopted()).containsExactly("d0");
    }

    @Test
    void refusesWhatIsHeldAlready() {
        core.await(core.core.hold("m", LONGEST));
        assertThatThrownBy(() -> core.await(core.core.hold("m", LONGEST))).hasMessageContaining("already");
    }

    @Test
    void nothingOfTheOldModuleIsReachedThroughTheIoObjects() {
        Object[] context = {new Object()};
        TestModule module = core.module("c");
        module.host.register(
                BdevSpec.physical("c0", "x", BLOCK, 8, Set.of(IoType.READ)).withUuid(new java.util.UUID(3, 4)),
                new BdevBackend() {
                    @Override
                    public BackendChannel openChannel(Reactor reactor) {
                        return oldDisk.openChannel(reactor);
                    }

                    @Override
                    public Object newIoContext() {
                        return context[0];
                    }
                });
        BdevDescriptor open = core.open("c0", OpenMode.READ);
        Channel ch = (Channel) open.openChannel();
        ch.read(memory, 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(ch.pool().get(0).context()).isSameAs(context[0]);
        core.await(core.core.hold("c", LONGEST));
        assertThat(ch.pool().get(0).context()).isNull();
        assertThat(((CoreBdev) open.bdev()).module()).isNull();
    }

    @Test
    void whatIsHandedOverReachesTheNextModuleAndIsFreedIfNobodyTakesIt() {
        TestModule giver = new TestModule("g") {
            @Override
            public Map<String, Object> handOver() {
                return Map.of("a", Map.of("x", IoBuffer.allocate(512)), "b", 7L);
            }
        };
        core.add(giver);
        giver.register(new TestModule.Disk(BLOCK, 8), "g0");
        Hold hold = core.await(core.core.hold("g", LONGEST));
        core.await(core.core.remove(giver));
        TestModule taker = core.module("g");
        Map<String, Object> given = taker.host.handedOver();
        assertThat(given).containsOnlyKeys("a", "b");
        given.remove("b");
        core.await(hold.giveUp("enough"));
        assertThat(given).isEmpty();
        assertThat(taker.host.handedOver()).isEmpty();
    }

    @Test
    void aModuleThatHandsOverItsOwnTypesIsRemoved() {
        TestModule giver = new TestModule("g") {
            @Override
            public Map<String, Object> handOver() {
                return Map.of("mine", Collections.singletonList(this));
            }
        };
        core.add(giver);
        giver.register(new TestModule.Disk(BLOCK, 8), "g0");
        assertThatThrownBy(() -> core.await(core.core.hold("g", LONGEST)))
                .hasMessageContainingAll("module g failed to hand over", "only types of the JDK");
        core.reactors.runUntilIdle();
        assertThat(core.await(core.core.find("g0"))).isEmpty();
    }
}
