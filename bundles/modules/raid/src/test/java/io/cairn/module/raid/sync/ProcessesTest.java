package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.sync.MiniArrays.MiniArray;
import io.cairn.module.raid.sync.MiniArrays.Plan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one process does in one situation each: raid1 of two, 2048 rows of 512 bytes, the first member complete. */
class ProcessesTest {
    private static final long ROWS = 2048;
    private static final IoStatus MEDIUM = IoStatus.nvme(2, 0x80);

    private final TestCore core = TestCore.simulated(7, 2);
    private final MiniArrays module = new MiniArrays();
    private final List<SimDisk> disks = new ArrayList<>();
    private final MiniArrays.Superblocks record = new MiniArrays.Superblocks();
    private final long offset = Plan.of(RaidLevel.RAID1).places(512).dataOffset();
    private MiniArray array;

    @AfterEach
    void close() {
        core.close();
    }

    private void start() {
        start(0);
    }

    private void start(double directAccess) {
        core.add(module);
        for (String name : List.of("d0", "d1")) {
            disks.add(core.disk(
                    SimSettings.of(name, 512, offset + ROWS).withDirectAccess(directAccess), new SimMedium(512)));
        }
        record.failed.add(1);
        array = core.awaitOnApp(
                () -> module.create("array", Plan.of(RaidLevel.RAID1), List.of("d0", "d1"), record, Optional.empty()));
    }

    /** Returns what the members will have been given for rows of the array. */
    private List<IoType> iosOfRows() {
        List<IoType> ios = new ArrayList<>();
        for (SimDisk disk : disks) {
            disk.hold(io -> {
                if (io.type() != IoType.FLUSH && io.offsetBlocks() >= offset) {
                    ios.add(io.type());
                }
                return false;
            });
        }
        return ios;
    }

    private void inApp(Supplier<CompletionStage<Void>> action) {
        core.await(core.on(core.reactor(0), action));
    }

    private void inApp(Runnable action) {
        core.onApp(() -> {
            action.run();
            return null;
        });
    }

    private void rebuild() {
        inApp(() -> array.rejoin(1, "d1", false));
    }

    private Outcome outcome() {
        core.until("the end: " + array.events, () -> array.lastOutcome != null);
        return array.lastOutcome;
    }

    private static byte[] full(int blocks) {
        byte[] content = new byte[blocks * 512];
        Arrays.fill(content, (byte) 7);
        return content;
    }

    /** What a target gets of a leg with some blocks is these, and room for no others. */
    private void rebuildOfLittleData() {
        disks.get(0).medium().write(offset + 300, full(4));
        disks.get(1).medium().write(offset + 900, full(2));
        rebuild();
        assertThat(outcome()).isInstanceOf(Outcome.Done.class);
        SimMedium target = disks.get(1).medium();
        assertThat(target.read(offset + 300, 4)).isEqualTo(full(4));
        assertThat(target.read(offset + 900, 2)).as("what was there before").isEqualTo(new byte[1024]);
        assertThat(target.isHole(offset, 256)).isTrue();
        assertThat(target.isHole(offset + 512, ROWS - 512)).isTrue();
    }

    @Test
    void aThinTargetStaysThin() {
        start();
        rebuildOfLittleData();
    }

    @Test
    void whatMembersHaveInMemoryIsCopiedWithoutIo() {
        start(1);
        List<IoType> ios = iosOfRows();
        disks.get(0).medium().write(offset, full((int) ROWS));
        rebuild();
        assertThat(outcome()).isInstanceOf(Outcome.Done.class);
        assertThat(disks.get(1).medium().read(offset, (int) ROWS)).isEqualTo(full((int) ROWS));
        assertThat(ios).isEmpty();
        assertThat(disks.get(1).medium().dirtyBlocks()).isZero();
        core.assertNoViolations();
    }

    @Test
    void aThinTargetStaysThinInMemory() {
        start(1);
        List<IoType> ios = iosOfRows();
        rebuildOfLittleData();
        assertThat(ios).isNotEmpty().doesNotContain(IoType.WRITE);
        core.assertNoViolations();
    }

    @Test
    void whatNobodyCanGiveIsToldToTheBlock() {
        start();
        disks.get(0).inject(new SimFault(Set.of(IoType.READ), offset + 700, 1, 1000, MEDIUM));
        rebuild();
        assertThat(outcome()).isEqualTo(new Outcome.RowsLost(700, 1, 0, MEDIUM));
        assertThat(array.layout.slots().get(1).role()).isEqualTo(MemberRole.TARGET);
    }

    @Test
    void aTargetThatDoesNotWriteEndsItsRebuild() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), offset + 100, 1, 1000, MEDIUM));
        rebuild();
        assertThat(outcome()).isEqualTo(new Outcome.MemberFailed(1, IoType.WRITE, MEDIUM));
        core.until("the slot to be free", () -> array.layout.slots().get(1).role() == MemberRole.ABSENT);
    }

    @Test
    void whatAResetOfAMemberAbortsIsDoneAgain() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        disks.get(0).inject(new SimFault(Set.of(IoType.READ), offset + 100, 1, 3, IoStatus.ABORTED));
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), offset + 200, 1, 3, IoStatus.ABORTED));
        disks.get(1).inject(SimFault.next(2, IoType.FLUSH, IoStatus.ABORTED));
        rebuild();
        assertThat(outcome()).isInstanceOf(Outcome.Done.class);
        assertThat(disks.get(1).medium().read(offset, (int) ROWS)).isEqualTo(full((int) ROWS));
        assertThat(array.events).noneMatch(event -> event.startsWith("read error"));
    }

    @Test
    void aMemberThatAbortsEverythingEndsTheProcess() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), offset + 200, 1, 1000, IoStatus.ABORTED));
        rebuild();
        assertThat(outcome()).isEqualTo(new Outcome.MemberFailed(1, IoType.WRITE, IoStatus.ABORTED));
    }

    @Test
    void aTargetThatHangsIsLetGo() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= offset);
        rebuild();
        core.until("a write that hangs", () -> disks.get(1).held() > 0);
        core.await(disks.get(1).remove());
        assertThat(outcome()).isInstanceOf(Outcome.MembersMissing.class);
        core.settle();
        assertThat(disks.get(1).destructs()).isEqualTo(1);
        assertThat(disks.get(1).outstanding()).isZero();
        core.assertNoViolations();
    }

    @Test
    void theLimitHolds() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        inApp(() -> array.processes.options(new ProcessOptions(8 << 10, 1 << 20)));
        long before = core.reactor(0).clockNanos();
        rebuild();
        outcome();
        long took = core.reactor(0).clockNanos() - before;
        // 1 MiB at 1 MiB a second; the last range needs not be waited for
        assertThat(took).isBetween(850_000_000L, 1_100_000_000L);
    }

    @Test
    void aStoppedRebuildGoesOnFromItsCursor() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        inApp(() -> array.processes.options(new ProcessOptions(8 << 10, 1 << 20)));
        rebuild();
        core.until(
                "some progress",
                () -> array.processes.progress().filter(p -> p.cursor() > 200).isPresent());
        List<List<Goal>> rest = new ArrayList<>();
        inApp(() -> array.processes.stop(rest::add));
        core.until("the stop", () -> !rest.isEmpty());
        Goal.Rebuild left = (Goal.Rebuild) rest.get(0).get(0);
        assertThat(left.from()).isBetween(200L, ROWS - 1);
        assertThat(array.lastCursor.from()).isEqualTo(left.from());
        // durable: the power may go
        disks.get(1).medium().cut(new java.util.Random(1));
        assertThat(disks.get(1).medium().read(offset, (int) left.from())).isEqualTo(full((int) left.from()));
        assertThat(disks.get(1).medium().isHole(offset + left.from() + 200)).isTrue();
    }

    @Test
    void pausesAndGoesOn() {
        start();
        disks.get(0).medium().write(offset, full((int) ROWS));
        inApp(() -> array.processes.options(new ProcessOptions(8 << 10, 1 << 20)));
        rebuild();
        core.until(
                "some progress",
                () -> array.processes.progress().filter(p -> p.cursor() > 200).isPresent());
        boolean[] paused = {false};
        inApp(() -> array.processes.pause(() -> paused[0] = true));
        core.until("the pause", () -> paused[0]);
        long cursor = array.processes.progress().orElseThrow().cursor();
        assertThat(array.lastCursor.from()).isEqualTo(cursor);
        core.await(core.on(core.reactor(0), () -> {
            java.util.concurrent.CompletableFuture<Void> later = new java.util.concurrent.CompletableFuture<>();
            core.reactor(0).after(Duration.ofSeconds(60).toNanos(), () -> later.complete(null));
            return later;
        }));
        assertThat(array.processes.progress().orElseThrow().cursor()).isEqualTo(cursor);
        inApp(() -> array.processes.resume());
        assertThat(outcome()).isInstanceOf(Outcome.Done.class);
        assertThat(disks.get(1).medium().read(offset, (int) ROWS)).isEqualTo(full((int) ROWS));
    }

    @Test
    void aScrubMakesRoomAndGoesOn() {
        start();
        rebuild();
        outcome();
        core.until("a complete array", () -> array.isComplete());
        core.settle();
        // told apart by their order
        array.events.clear();
        disks.get(1).medium().write(offset + 5, full(1));
        inApp(() -> {
            array.processes.options(new ProcessOptions(8 << 10, 1 << 20));
            array.processes.request(new Goal.Scrub(false, array.intents.suspects(), 0, Findings.NONE));
        });
        core.until(
                "some progress",
                () -> array.processes.progress().filter(p -> p.cursor() > 200).isPresent());
        inApp(() -> array.suspect(1000, 8));
        core.until("the scrub: " + array.events, () -> array.events.stream()
                .anyMatch(event -> event.startsWith("ended scrub Done")));
        assertThat(array.events.stream().filter(e -> e.startsWith("started") || e.contains("Done")))
                .containsExactly(
                        "started scrub",
                        "started resync",
                        "ended resync Done[found=Findings[mismatches=0, repaired=0, unreadable=0]]",
                        "started scrub",
                        "ended scrub Done[found=Findings[mismatches=1, repaired=0, unreadable=0]]");
    }
}
