package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.raid.level.FixedArrays.FixedArray;
import io.cairn.module.raid.level.FixedArrays.Plan;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a change waits for, and what it ends with when a member does not do its part. */
class RedundancyTest {
    private static final IoStatus MEDIUM = IoStatus.nvme(2, 0x80);
    private static final long BLOCKS = 136;

    private final TestCore core = TestCore.simulated(7, 3);
    private final FixedArrays module = new FixedArrays();
    private final List<SimDisk> disks = new ArrayList<>();
    private FixedArray array;
    private TestDescriptor open;

    private void start(Plan plan, int members) {
        core.add(module);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            names.add("d" + i);
            disks.add(core.disk("d" + i, 512, BLOCKS));
        }
        array = core.awaitOnApp(() -> module.create("array", plan, names));
        open = core.open("array", OpenMode.WRITE);
    }

    @AfterEach
    void end() {
        open.close();
        core.settle();
        core.assertNoViolations();
        core.assertNothingOut();
        core.close();
    }

    private TestIo write(long block, long blocks) {
        return open.channel(1).start(IoRequest.write(block, blocks, new byte[512 * (int) blocks]));
    }

    private void failWrites(int slot) {
        disks.get(slot).inject(SimFault.next(Integer.MAX_VALUE, IoType.WRITE, MEDIUM));
    }

    /** Starts a write that a member does not do, whose failure is not recorded. */
    private TestIo writeThatMisses(int slot, long block, long blocks) {
        array.recordsFailures = false;
        failWrites(slot);
        TestIo io = write(block, blocks);
        settledWithout(io);
        return io;
    }

    private void settledWithout(TestIo io) {
        core.settle();
        assertThat(io.isDone()).as("%s is over (%s)", io, array.events).isFalse();
    }

    private IoStatus end(TestIo io) {
        return core.await(io.done()).status();
    }

    // ---- failures ----

    @Test
    void aChangeThatAMemberMissedIsAcknowledgedWhenItsFailureIsRecorded() {
        start(Plan.of(RaidLevel.RAID1), 2);
        TestIo io = writeThatMisses(1, 3, 2);
        assertThat(array.events).containsExactly("failed 1 WRITE " + MEDIUM);

        core.awaitOnApp(() -> array.leave(1));
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.unsynced.isEmpty()).isTrue();
    }

    @Test
    void aChangeFailsWhoseMemberIsKept() {
        start(Plan.of(RaidLevel.RAID1), 2);
        TestIo io = writeThatMisses(1, 20, 2);

        core.awaitOnApp(() -> array.channels.failureRefused(1));
        assertThat(end(io)).isEqualTo(MEDIUM);
        assertThat(array.events).endsWith("suspect 20+2");
        assertThat(array.unsynced.contains(1)).isTrue();
        assertThat(array.unsynced.size()).isEqualTo(1);
    }

    @Test
    void aChangeThatAllMissedFailsNobody() {
        start(Plan.of(RaidLevel.RAID1), 3);
        disks.forEach(disk -> disk.inject(SimFault.next(1, IoType.WRITE, IoStatus.NO_SPACE)));
        assertThat(end(write(0, 1))).isEqualTo(IoStatus.NO_SPACE);
        assertThat(array.events).containsExactly("suspect 0+1");
        assertThat(end(write(0, 1))).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void aChangeFailsWhoseOnlyDoerHasLeftMeanwhile() {
        start(Plan.of(RaidLevel.RAID1), 2);
        TestIo io = writeThatMisses(1, 3, 2);

        core.awaitOnApp(() -> array.leave(0));
        assertThat(end(io)).isEqualTo(MEDIUM);
        assertThat(array.events).endsWith("suspect 3+2");
    }

    @Test
    void aFlushThatAMemberMissedWaitsForItsFailureAsWell() {
        start(Plan.of(RaidLevel.RAID1), 2);
        array.recordsFailures = false;
        disks.get(0).inject(SimFault.next(1, IoType.FLUSH, MEDIUM));
        TestIo io = open.channel(2).start(IoRequest.flush());
        settledWithout(io);
        core.awaitOnApp(() -> array.leave(0));
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).containsExactly("failed 0 FLUSH " + MEDIUM);
    }

    @Test
    void aTargetThatMissesAChangeIsFailedAndNotTheChange() {
        start(Plan.of(RaidLevel.RAID1), 2);
        core.awaitOnApp(() -> array.leave(1));
        core.disk("d9", 512, BLOCKS).inject(SimFault.next(1, IoType.WRITE, MEDIUM));
        core.awaitOnApp(() -> array.target(1, "d9"));
        assertThat(end(write(5, 1))).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.layout.slots().get(1).role()).isEqualTo(MemberRole.ABSENT);
    }

    @Test
    void aTargetThatIsTrustedMeanwhileStandsInForTheMemberThatMissedAChange() {
        start(Plan.of(RaidLevel.RAID1), 2);
        core.awaitOnApp(() -> array.leave(1));
        core.disk("d9", 512, BLOCKS);
        core.awaitOnApp(() -> array.target(1, "d9"));
        TestIo io = writeThatMisses(0, 5, 1);
        core.awaitOnApp(() -> array.trust(1));
        settledWithout(io);
        core.awaitOnApp(() -> array.leave(0));
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.unsynced.isEmpty()).isTrue();
    }

    @Test
    void aChangeThatOnlyATargetDidFailsWhenItIsNotTrusted() {
        start(Plan.of(RaidLevel.RAID1), 2);
        core.awaitOnApp(() -> array.leave(1));
        core.disk("d9", 512, BLOCKS);
        core.awaitOnApp(() -> array.target(1, "d9"));
        failWrites(0);
        assertThat(end(write(5, 1))).isEqualTo(MEDIUM);
        assertThat(array.events).containsExactly("failed 0 WRITE " + MEDIUM, "refused 0", "suspect 5+1");
    }

    @Test
    void aResetWaitsUntilWhatHasBegunHasEnded() {
        start(Plan.of(RaidLevel.RAID1), 2);
        TestIo io = writeThatMisses(1, 3, 2);
        // of another reactor than the change
        TestIo reset = open.channel(2).start(IoRequest.reset());
        settledWithout(reset);

        core.awaitOnApp(() -> array.leave(1));
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(reset)).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.unsynced.isEmpty()).isTrue();
        assertThat(end(write(3, 2))).as("the array goes on").isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void whatAResetHasAbortedAtTheMembersIsSentAgain() {
        for (Plan plan :
                List.of(Plan.of(RaidLevel.RAID1), Plan.of(RaidLevel.RAID5F).withJournal())) {
            start(plan, 3);
            byte[] data = stripes(1);
            core.awaitOnApp(() -> array.leave(0));
            disks.get(1).hold(IoType.WRITE);
            TestIo io = open.channel(1).start(IoRequest.write(0, 8, data));
            settledWithout(io);
            TestIo reset = open.channel(1).start(IoRequest.reset());
            settledWithout(reset);
            assertThat(disks.get(1).given(IoType.WRITE)).as("sent again").isEqualTo(2);

            disks.get(1).release();
            assertThat(end(reset)).isEqualTo(IoStatus.SUCCESS);
            assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
            assertThat(array.events).isEmpty();
            assertThat(open.channel(1).read(0, 8)).isEqualTo(data);
            assertThat(array.tornStripes).hasValue(0);
            again();
        }
    }

    @Test
    void aMemberThatAbortsAChangeAgainAndAgainFails() {
        start(Plan.of(RaidLevel.RAID1), 2);
        disks.get(1).inject(SimFault.next(Integer.MAX_VALUE, IoType.WRITE, IoStatus.ABORTED));
        assertThat(end(write(3, 2))).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).containsExactly("failed 1 WRITE " + IoStatus.ABORTED);
        assertThat(array.layout.slots().get(1).role()).isEqualTo(MemberRole.ABSENT);
    }

    @Test
    void aMirrorsWriteMayBeAbortedAndIsInDoubtThen() {
        start(Plan.of(RaidLevel.RAID1), 2);
        disks.get(0).hold(IoType.WRITE);
        TestIo io = write(3, 2);
        settledWithout(io);
        IoStatus aborted = abortUntilTaken(io);
        assertThat(aborted).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(io)).isEqualTo(IoStatus.ABORTED);
        assertThat(array.events).containsExactly("suspect 3+2");
        disks.get(0).release();
    }

    /** Disks abort where they can, by their seed. */
    private IoStatus abortUntilTaken(TestIo io) {
        IoStatus status;
        do {
            status = open.channel(1).abort(io);
        } while (status != IoStatus.SUCCESS);
        return status;
    }

    @Test
    void aStripeThatHasBegunIsNotAborted() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        core.awaitOnApp(() -> array.leave(0));
        disks.get(1).hold(IoType.WRITE);
        byte[] data = stripes(1);
        TestIo io = open.channel(1).start(IoRequest.write(0, 8, data));
        settledWithout(io);
        for (int i = 0; i < 20; i++) {
            assertThat(open.channel(1).abort(io)).isEqualTo(IoStatus.FAILED);
        }
        disks.get(1).release();
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).isEmpty();
        assertThat(open.channel(1).read(0, 8)).isEqualTo(data);
    }

    @Test
    void aStripeThatARemovalGivesUpStaysInTheJournal() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        core.awaitOnApp(() -> array.leave(0));
        disks.get(1).hold(IoType.WRITE);
        TestIo io = open.channel(1).start(IoRequest.write(0, 8, stripes(1)));
        settledWithout(io);
        CompletionStage<Void> removed = core.onApp(() -> array.remove());
        core.until("the removal gives it up", io::isDone);
        assertThat(io.status()).isEqualTo(IoStatus.NO_DEVICE);
        assertThat(array.tornStripes).hasValue(1);
        assertThat(array.journalOut).hasValue(0);
        disks.get(1).release();
        open.close();
        core.await(removed);
    }

    @Test
    void aStripeIsWholeWithoutATargetThatMissedIt() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        core.awaitOnApp(() -> array.leave(0));
        core.disk("d9", 512, BLOCKS).inject(SimFault.next(1, IoType.WRITE, MEDIUM));
        core.awaitOnApp(() -> array.target(0, "d9"));
        byte[] data = stripes(1);
        open.channel(1).write(0, data);
        assertThat(array.tornStripes).hasValue(0);
        assertThat(open.channel(1).read(0, 8)).isEqualTo(data);
    }

    /** Its strip was to go to the member of its parity, and is not missing any more; the one with the parity may be. */
    @Test
    void aStripeWhoseStripTheJournalRefusesIsWrittenIfItNeedsNoProtectionAnyMore() {
        for (boolean parityLeaves : List.of(false, true)) {
            start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
            core.awaitOnApp(() -> array.leave(0));
            disks.add(core.disk("d9", 512, BLOCKS));
            core.awaitOnApp(() -> array.target(0, "d9"));
            array.protectsStrips = false;
            byte[] data = stripes(1);
            TestIo io = open.channel(1).start(IoRequest.write(0, 8, data));
            settledWithout(io);
            core.awaitOnApp(() -> array.trust(0));
            if (parityLeaves) {
                core.awaitOnApp(() -> array.leave(2));
            }
            array.refuseStrips();
            assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
            assertThat(open.channel(1).read(0, 8)).isEqualTo(data);
            assertThat(array.journalOut).hasValue(0);
            assertThat(array.events).isEmpty();
            again();
        }
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
    }

    @Test
    void aStripeWhoseStripTheJournalRefusesFailsWhileTheStripIsMissing() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        core.awaitOnApp(() -> array.leave(0));
        array.protectsStrips = false;
        TestIo io = open.channel(1).start(IoRequest.write(0, 8, stripes(1)));
        settledWithout(io);
        array.refuseStrips();
        assertThat(end(io)).isEqualTo(IoStatus.NO_DEVICE);
    }

    /** Takes the array down, so that a test may start another one. */
    private void again() {
        open.close();
        core.awaitOnApp(() -> array.remove());
        disks.forEach(disk -> core.await(disk.remove()));
        disks.clear();
        core.settle();
        core.remove(module);
    }

    @Test
    void aReadErrorIsServedByAnotherLegAndNothingIsWrittenBack() {
        start(Plan.of(RaidLevel.RAID1), 2);
        byte[] data = new byte[512];
        data[7] = 42;
        open.channel(1).write(9, data);
        long written = disks.get(0).given(IoType.WRITE) + disks.get(1).given(IoType.WRITE);
        disks.forEach(disk -> disk.inject(new SimFault(Set.of(IoType.READ), 0, 40, 1, MEDIUM)));
        disks.get(1).clearFaults();
        for (int i = 0; i < 4; i++) {
            assertThat(open.channel(1)
                            .run(IoRequest.read(9, 1).in(IoRequest.Memory.LENT))
                            .data())
                    .isEqualTo(data);
        }
        assertThat(array.events).containsExactly("read error 0 9+1 recovered");
        assertThat(disks.get(0).given(IoType.WRITE) + disks.get(1).given(IoType.WRITE))
                .isEqualTo(written);
    }

    @Test
    void whatNoLegCanReadFails() {
        start(Plan.of(RaidLevel.RAID1), 2);
        disks.forEach(disk -> disk.inject(SimFault.next(1, IoType.READ, MEDIUM)));
        assertThat(open.channel(1).run(IoRequest.read(9, 1)).status()).isEqualTo(MEDIUM);
        assertThat(array.events).containsExactlyInAnyOrder("read error 0 9+1 lost", "read error 1 9+1 lost");
    }

    @Test
    void rowsInDoubtAreReadOnTheFirstLegOnly() {
        start(Plan.of(RaidLevel.RAID1), 2);
        open.channel(1);
        array.unsynced.addRows(0, 16);
        for (int i = 0; i < 8; i++) {
            open.channel(1).read(i * 2L, 1);
        }
        assertThat(disks.get(1).given(IoType.READ)).isZero();
        for (int i = 0; i < 8; i++) {
            open.channel(1).read(16 + i * 2L, 1);
        }
        assertThat(disks.get(1).given(IoType.READ)).isEqualTo(4);
    }

    // ---- intents ----

    @Test
    void nothingIsChangedBeforeItsIntentIsOnDisk() {
        start(Plan.of(RaidLevel.RAID1).withIntents(), 2);
        array.answersIntents = false;
        TestIo one = write(14, 4);
        TestIo two = write(20, 1);
        TestIo read = open.channel(1).start(IoRequest.read(14, 1));
        settledWithout(one);
        settledWithout(two);
        assertThat(read.isDone()).isTrue();
        assertThat(array.events).containsExactly("intend 0+32");
        assertThat(disks)
                .allSatisfy(disk -> assertThat(disk.given(IoType.WRITE)).isZero());

        core.onApp(() -> {
            array.answerIntent(0, 32);
            return null;
        });
        assertThat(end(one)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(two)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(write(3, 1))).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).hasSize(1);
    }

    @Test
    void anIntentThatIsInUseIsNotForgotten() {
        start(Plan.of(RaidLevel.RAID1).withIntents(), 2);
        assertThat(end(write(3, 1))).isEqualTo(IoStatus.SUCCESS);
        disks.get(0).holdAll();
        TestIo held = write(40, 1);
        settledWithout(held);
        assertThat(busy()).as("used since").containsExactly(0, 2);
        assertThat(busy()).as("out").containsExactly(2);
        disks.get(0).release();
        end(held);
        assertThat(busy()).as("nothing used").isEmpty();
        array.events.clear();
        assertThat(end(write(3, 1))).isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).as("asked again").containsExactly("intend 0+16");
    }

    private List<Integer> busy() {
        RegionSet busy = new RegionSet(array.layout.shape().rows(), 16);
        core.awaitOnApp(() -> array.channels.forgetIntents(busy));
        List<Integer> all = new ArrayList<>();
        for (int region = busy.next(0); region >= 0; region = busy.next(region + 1)) {
            all.add(region);
        }
        return all;
    }

    // ---- locks ----

    @Test
    void aLockWaitsForWhatHasBegunAndKeepsBackWhatComes() {
        start(Plan.of(RaidLevel.RAID1), 2);
        disks.get(0).holdAll();
        TestIo before = write(60, 1);
        settledWithout(before);
        CompletionStage<Void> locked = core.onApp(() -> array.channels.lock(16, 16));
        core.settle();
        assertThat(locked.toCompletableFuture()).isNotDone();
        disks.get(0).release();
        core.await(locked);
        assertThat(before.isDone()).isTrue();

        TestIo within = write(20, 1);
        TestIo across = write(31, 2);
        settledWithout(within);
        settledWithout(across);
        assertThat(end(write(32, 1))).isEqualTo(IoStatus.SUCCESS);
        assertThat(open.channel(1).run(IoRequest.read(20, 1)).status()).isEqualTo(IoStatus.SUCCESS);
        // opened while it is locked
        TestIo elsewhere = open.channel(2).start(IoRequest.write(16, 1, new byte[512]));
        settledWithout(elsewhere);

        core.awaitOnApp(() -> array.channels.unlock());
        assertThat(end(within)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(across)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(elsewhere)).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void aChannelThatIsClosedAnswersALock() {
        start(Plan.of(RaidLevel.RAID1), 2);
        open.channel(1);
        open.channel(2);
        CompletionStage<Void> locked = core.onApp(() -> array.channels.lock(0, 16));
        open.closeChannel(1);
        core.await(locked);
        core.awaitOnApp(() -> array.channels.unlock());
        assertThat(end(write(0, 1))).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void whatWaitsForALockCanBeAborted() {
        start(Plan.of(RaidLevel.RAID1), 2);
        core.awaitOnApp(() -> array.channels.lock(0, 16));
        TestIo io = write(3, 1);
        settledWithout(io);
        assertThat(open.channel(1).abort(io)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(io)).isEqualTo(IoStatus.ABORTED);
        assertThat(array.events).as("nothing has begun").isEmpty();
        core.awaitOnApp(() -> array.channels.unlock());
    }

    @Test
    void whatHasNotBegunIsGivenBackForAnUpgradeAndWhatHasIsNot() {
        start(Plan.of(RaidLevel.RAID1), 2);
        array.recordsFailures = false;
        failWrites(1);
        core.awaitOnApp(() -> array.channels.lock(0, 16));
        TestIo begun = write(40, 1);
        settledWithout(begun);
        TestIo waiting = write(3, 1);
        settledWithout(waiting);
        long given = disks.get(0).given(IoType.WRITE);
        disks.get(1).clearFaults();

        core.on(core.reactor(1), () -> {
            array.opened.get(1).giveBack();
            return null;
        });
        core.awaitOnApp(() -> array.channels.unlock());
        settledWithout(begun);
        assertThat(disks.get(0).given(IoType.WRITE)).as("not begun").isEqualTo(given);

        core.awaitOnApp(() -> array.leave(1));
        assertThat(end(begun)).isEqualTo(IoStatus.SUCCESS);
        // the core gives it to the channel again, when the other one has come back
        assertThat(end(waiting)).isEqualTo(IoStatus.SUCCESS);
        assertThat(disks.get(0).given(IoType.WRITE)).as("each once").isEqualTo(given + 1);
    }

    @Test
    void theArraySeesThatItIsUsed() {
        start(Plan.of(RaidLevel.RAID1), 2);
        long before = array.channels.ios();
        end(write(0, 1));
        open.channel(2).read(0, 1);
        assertThat(array.channels.ios()).isEqualTo(before + 2);
        open.closeChannel(2);
        core.settle();
        assertThat(array.channels.ios()).isEqualTo(before + 2);
    }

    // ---- more legs, more rows ----

    @Test
    void aLegThatTheChannelsWereNotOpenedWithIsWrittenAndThenRead() {
        start(Plan.of(RaidLevel.RAID1), 1);
        // I/O objects that were used with one leg are used again with three
        byte[] data = stripes(1);
        for (int i = 0; i < 40; i++) {
            open.channel(1).write(0, data);
        }
        for (String name : List.of("more1", "more2")) {
            disks.get(0).hold(IoType.WRITE);
            TestIo out = open.channel(1).start(IoRequest.write(8, 8, data));
            settledWithout(out);
            SimDisk disk = core.disk(name, 512, BLOCKS);
            disks.add(disk);
            core.awaitOnApp(() -> array.addLeg(name));
            disks.get(0).release();
            assertThat(end(out)).as("begun without the new leg").isEqualTo(IoStatus.SUCCESS);
            open.channel(1).write(0, data);
            assertThat(disk.medium().read(FixedArrays.DATA_OFFSET + 7))
                    .isEqualTo(Arrays.copyOfRange(data, 7 * 512, 8 * 512));
            assertThat(disk.given(IoType.READ)).as("a target is not read").isZero();
        }
        core.awaitOnApp(() -> array.trust(1));
        core.awaitOnApp(() -> array.trust(2));
        for (int i = 0; i < 6; i++) {
            assertThat(open.channel(1).read(i % 2 == 0 ? 0 : 4, 1)).isNotNull();
        }
        assertThat(disks).allSatisfy(disk -> assertThat(disk.given(IoType.READ)).isPositive());

        failWrites(2);
        assertThat(end(write(3, 2)))
                .as("misses of a slot that is new are counted")
                .isEqualTo(IoStatus.SUCCESS);
        core.awaitOnApp(() -> array.leave(0));
        assertThat(open.channel(1).read(0, 3)).isEqualTo(Arrays.copyOf(data, 3 * 512));
    }

    /** Not concat: of that only the last member may grow, or every block behind the others would be elsewhere. */
    @Test
    void rowsThatAnArrayHasGainedAreServed() {
        for (Plan plan : List.of(
                new Plan(RaidLevel.RAID1, 0, 256, true, false),
                new Plan(RaidLevel.RAID5F, 4, 256, true, false),
                Plan.of(RaidLevel.RAID0))) {
            start(plan, 3);
            array.answersIntents = false;
            long before = array.layout.shape().numBlocks();
            long rowsBefore = array.layout.shape().rows();
            byte[] data = stripes(1);
            // the last region is cut short by the end, and its intent is answered after it has grown
            TestIo last = open.channel(1).start(IoRequest.write(before - 8, 8, data));
            core.settle();
            disks.forEach(disk -> core.await(disk.resize(2 * BLOCKS)));
            core.awaitOnApp(() -> array.grow());
            core.onApp(() -> {
                array.answerIntent(0, rowsBefore);
                return null;
            });
            if (plan.intents()) {
                settledWithout(last);
                assertThat(array.events).as("asked for again, as it is now").contains("intend 0+256");
                core.onApp(() -> {
                    array.answerIntent(0, 256);
                    return null;
                });
            }
            array.answersIntents = true;
            assertThat(end(last)).isEqualTo(IoStatus.SUCCESS);

            long after = array.layout.shape().numBlocks();
            assertThat(after).isGreaterThan(before + 100);
            open.channel(1).write(after - 8, data);
            open.channel(2).write(before, data);
            assertThat(open.channel(2).read(after - 8, 8)).isEqualTo(data);
            assertThat(open.channel(1).read(before - 8, 8)).isEqualTo(data);
            assertThat(open.channel(1).read(before, 8)).isEqualTo(data);
            again();
        }
    }

    // ---- parity ----

    private byte[] stripes(int count) {
        byte[] data = new byte[512 * 8 * count];
        new Random(1).nextBytes(data);
        return data;
    }

    @Test
    void aStripIsMadeOfTheOthers() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        byte[] data = stripes(6);
        open.channel(1).write(0, data);
        core.awaitOnApp(() -> array.leave(0));
        assertThat(open.channel(1).read(0, 48)).isEqualTo(data);
        open.channel(1).write(0, data);
        assertThat(open.channel(1).read(0, 48)).isEqualTo(data);
        assertThat(array.events).isEmpty();
    }

    @Test
    void nothingIsMadeOfRowsInDoubt() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        open.channel(1).write(0, stripes(6));
        core.awaitOnApp(() -> array.leave(0));
        array.unsynced.addRows(0, 4);
        // stripe 0: strips on slots 0 and 1, parity on 2
        assertThat(open.channel(1).run(IoRequest.read(1, 1)).status()).isEqualTo(IoStatus.errno(Errno.EIO));
        assertThat(open.channel(1).run(IoRequest.read(5, 1)).status()).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void whatIsLostIsRefusedAlsoOfAMemberThatIsThere() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        open.channel(1).write(0, stripes(6));
        core.awaitOnApp(() -> array.channels.lost(LostRows.NONE.plus(0, RowRanges.NONE.plus(0, 8))));
        IoStatus refused = IoStatus.errno(Errno.EIO);
        // stripes 0 and 1: the strip of slot 0 is the first one
        assertThat(open.channel(1).run(IoRequest.read(3, 1)).status()).isEqualTo(refused);
        assertThat(open.channel(1).run(IoRequest.read(8, 1)).status()).isEqualTo(refused);
        assertThat(open.channel(1).run(IoRequest.read(0, 8)).status()).isEqualTo(refused);
        assertThat(open.channel(1).run(IoRequest.read(4, 4)).status()).isEqualTo(IoStatus.SUCCESS);
        assertThat(open.channel(1).run(IoRequest.read(16, 8)).status()).isEqualTo(IoStatus.SUCCESS);
        // opened since
        assertThat(open.channel(2).run(IoRequest.read(3, 1)).status()).isEqualTo(refused);
        core.awaitOnApp(() -> array.leave(0));
        assertThat(open.channel(1).run(IoRequest.read(3, 1)).status()).isEqualTo(refused);
        assertThat(open.channel(1).run(IoRequest.read(4, 4)).status()).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void whatIsLostIsThereWhenItsRewriteHasBeenRecorded() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        core.awaitOnApp(() -> array.channels.lost(LostRows.NONE.plus(0, RowRanges.NONE.plus(0, 8))));
        byte[] data = stripes(1);
        TestIo io = open.channel(1).start(IoRequest.write(0, 8, data));
        TestIo other = open.channel(1).start(IoRequest.writeZeroes(8, 8));
        settledWithout(io);
        settledWithout(other);
        assertThat(array.events).containsExactlyInAnyOrder("rewritten 0+4", "rewritten 4+4");
        assertThat(open.channel(1).abort(io)).isEqualTo(IoStatus.FAILED);
        TestIo reset = open.channel(1).start(IoRequest.reset());
        settledWithout(reset);

        core.awaitOnApp(() -> array.channels.lost(LostRows.NONE.plus(0, RowRanges.NONE.plus(4, 4))));
        settledWithout(io);
        core.awaitOnApp(() -> array.channels.rewriteRecorded(0, 4, true));
        assertThat(end(io)).isEqualTo(IoStatus.SUCCESS);
        core.awaitOnApp(() -> array.channels.rewriteRecorded(4, 4, false));
        assertThat(end(other)).isEqualTo(IoStatus.errno(Errno.EIO));
        assertThat(end(reset)).isEqualTo(IoStatus.SUCCESS);
        assertThat(open.channel(1).read(0, 8)).isEqualTo(data);
        assertThat(open.channel(1).run(IoRequest.read(8, 1)).status()).isEqualTo(IoStatus.errno(Errno.EIO));
        assertThat(end(write(16, 8))).as("elsewhere").isEqualTo(IoStatus.SUCCESS);
        assertThat(array.events).hasSize(2);
    }

    private byte[] other(byte[] data) {
        byte[] other = data.clone();
        for (int i = 0; i < other.length; i++) {
            other[i] ^= (byte) 0xff;
        }
        return other;
    }

    @Test
    void aReadThatIsMadeOfOthersWaitsForAWriteThatIsOut() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 4);
        byte[] old = new byte[512 * 12];
        new Random(1).nextBytes(old);
        open.channel(1).write(0, old);
        core.awaitOnApp(() -> array.leave(0));
        // one data strip is late
        disks.get(1).hold(IoType.WRITE);
        TestIo write = open.channel(1).start(IoRequest.write(0, 12, other(old)));
        settledWithout(write);
        TestIo here = open.channel(1).start(IoRequest.read(1, 2));
        TestIo elsewhere = open.channel(2).start(IoRequest.read(1, 2));
        TestIo given = open.channel(2).start(IoRequest.read(0, 4));
        settledWithout(here);
        settledWithout(elsewhere);
        assertThat(open.channel(2).abort(given)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(given)).isEqualTo(IoStatus.ABORTED);
        assertThat(open.channel(2).read(8, 4)).as("of a member that is there").hasSize(2048);

        disks.get(1).release();
        assertThat(end(write)).isEqualTo(IoStatus.SUCCESS);
        for (TestIo read : List.of(here, elsewhere)) {
            assertThat(end(read)).isEqualTo(IoStatus.SUCCESS);
            assertThat(read.data()).isEqualTo(Arrays.copyOfRange(other(old), 512, 3 * 512));
        }
    }

    @Test
    void aReadThatIsMadeOfOthersIsDoneAgainWhenAWriteHasComeBetween() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 4);
        byte[] old = new byte[512 * 12];
        new Random(1).nextBytes(old);
        open.channel(1).write(0, old);
        core.awaitOnApp(() -> array.leave(0));
        for (boolean zeroes : List.of(false, true)) {
            disks.get(1).hold(IoType.READ);
            TestIo read = open.channel(2).start(IoRequest.read(0, 4));
            settledWithout(read);
            byte[] next = zeroes ? new byte[512 * 12] : other(old);
            open.channel(1).run(zeroes ? IoRequest.writeZeroes(0, 24) : IoRequest.write(0, 12, next));
            disks.get(1).release();
            assertThat(end(read)).isEqualTo(IoStatus.SUCCESS);
            assertThat(read.data()).isEqualTo(Arrays.copyOf(next, 4 * 512));
        }
    }

    @Test
    void aResetEndsAReadThatWaitsForAWrite() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 4);
        core.awaitOnApp(() -> array.leave(0));
        disks.get(1).hold(IoType.WRITE);
        TestIo write = open.channel(1).start(IoRequest.write(0, 12, new byte[512 * 12]));
        settledWithout(write);
        TestIo read = open.channel(2).start(IoRequest.read(0, 4));
        settledWithout(read);
        TestIo reset = open.channel(2).start(IoRequest.reset());
        assertThat(end(read)).isEqualTo(IoStatus.ABORTED);
        settledWithout(reset);
        disks.get(1).release();
        assertThat(end(write)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(reset)).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    void aStripThatCannotBeReadIsMadeOfTheOthers() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        byte[] data = stripes(2);
        open.channel(1).write(0, data);
        disks.get(1).inject(SimFault.next(1, IoType.READ, MEDIUM));
        assertThat(open.channel(1).read(0, 8)).isEqualTo(Arrays.copyOf(data, 8 * 512));
        assertThat(array.events).containsExactly("read error 1 0+4 recovered");
    }

    /** Puts what the array has to a new disk in slot 0, as a rebuild does. */
    private void fillTarget(byte[] data) {
        disks.add(core.disk("d9", 512, BLOCKS));
        core.awaitOnApp(() -> array.target(0, "d9"));
        open.channel(1).write(0, data);
    }

    /** When the rebuild is over the array survives a loss, also for reads that have begun before; or have asked who was in the slot before. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void aReadThatIsMadeOfOthersAsksAMemberThatHasBeenRebuiltMeanwhile(boolean leaves, boolean hasAskedTheOneBefore) {
        start(Plan.of(RaidLevel.RAID5F), 3);
        byte[] data = stripes(1);
        open.channel(1).write(0, data);
        disks.get(1).hold(IoType.READ);
        TestIo read;
        if (hasAskedTheOneBefore) {
            disks.get(0).hold(IoType.READ);
            read = open.channel(2).start(IoRequest.read(1, 2));
            settledWithout(read);
            core.await(disks.get(0).yank());
            fillTarget(data);
        } else {
            core.awaitOnApp(() -> array.leave(0));
            fillTarget(data);
            read = open.channel(2).start(IoRequest.read(1, 2));
        }
        settledWithout(read);
        assertThat(disks.get(1).held()).as("reads of others").isOne();
        core.awaitOnApp(() -> array.trust(0));
        if (leaves) {
            core.await(disks.get(1).yank());
        } else {
            disks.get(1).inject(SimFault.next(1, IoType.READ, MEDIUM));
            disks.get(1).release();
        }
        assertThat(end(read)).isEqualTo(IoStatus.SUCCESS);
        assertThat(read.data()).isEqualTo(Arrays.copyOfRange(data, 512, 3 * 512));
        assertThat(open.channel(2).read(0, 8)).isEqualTo(data);
    }

    @Test
    void aReadThatWaitsForAWriteAsksAMemberThatHasBeenRebuiltMeanwhile() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        byte[] data = stripes(1);
        core.awaitOnApp(() -> array.leave(0));
        fillTarget(data);
        disks.get(1).hold(IoType.WRITE);
        TestIo write = open.channel(1).start(IoRequest.write(0, 8, other(data)));
        settledWithout(write);
        TestIo read = open.channel(2).start(IoRequest.read(1, 2));
        settledWithout(read);
        core.awaitOnApp(() -> array.trust(0));
        core.await(disks.get(1).yank());
        assertThat(end(write)).isEqualTo(IoStatus.SUCCESS);
        assertThat(end(read)).isEqualTo(IoStatus.SUCCESS);
        assertThat(read.data()).isEqualTo(Arrays.copyOfRange(other(data), 512, 3 * 512));
    }

    @Test
    void aReadDoesNotAskARebuiltMemberForWhatHasBeenLostMeanwhile() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        byte[] data = stripes(1);
        core.awaitOnApp(() -> array.leave(0));
        fillTarget(data);
        disks.get(1).hold(IoType.READ);
        TestIo read = open.channel(2).start(IoRequest.read(1, 2));
        settledWithout(read);
        core.awaitOnApp(() -> array.channels.lost(LostRows.NONE.plus(0, RowRanges.NONE.plus(0, 4))));
        core.awaitOnApp(() -> array.trust(0));
        core.await(disks.get(1).yank());
        assertThat(end(read)).isEqualTo(IoStatus.errno(Errno.EIO));
    }

    @Test
    void onlyAStripThatIsNowhereElseGoesToTheJournal() {
        start(Plan.of(RaidLevel.RAID5F).withJournal(), 3);
        open.channel(1).write(0, stripes(3));
        assertThat(array.journaled).hasValue(0);
        core.awaitOnApp(() -> array.leave(0));
        // parity of stripes 0, 1 and 2 is on slots 2, 1 and 0
        open.channel(1).write(0, stripes(3));
        assertThat(array.journaled).hasValue(2);
        open.channel(1).writeZeroes(0, 24);
        assertThat(array.journaled).hasValue(4);
        assertThat(array.journalOut).hasValue(0);
        assertThat(open.channel(1).read(0, 24)).containsOnly(0);
    }

    @Test
    void twoMembersThatMissAStripeFailIt() {
        start(Plan.of(RaidLevel.RAID5F), 3);
        failWrites(0);
        failWrites(1);
        assertThat(end(write(0, 8))).isEqualTo(MEDIUM);
        assertThat(array.events).containsExactly("suspect 0+4");
    }
}
