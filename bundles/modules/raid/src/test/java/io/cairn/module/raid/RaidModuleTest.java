package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RaidModuleTest extends RaidOnDisks {
    private static final Map<String, Object> SLOWLY =
            Map.of("process_window_size_kb", 256L, "process_max_bandwidth_mb_sec", 1L);

    RaidModuleTest() {
        super(7, 3);
    }

    @ParameterizedTest
    @CsvSource({
        "raid0, 4, 4, false", "raid0, 4, 4, true", "concat, 4, 3, false", "concat, 4, 3, true",
        "raid1, 0, 2, false", "raid1, 0, 3, true", "raid5f, 4, 3, false", "raid5f, 4, 4, true"
    })
    void eachLevelServesIo(String level, long strip, int members, boolean superblock) {
        create(level, strip, superblock, members);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("raid_level", level);
        int unit = level.equals("raid5f") ? 8 * (members - 1) : 8;
        byte[] data = new byte[unit * BLOCK];
        Arrays.fill(data, (byte) 3);
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(1).write(0, data);
            open.channel(2).write(unit * 5L, data);
            assertThat(open.channel(2).read(0, unit)).isEqualTo(data);
            assertThat(open.channel(0).read(unit * 5L, unit)).isEqualTo(data);
        }
        core.call("bdev_raid_delete", Map.of("name", "R"));
        assertThat(core.find("R")).isEmpty();
        disks.forEach(disk -> assertThat(disk.bdev().claims()).isEmpty());
    }

    private void write(long block, byte[] data) {
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(1).write(block, data);
            open.channel(1).flush();
        }
    }

    private byte[] read(long block, int blocks) {
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            return open.channel(2).read(block, blocks);
        }
    }

    @Test
    void anArrayDescribesItselfInSpdksOrderAndThenInOurs() {
        create("raid1", 0, true, 2);

        Map<String, Object> info = info("R");
        assertThat(info.keySet())
                .containsExactly(
                        "name",
                        "uuid",
                        "strip_size_kb",
                        "state",
                        "raid_level",
                        "superblock",
                        "num_base_bdevs",
                        "num_base_bdevs_discovered",
                        "num_base_bdevs_operational",
                        "base_bdevs_list",
                        "health",
                        "unsynced_rows");
        assertThat(bases().get(1).keySet())
                .startsWith("name", "uuid", "is_configured", "data_offset", "data_size")
                .contains("role", "read_errors", "write_errors", "repaired");
        assertThat(bases().get(1))
                .containsEntry("name", "B1")
                .containsEntry("data_offset", 2048L)
                .containsEntry("data_size", BLOCKS - 2048)
                .containsEntry("role", "in_sync");
        assertThat(core.bdev("R").productName()).isEqualTo("Raid Volume");
        assertThat(core.onApp(() -> module.configuration()))
                .as("found on its members, not saved, but for whose the name is")
                .extracting(ConfigEntry::method)
                .containsExactly("bdev_raid_reserve_name");
    }

    @Test
    void saysOnHowManyRowsMembersMayDiffer() {
        create("raid1", 0, true, 2);
        core.call("bdev_raid_pause_process", Map.of("name", "R"));
        assertThat(info("R")).containsEntry("health", "optimal").containsEntry("unsynced_rows", 0L);
        SimFault inData = new SimFault(Set.of(IoType.WRITE), 2048, BLOCKS - 2048, 100, IoStatus.FAILED);
        disks.get(0).inject(inData);
        disks.get(1).inject(inData);
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            long last = open.bdev().numBlocks() - 8;
            assertThat(open.channel(0)
                            .run(IoRequest.write(last, 8, pattern(1, 8)))
                            .status())
                    .isEqualTo(IoStatus.FAILED);
        }

        core.settle();
        assertThat(info("R")).containsEntry("health", "resyncing");
        disks.forEach(SimDisk::clearFaults);
        assertThat((Long) info("R").get("unsynced_rows")).isBetween(8L, BLOCKS - 2048 - 1);

        core.call("bdev_raid_resume_process", Map.of("name", "R"));
        core.settle();
        assertThat(info("R")).containsEntry("health", "optimal").containsEntry("unsynced_rows", 0L);
    }

    @Test
    void superblocksAreOnAllMembersBeforeTheBdevIsThere() {
        create("raid1", 0, true, 3);
        for (int i = 0; i < 3; i++) {
            SuperblockRead read = SuperblockCodec.decode(media.get(i).read(0, 8), BLOCK);
            assertThat(read).isInstanceOf(SuperblockRead.Found.class);
            assertThat(((SuperblockRead.Found) read).superblock().sequence()).isEqualTo(1);
            assertThat(((SuperblockRead.Found) read).superblock().count(MemberState.CONFIGURED))
                    .isEqualTo(3);
        }
        assertThat(media.get(0).dirtyBlocks()).as("not durable").isZero();
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0, 3", "raid5f, 4, 3"})
    void aMemberThatFailsIsLeftBehindAndComesBackByRebuild(String level, long strip, int members) {
        create(level, strip, true, members);
        int unit = level.equals("raid5f") ? 8 * (members - 1) : 8;
        write(0, pattern(1, unit));
        disks.get(1).inject(SimFault.next(1, IoType.WRITE, IoStatus.nvme(2, 0x80)));

        write(unit, pattern(2, unit));

        assertThat(info("R"))
                .containsEntry("health", "degraded")
                .containsEntry("num_base_bdevs_operational", members - 1L);
        assertThat(bases().get(1)).containsEntry("role", "failed").containsEntry("write_errors", 1L);
        assertThat(disks.get(1).bdev().claims())
                .as("claims of the member that failed")
                .isEmpty();
        assertThat(read(0, unit)).isEqualTo(pattern(1, unit));
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B1"));
        untilHealth("optimal");
        core.await(disks.get(0).remove());
        core.settle();
        assertThat(read(0, unit)).isEqualTo(pattern(1, unit));
        assertThat(read(unit, unit)).isEqualTo(pattern(2, unit));
    }

    @Test
    void aMemberThatIsPulledOutComesBackBySuperblock() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        pull(1);
        assertThat(info("R")).containsEntry("health", "degraded");
        write(8, pattern(2, 8));

        comeBack(1);
        untilHealth("optimal");

        core.await(disks.get(0).remove());
        core.settle();
        assertThat(read(0, 8)).isEqualTo(pattern(1, 8));
        assertThat(read(8, 8)).isEqualTo(pattern(2, 8));
    }

    /** Reads of a disk that is pulled end with errors; they say nothing of the disk, which is not failed for them when it is back. */
    @ParameterizedTest
    @CsvSource({"raid1, 0, 2, false", "raid1, 0, 2, true", "raid5f, 4, 3, true"})
    void readsThatEndBecauseTheMemberLeavesAreNoReadErrors(String level, long strip, int members, boolean superblock) {
        core.call("bdev_raid_set_options", Map.of("max_read_errors", 1L));
        create(level, strip, superblock, members);
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            List<TestIo> reads = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                reads.add(open.channel(i % 3).start(IoRequest.read(i * 8L, 8)));
            }
            pull(1);
            reads.forEach(read -> assertThat(core.await(read.done()).status()).isEqualTo(IoStatus.SUCCESS));
        }
        core.settle();
        assertThat(bases().get(1)).containsEntry("read_errors", 0L).containsEntry("role", "missing");

        comeBack(1);
        untilHealth("optimal");
        assertThat(bases().get(1)).containsEntry("read_errors", 0L).containsEntry("write_errors", 0L);
    }

    /** What is counted is of the member that is here, since it came. */
    @Test
    void errorsAreCountedAnewWhenAMemberComesBack() {
        create("raid1", 0, true, 2);
        disks.get(1).inject(SimFault.next(1, IoType.WRITE, IoStatus.nvme(2, 0x80)));
        write(0, pattern(1, 8));
        assertThat(bases().get(1)).containsEntry("write_errors", 1L);

        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B1"));
        untilHealth("optimal");

        assertThat(bases().get(1)).containsEntry("write_errors", 0L);
    }

    @Test
    void theStaleMemberIsNotBelievedAfterARestart() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        pull(1);
        write(0, pattern(2, 8));
        core.remove(module);
        core.await(disks.get(0).remove());
        module = new RaidModule();
        core.add(module);

        comeBack(1);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        comeBack(0);
        untilHealth("optimal");

        assertThat(read(0, 8)).isEqualTo(pattern(2, 8));
        core.await(disks.get(0).remove());
        core.settle();
        assertThat(read(0, 8)).as("from the member that was stale").isEqualTo(pattern(2, 8));
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aLegThatWasInUseAloneIsNotOverwritten(boolean together) {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        disks.get(0).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
        write(0, pattern(2, 8));
        core.remove(module);
        core.await(disks.get(0).remove());
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        comeBack(0);
        untilHealth("degraded");
        if (together) {
            core.remove(module);
            core.await(disks.get(0).remove());
            comeBack(0);
            comeBack(1);
            module = new RaidModule();
            core.add(module);
        } else {
            comeBack(1);
        }
        for (int i = 0; i < 20; i++) {
            core.step(100);
            core.settle();
        }

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(media.get(0).read(2048, 8)).isEqualTo(pattern(1, 8));
        assertThat(media.get(1).read(2048, 8))
                .as("what was acknowledged, and is on B1 only")
                .isEqualTo(pattern(2, 8));
        int out = disks.get(0).bdev().claims().isEmpty() ? 0 : 1;
        Map<String, Object> again = Map.of("raid_bdev", "R", "base_bdev", "B" + out);
        assertThatThrownBy(() -> core.call("bdev_raid_add_base_bdev", again)).hasMessageContaining("in use without");
        media.get(out).write(0, new byte[BLOCK]);
        core.call("bdev_raid_add_base_bdev", again);
        untilHealth("optimal");
    }

    @Test
    void startsWithoutAMemberWhenThePolicySaysSo() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        assertThat(info("R")).as("waits for ever by default").containsEntry("state", "configuring");
        restart();
        core.call("bdev_raid_set_policy", Map.of("name", "R", "start_degraded_timeout_sec", 5L));
        core.await(disks.get(0).remove());
        comeBack(0);
        core.until(
                "the start", () -> core.core().find("R").toCompletableFuture().isDone());
        CompletableFuture<Void> later = new CompletableFuture<>();
        core.onApp(() -> core.reactor(0).after(6_000_000_000L, () -> later.complete(null)));
        core.await(later);
        core.settle();

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(read(0, 8)).isEqualTo(pattern(1, 8));
        assertThat(core.onApp(() -> module.configuration()))
                .extracting(ConfigEntry::method)
                .containsExactly("bdev_raid_set_policy", "bdev_raid_reserve_name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bdev_raid_set_policy", "bdev_raid_set_options"})
    void anArrayThatWaitsAlreadyStartsWhenItsPolicySaysSo(String method) {
        create("raid1", 0, true, 2);
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        setStartTimeOut(method, 100);
        pass(50);
        assertThat(info("R")).containsEntry("state", "configuring");

        setStartTimeOut(method, 5);
        pass(4);
        // the same once more changes nothing
        setStartTimeOut(method, 5);
        pass(2);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bdev_raid_set_policy", "bdev_raid_set_options"})
    void anArrayWaitsForEverWhenItsPolicyDoesNotSaySoAnyMore(String method) {
        create("raid1", 0, true, 2);
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        setStartTimeOut(method, 5);

        setStartTimeOut(method, 0);
        pass(60);

        assertThat(info("R")).containsEntry("state", "configuring");
    }

    private void setStartTimeOut(String method, long seconds) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("start_degraded_timeout_sec", seconds);
        if (method.equals("bdev_raid_set_policy")) {
            params.put("name", "R");
        }
        core.call(method, params);
    }

    private TestDescriptor filled() {
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        for (int i = 0; i < 6144; i += 64) {
            open.channel(0).write(i, pattern(i, 64));
        }
        open.channel(0).flush();
        return open;
    }

    /** Reads everywhere on a mirror, and expects to be given what was written. */
    private void readAll(TestDescriptor open) {
        List<TestIo> out = new ArrayList<>();
        for (int block = 0; block < 6144; block += 4) {
            out.add(open.channel(block / 4 % 2).start(IoRequest.read(block, 4)));
            if (out.size() % 16 == 0) {
                core.step(10);
            }
        }
        core.until("the end of all reads", () -> out.stream().allMatch(TestIo::isDone));
        assertThat(out).allMatch(io -> io.status().isSuccess());
        core.settle();
    }

    private long readErrors(int slot) {
        return ((Number) bases().get(slot).get("read_errors")).longValue();
    }

    /** A bdev that is added is slow to take its superblock: what is reported meanwhile is dealt with once, and what comes then. */
    @Test
    void aLegThatCannotBeReadIsFailedOnceBehindWhatTakesItsTime() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        TestDescriptor open = filled();
        disks.get(1).inject(always(IoType.READ, 2048, 6144));
        pull(2);
        disks.get(3).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() < 2048);
        CompletionStage<Object> added =
                core.start("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
        readAll(open);
        assertThat(readErrors(1)).isGreaterThan(100);
        disks.get(3).release();
        core.await(added);
        untilHealth("degraded");
        assertThat(bases().get(1)).containsEntry("role", "failed");
        assertThat(bases().get(2)).containsEntry("name", "B3").containsEntry("role", "in_sync");
    }

    /** The array cannot go on without it, since nobody takes the record: that is tried once, and again when a record has been written. */
    @Test
    void aLegThatCannotBeReadIsFailedWhenRecordsAreTakenAgain() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        TestDescriptor open = filled();
        disks.get(1).inject(always(IoType.READ, 2048, 6144));
        for (int i = 0; i < 3; i++) {
            disks.get(i).inject(always(IoType.WRITE, 0, 8));
        }
        long before = disks.get(0).given(IoType.WRITE);
        readAll(open);
        assertThat(readErrors(1)).isGreaterThan(100);
        assertThat(bases().get(1)).containsEntry("role", "in_sync");
        assertThat(disks.get(0).given(IoType.WRITE) - before)
                .as("writes to a leg that is well: extension and superblock, of the loss and of what overrules it")
                .isLessThanOrEqualTo(4);

        disks.forEach(SimDisk::clearFaults);
        disks.get(1).inject(always(IoType.READ, 2048, 6144));
        pull(2);
        readAll(open);
        assertThat(bases().get(1)).containsEntry("role", "failed");
    }

    @Test
    void aMemberIsNotTakenWithoutARecordOfIt() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = filled();
        pull(1);
        disks.get(0).inject(always(IoType.WRITE, 0, 8));
        assertThatThrownBy(() -> core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3")))
                .hasMessageContainingAll("B3", "record");
        core.settle();
        assertThat(info("R")).containsEntry("health", "degraded").doesNotContainKey("process");
        assertThat(disks.get(3).bdev().claims()).isEmpty();
        assertThat(SuperblockCodec.decode(media.get(3).read(0, 8), BLOCK))
                .as("it was refused")
                .isInstanceOf(SuperblockRead.NoSuperblock.class);

        disks.get(0).clearFaults();
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
        untilHealth("optimal");
        pull(0);
        readAll(open);
    }

    /** Two legs come at once, and another one does not take the record of the first: it is let go of, and does not come in again with the second. */
    @Test
    void aMemberThatIsAboutToBeLetGoOfIsNotTakenAgain() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1", "B2", "B3"));
        TestDescriptor open = filled();
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B2"));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B3"));
        // no layout comes after that of the additions
        core.call("bdev_raid_pause_process", Map.of("name", "R"));
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), 0, 8, 1, IoStatus.FAILED));
        List<CompletionStage<Object>> additions = Stream.of("B2", "B3")
                .map(base -> core.start("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", base)))
                .toList();
        core.until("both", () -> additions.stream()
                .allMatch(added -> added.toCompletableFuture().isDone()));
        for (CompletionStage<Object> added : additions) {
            assertThat(core.await(added)).isEqualTo(true);
        }
        core.settle();

        assertThat(bases())
                .extracting(base -> base.get("role"))
                .containsExactly("in_sync", "failed", "rebuilding", "rebuilding");
        assertThat(disks.get(1).bdev().claims()).isEmpty();
        List<TestIo> writes = IntStream.range(0, 8)
                .mapToObj(i -> open.channel(i % 2).start(IoRequest.write(i * 8L, 8, pattern(9 + i, 8))))
                .toList();
        core.until("their end", () -> writes.stream().allMatch(TestIo::isDone));
        assertThat(writes).allMatch(write -> write.status().isSuccess());

        core.call("bdev_raid_resume_process", Map.of("name", "R"));
        untilHealth("degraded");
        pull(0);
        assertThat(open.channel(0).read(0, 8)).isEqualTo(pattern(9, 8));
    }

    /** It would not be believed after a restart: no read is served by it, and nothing is acknowledged that it alone has. */
    @Test
    void aMemberThatHasEverythingIsInOnlyWhenARecordSaysSo() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B0", "B1"));
        TestDescriptor open = filled();
        core.call("bdev_raid_set_options", SLOWLY);
        pull(1);
        open.channel(0).write(0, pattern(9, 64));
        comeBack(1);
        untilHealth("rebuilding");
        for (int i = 0; i < 2; i++) {
            disks.get(i).inject(always(IoType.WRITE, 0, 8));
        }
        for (int i = 0; i < 400 && info("R").containsKey("process"); i++) {
            core.step(100);
            core.settle();
        }
        assertThat(bases().get(1)).containsEntry("role", "rebuilding").containsEntry("is_configured", false);

        disks.forEach(SimDisk::clearFaults);
        pull(1);
        comeBack(1);
        untilHealth("optimal");
        pull(0);
        assertThat(open.channel(0).read(0, 64)).isEqualTo(pattern(9, 64));
        assertThat(open.channel(0).read(64, 64)).isEqualTo(pattern(64, 64));
    }

    @Test
    void aSpareTakesThePlaceOfAMemberThatFails() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        core.call("bdev_raid_add_spare", Map.of("base_bdev", "B2"));
        assertThat(core.call("bdev_raid_get_spares", null))
                .asString()
                .contains("B2")
                .contains("true");
        assertThat(disks.get(2).bdev().claims()).hasSize(1);
        disks.get(1).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));

        write(8, pattern(2, 8));
        untilHealth("optimal");

        assertThat(bases().get(1)).containsEntry("name", "B2");
        core.await(disks.get(0).remove());
        core.settle();
        assertThat(read(0, 8)).isEqualTo(pattern(1, 8));
        assertThat(read(8, 8)).isEqualTo(pattern(2, 8));
    }

    /** The target is found again, whoever comes first, and is not given again what it was given before; however often the server ends. */
    @ParameterizedTest
    @CsvSource({"false, 1", "true, 1", "false, 2", "true, 2"})
    void aRebuildGoesOnWhereItWasAfterARestart(boolean targetComesFirst, int restarts) {
        int rows = interruptedRebuild();
        byte[] mark = pattern(2, 1);
        media.get(2).write(2048, mark);
        media.get(2).flush();
        for (int restart = 1; restart < restarts; restart++) {
            // the server ends again before the rebuild could go on
            comeBack(0);
            core.settle();
            assertThat(info("R")).containsEntry("health", "degraded");
            core.await(disks.get(0).yank());
            restart();
        }
        for (int i : targetComesFirst ? new int[] {2, 0} : new int[] {0, 2}) {
            comeBack(i);
            core.settle();
        }
        untilHealth("optimal");

        assertThat(bases().get(1)).containsEntry("name", "B2").containsEntry("role", "in_sync");
        assertThat(media.get(2).read(2049, rows - 1)).isEqualTo(media.get(0).read(2049, rows - 1));
        assertThat(media.get(2).read(2048)).as("rebuilt before the restart").isEqualTo(mark);
    }

    /** A disk that is another one under the same UUID is given everything. */
    @Test
    void aTargetThatWasExchangedIsRebuiltFromTheBeginning() {
        int rows = interruptedRebuild();
        media.set(2, new SimMedium(BLOCK));
        for (int i : new int[] {0, 2}) {
            comeBack(i);
            core.settle();
        }
        assertThat(info("R")).containsEntry("health", "degraded");
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B2"));
        untilHealth("optimal");

        assertThat(media.get(2).read(2048, rows)).isEqualTo(media.get(0).read(2048, rows));
    }

    /** Ends the module when half of B2 has been rebuilt, and takes the disks away; returns how many rows the array has. */
    private int interruptedRebuild() {
        int rows = (int) BLOCKS - 2048;
        byte[] content = pattern(1, rows);
        media.get(0).write(2048, content);
        media.get(1).write(2048, content);
        create("raid1", 0, true, 2);
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        core.call("bdev_raid_set_options", SLOWLY);
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B2"));
        core.until("half a rebuild", () -> media.get(2).read(2048 + rows / 2)[0] == content[rows / 2 * BLOCK]);
        core.remove(module);
        core.await(disks.get(0).remove());
        core.await(disks.get(2).remove());
        module = new RaidModule();
        core.add(module);
        return rows;
    }

    @Test
    void aScrubFindsAFlippedByteAndRepairsIt() {
        create("raid1", 0, true, 3);
        write(0, pattern(1, 64));
        byte[] flipped = media.get(2).read(2048 + 5);
        flipped[7] ^= 1;
        media.get(2).write(2048 + 5, flipped);

        core.call("bdev_raid_start_scrub", Map.of("name", "R", "repair", true));
        core.settle();

        assertThat(info("R").get("last_scrub"))
                .asString()
                .contains("mismatches=1")
                .contains("repaired=true");
        assertThat(media.get(2).read(2048, 64)).isEqualTo(pattern(1, 64));
    }

    @Test
    void goesOfflineWithTooFewMembersAndComesBackWithThem() {
        create("raid0", 4, false, 3);
        write(0, pattern(1, 64));
        core.await(disks.get(1).remove());
        core.settle();
        assertThat(core.find("R")).isEmpty();
        assertThat(info("R")).containsEntry("state", "offline").containsEntry("num_base_bdevs_discovered", 2L);

        comeBack(1);
        core.settle();

        assertThat(read(0, 64)).isEqualTo(pattern(1, 64));
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0", "raid5f, 4"})
    void growthEndsWhereTheLastRegionIsNotAWholeOne(String level, long strip) {
        create(level, strip, true, 3);
        for (int i = 0; i < 3; i++) {
            core.await(disks.get(i).resize(BLOCKS + 1016));
        }
        untilHealth("optimal");

        core.settle();

        assertThat(info("R")).doesNotContainKey("process");
    }

    /** As one that was found is, and as in SPDK: its members say what it is. */
    @Test
    void isForgottenWithItsLastMemberAndFoundAgain() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 64));
        pull(0);
        pull(1);
        assertThat(listed()).isEmpty();

        comeBack(1);
        core.settle();
        assertThat(info("R")).as("B0 may have missed something, B1 did not").containsEntry("state", "online");
        comeBack(0);
        untilHealth("optimal");
        assertThat(read(0, 64)).isEqualTo(pattern(1, 64));
    }

    @Test
    void waitsForMembersThatSayNothingOfIt() {
        create("raid1", 0, false, 2);
        pull(0);
        pull(1);
        assertThat(info("R")).containsEntry("state", "offline");
        assertThat(core.onApp(() -> module.configuration()))
                .extracting(ConfigEntry::method)
                .containsExactly("bdev_raid_create");
    }

    /** Nothing is told of a bdev that is not ready; a process may begin before that. */
    @Test
    void tellsOfAProcessThatBeganBeforeItsBdevWasReady() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 64));
        disks.forEach(disk -> core.await(disk.cutPower()));
        core.remove(module);
        disks.forEach(disk -> core.await(disk.remove()));
        List<String> told = new ArrayList<>();
        core.await(core.core()
                .watchNotifications(each -> told.add(each.name() + " " + each.type() + " " + each.detail())));
        module = new RaidModule();
        core.add(module);
        comeBack(0);
        comeBack(1);
        untilHealth("optimal");

        assertThat(told)
                .containsSubsequence(
                        "R BDEV_REGISTER ", "R BDEV_PROCESS_BEGIN resync", "R BDEV_PROCESS_END resync: done");
    }

    /** Not before the last of them: of concat only that one may grow, or the blocks behind the others would be elsewhere. */
    @ParameterizedTest
    @CsvSource({"raid0, 4", "raid5f, 4", "concat, 4"})
    void growsInUseAndKeepsWhatItHas(String level, long strip) {
        create(level, strip, true, 3);
        long before = core.bdev("R").numBlocks();
        int unit = level.equals("raid5f") ? 16 : 8;
        write(0, pattern(1, unit));
        write(before - unit, pattern(2, unit));
        for (int i = 0; i < 3; i++) {
            assertThat(core.bdev("R").numBlocks()).isEqualTo(before);
            core.await(disks.get(i).resize(2 * BLOCKS));
            core.settle();
        }
        long more = BLOCKS * (level.equals("raid0") ? 3 : level.equals("raid5f") ? 2 : 1);
        assertThat(core.bdev("R").numBlocks()).isEqualTo(before + more);
        write(before, pattern(3, unit));
        write(before + more - unit, pattern(4, unit));
        for (boolean again : List.of(false, true)) {
            if (again) {
                restart();
                core.settle();
            }
            assertThat(read(0, unit)).isEqualTo(pattern(1, unit));
            assertThat(read(before - unit, unit)).isEqualTo(pattern(2, unit));
            assertThat(read(before, unit)).isEqualTo(pattern(3, unit));
            assertThat(read(before + more - unit, unit)).isEqualTo(pattern(4, unit));
        }
    }

    @Test
    void growsWhenAllMembersHaveGrown() {
        create("raid1", 0, true, 2);
        long before = core.bdev("R").numBlocks();
        core.await(disks.get(0).resize(2 * BLOCKS));
        core.settle();
        assertThat(core.bdev("R").numBlocks()).isEqualTo(before);
        core.await(disks.get(1).resize(2 * BLOCKS));
        core.settle();
        assertThat(core.bdev("R").numBlocks()).isEqualTo(before + BLOCKS);
        write(before + BLOCKS - 8, pattern(3, 8));
        restart();
        core.settle();
        assertThat(core.bdev("R").numBlocks()).isEqualTo(before + BLOCKS);
        assertThat(read(before + BLOCKS - 8, 8)).isEqualTo(pattern(3, 8));
    }

    @ParameterizedTest
    @CsvSource({"1, true", "2, true", "2, false"})
    void aMirrorIsGivenOneLegMore(int legs, boolean superblock) {
        create("raid1", 0, superblock, legs);
        write(0, pattern(1, 64));

        assertThat(core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B3")))
                .isEqualTo(true);
        write(64, pattern(2, 64));
        untilHealth("optimal");

        assertThat(info("R"))
                .containsEntry("num_base_bdevs", legs + 1L)
                .containsEntry("num_base_bdevs_operational", legs + 1L);
        assertThat(bases().get(legs)).containsEntry("name", "B3").containsEntry("role", "in_sync");
        if (superblock) {
            restart();
            core.settle();
            assertThat(info("R")).containsEntry("num_base_bdevs", legs + 1L).containsEntry("health", "optimal");
        }
        for (int i = 0; i < legs; i++) {
            core.await(disks.get(i).remove());
        }
        core.settle();
        assertThat(read(0, 64)).as("from the new leg alone").isEqualTo(pattern(1, 64));
        assertThat(read(64, 64)).as("from the new leg alone").isEqualTo(pattern(2, 64));
    }

    @Test
    void aLegThatIsRefusedLeavesTheMirrorAsItWas() {
        create("raid1", 0, true, 2);
        core.disk(SimSettings.of("Small", BLOCK, BLOCKS - 8), new SimMedium(BLOCK));
        core.disk(SimSettings.of("Other", 4096, BLOCKS), new SimMedium(4096));
        core.call(
                "bdev_raid_create",
                Map.of("name", "X", "raid_level", "raid1", "superblock", true, "base_bdevs", List.of("B3")));
        core.call("bdev_raid_delete", Map.of("name", "X"));
        Map<String, Object> before = info("R");
        for (Map.Entry<String, String> refused : Map.of(
                        "Small", "too small",
                        "Other", "blocks of 4096 bytes",
                        "B3", "superblock of raid bdev 'X'",
                        "B1", "B1",
                        "nobody", "no bdev is called nobody")
                .entrySet()) {
            assertThatThrownBy(() -> core.call(
                            "bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", refused.getKey())))
                    .hasMessageContaining(refused.getValue());
        }

        assertThat(info("R")).isEqualTo(before);
        core.call(
                "bdev_raid_create",
                Map.of("name", "S", "raid_level", "concat", "strip_size_kb", 4L, "base_bdevs", List.of("B2")));
        assertThatThrownBy(() -> core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", "S", "base_name", "B3")))
                .hasMessageContaining("only raid1");
    }

    @Test
    void clearingWipesWhatWouldBeFoundAgain() {
        create("raid1", 0, true, 2);
        core.call("bdev_raid_delete", Map.of("name", "R", "clear_sb", true));
        restart();
        core.settle();
        assertThat(listed()).isEmpty();
        assertThat(SuperblockCodec.decode(media.get(0).read(0, 8), BLOCK))
                .isInstanceOf(SuperblockRead.NoSuperblock.class);
    }

    @Test
    void deletedWithoutClearingItIsFoundAgain() {
        create("raid1", 0, true, 2);
        core.call("bdev_raid_delete", Map.of("name", "R"));
        restart();
        core.settle();
        assertThat(info("R")).containsEntry("state", "online");
    }

    @Test
    void aTornStripeOfADegradedArrayIsMadeWholeAtTheNextStart() {
        create("raid5f", 4, true, 3);
        write(0, pattern(1, 16));
        core.await(disks.get(1).remove());
        core.settle();
        long firstData = (Long) bases().get(2).get("data_offset");
        // stripe 0 has its parity in slot 2; the strip of slot 1 is nowhere but in it
        disks.get(2).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= firstData);
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(1).start(IoRequest.write(0, 16, pattern(2, 16)));
        core.until("the parity to be all that is missing", () -> disks.get(2).held() == 1);
        core.settle();
        byte[][] atTheCut = {media.get(0).read(0, (int) BLOCKS), media.get(2).read(0, (int) BLOCKS)};
        disks.get(2).release();
        open.close();

        try (TestCore next = TestCore.simulated(8, 2)) {
            next.add(new RaidModule());
            for (int i = 0; i < 2; i++) {
                SimMedium medium = new SimMedium(BLOCK);
                medium.write(0, atTheCut[i]);
                next.disk(SimSettings.of("C" + i, BLOCK, BLOCKS).withUuid(new UUID(1, 2L * i)), medium);
            }
            next.settle();
            try (TestDescriptor again = next.open("R", OpenMode.READ)) {
                assertThat(again.channel().read(0, 16)).isEqualTo(pattern(2, 16));
            }
        }
    }

    // ---- what is refused ----

    private void assertRefused(Map<String, Object> params, int code, String... parts) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of("name", "X", "raid_level", "raid1", "strip_size_kb", 0L));
        all.putAll(params);
        assertThatThrownBy(() -> core.call("bdev_raid_create", all))
                .isInstanceOfSatisfying(
                        OperationException.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
                .hasMessageContainingAll(parts);
        core.settle();
        assertThat(core.find("X")).isEmpty();
        assertThat(listed()).extracting(each -> each.get("name")).doesNotContain("X");
    }

    @Test
    void refusesWhatMakesNoArray() {
        List<String> two = List.of("B0", "B1");
        assertRefused(Map.of("base_bdevs", List.of("B0", "B0")), -1, "Failed to create RAID bdev X", "B0", "twice");
        assertRefused(Map.of("base_bdevs", List.of("B0", "")), -22, "The base bdev name cannot be empty");
        assertRefused(
                Map.of("base_bdevs", List.of("B0", "é".repeat(128))),
                -22,
                "base bdev 1 has 256 bytes; 255 are the most");
        assertRefused(Map.of("base_bdevs", two, "strip_size_kb", 4L), -22, "strip_size_kb 4");
        assertRefused(Map.of("base_bdevs", two, "raid_level", "raid0", "strip_size_kb", 3L), -22, "power of two");
        assertRefused(Map.of("base_bdevs", two, "raid_level", "raid5f", "strip_size_kb", 4L), -22, "at least 3");
        assertRefused(Map.of("base_bdevs", two, "name", "X".repeat(64)), -22, "64 bytes");
        assertRefused(Map.of("base_bdevs", two, "raid_level", "raid6"), -32700, "raid6");
        for (boolean superblock : new boolean[] {false, true}) {
            assertRefused(
                    Map.of("base_bdevs", two, "uuid", new UUID(0, 0).toString(), "superblock", superblock),
                    -22,
                    "Failed to create RAID bdev X",
                    "UUID is nil");
        }
        core.disk("small", BLOCK, 2048);
        assertRefused(Map.of("base_bdevs", List.of("B0", "small"), "superblock", true), -22, "small", "2048");
        core.disk("other", 4096, 4096);
        assertRefused(Map.of("base_bdevs", List.of("B0", "other")), -22, "other", "4096");
        disks.forEach(disk -> {
            assertThat(disk.bdev().claims()).isEmpty();
            assertThat(disk.given(IoType.WRITE) + disk.given(IoType.WRITE_ZEROES))
                    .as("writes to %s, which was refused", disk)
                    .isZero();
        });
    }

    @Test
    void refusesAnotherArraysMemberUnlessForced() {
        create("raid1", 0, true, 2);
        write(0, pattern(1, 8));
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");

        long written = disks.get(0).given(IoType.WRITE);
        assertRefused(Map.of("base_bdevs", List.of("B2", "B0"), "superblock", true), -17, "B0", "'R'", "force");
        assertThat(disks.get(0).given(IoType.WRITE)).isEqualTo(written);

        createOther(true);
        assertThat(info("Y")).containsEntry("state", "online");
    }

    @Test
    void neverWritesOverASuperblockThatItCannotUse() {
        create("raid1", 0, true, 2);
        restartWithDamagedSuperblock(0);
        byte[] block = media.get(0).read(0);
        assertRefused(Map.of("base_bdevs", List.of("B2", "B0"), "superblock", true), -17, "B0", "checksum");
        assertThat(media.get(0).read(0)).isEqualTo(block);
    }

    @Test
    void aCreationThatFailsLeavesNoSuperblock() {
        disks.get(1).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
        assertRefused(Map.of("base_bdevs", List.of("B0", "B1"), "superblock", true), -5, "B1");
        assertThat(SuperblockCodec.decode(media.get(0).read(0, 8), BLOCK))
                .isInstanceOf(SuperblockRead.NoSuperblock.class);
        assertThat(disks.get(0).bdev().claims()).isEmpty();
    }

    @Test
    void aRefusedCreationWritesToNoBase() {
        IoLimits unitsOfThree = new IoLimits(0, 0, 0, false, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        core.disk(SimSettings.of("odd", BLOCK, BLOCKS).withLimits(unitsOfThree), new SimMedium(BLOCK));
        assertRefused(
                Map.of(
                        "raid_level",
                        "raid0",
                        "strip_size_kb",
                        4L,
                        "base_bdevs",
                        List.of("B0", "odd"),
                        "superblock",
                        true),
                -22,
                "odd",
                "units of 3");
        assertThat(disks.get(0).given(IoType.WRITE) + disks.get(0).given(IoType.WRITE_ZEROES))
                .as("writes to B0")
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aCreationByForceThatIsRefusedWipesNothing(boolean superblock) {
        create("raid1", 0, true, List.of("B2"));
        core.call("bdev_raid_delete", Map.of("name", "R"));
        core.disk("other", 4096, 4096);
        core.disk("small", BLOCK, 2048);
        assertRefused(
                Map.of(
                        "base_bdevs",
                        List.of("B2", superblock ? "small" : "other"),
                        "superblock",
                        superblock,
                        "force",
                        true),
                -22,
                superblock ? "too small" : "blocks of 4096");
        assertThat(SuperblockCodec.decode(media.get(2).read(0, 8), BLOCK)).isInstanceOf(SuperblockRead.Found.class);
    }

    @Test
    void anArrayWithoutSuperblockIsNotPutOverAnotherOnesSuperblock() {
        create("raid1", 0, true, List.of("B2"));
        core.call("bdev_raid_delete", Map.of("name", "R"));
        assertRefused(Map.of("base_bdevs", List.of("B2", "B0")), -17, "B2", "'R'", "force");

        create("raid1", 0, false, List.of("B0", "B1"));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        Map<String, Object> b2 = Map.of("raid_bdev", "R", "base_bdev", "B2");
        assertThatThrownBy(() -> core.call("bdev_raid_add_base_bdev", b2)).hasMessageContaining("superblock");
        Map<String, Object> instead = Map.of("raid_name", "R", "base_name", "B0", "new_base_name", "B2");
        assertThatThrownBy(() -> core.call("bdev_raid_replace_base_bdev", instead))
                .hasMessageContaining("superblock");
        assertThat(SuperblockCodec.decode(media.get(2).read(0, 8), BLOCK)).isInstanceOf(SuperblockRead.Found.class);

        core.call(
                "bdev_raid_create",
                Map.of("name", "Y", "raid_level", "raid1", "base_bdevs", List.of("B2"), "force", true));
        assertThat(SuperblockCodec.decode(media.get(2).read(0, 8), BLOCK))
                .isInstanceOf(SuperblockRead.NoSuperblock.class);
    }

    @Test
    void theSuperblockOfAnArrayOnTopIsDataOfTheOneBelow() {
        create("raid1", 0, false, List.of("B0", "B1"));
        core.call(
                "bdev_raid_create",
                Map.of("name", "Top", "raid_level", "raid1", "superblock", true, "base_bdevs", List.of("R")));
        core.call("bdev_raid_delete", Map.of("name", "Top"));
        core.call("bdev_raid_delete", Map.of("name", "R"));
        create("raid1", 0, false, List.of("B0", "B1"));
        assertThat(info("R")).containsEntry("state", "online");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsLeftOfAnArrayThatIsDeletedWhileItStarts(boolean clear) {
        disks.get(0).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0);
        CompletionStage<Object> created = core.start(
                "bdev_raid_create",
                Map.of("name", "R", "raid_level", "raid1", "superblock", true, "base_bdevs", List.of("B0", "B1")));
        core.until("its record", () -> disks.get(0).held() > 0);
        CompletionStage<Object> deleted = core.start("bdev_raid_delete", Map.of("name", "R", "clear_sb", clear));
        core.settle();
        disks.get(0).release();
        core.until(
                "both ends",
                () -> deleted.toCompletableFuture().isDone()
                        && created.toCompletableFuture().isDone());

        assertThat(deleted.toCompletableFuture()).isCompleted();
        assertThat(created.toCompletableFuture()).isCompletedExceptionally();
        assertThat(core.find("R")).isEmpty();
        assertThat(disks.get(0).bdev().claims()).isEmpty();
        create("raid1", 0, true, List.of("B0", "B1"));
        assertThat(info("R")).containsEntry("state", "online");
    }

    @Test
    void answersSpdksCodesForWhatIsNotThere() {
        assertThatThrownBy(() -> core.call("bdev_raid_delete", Map.of("name", "no")))
                .hasMessageStartingWith("raid bdev no not found")
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(-19));
        assertThatThrownBy(() -> core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "no", "base_bdev", "B0")))
                .hasMessageStartingWith("raid bdev no is not found in config");
        assertThatThrownBy(() -> core.call("bdev_raid_remove_base_bdev", Map.of("name", "B0")))
                .hasMessageStartingWith("Failed to remove base bdev from raid bdev");
    }

    @Test
    void anArrayWithSuperblockIsFoundAgain() {
        create("raid1", 0, true, 3);
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(1).write(3, new byte[BLOCK]);
            open.channel(1).flush();
        }
        restart();
        core.settle();
        assertThat(info("R")).containsEntry("state", "online");
    }
}
