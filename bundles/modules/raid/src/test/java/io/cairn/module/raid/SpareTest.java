package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No array is left degraded beside a spare that fits, whenever the loss, the spare or the end of what is under way comes. */
class SpareTest extends RaidOnDisks {
    private static final long DELAY_SECONDS = 10;

    SpareTest() {
        super(47, 2);
    }

    private void addSpare(String base) {
        core.call("bdev_raid_add_spare", Map.of("base_bdev", base));
    }

    /** Registers a disk that is not one of those that come back. */
    private void addDisk(String name, long blocks) {
        core.disk(SimSettings.of(name, BLOCK, blocks).withUuid(new UUID(2, name.hashCode())), new SimMedium(BLOCK));
    }

    private void delaySpares() {
        core.call("bdev_raid_set_options", Map.of("spare_delay_sec", DELAY_SECONDS));
    }

    private void untilTheDelayIsOver() {
        pass(DELAY_SECONDS + 1);
    }

    /** Processes are under way from now on, until {@link #fast}. */
    private void slow() {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L, "process_max_bandwidth_mb_sec", 1L));
    }

    private void fast() {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 1024L, "process_max_bandwidth_mb_sec", 0L));
    }

    private void failAtAWrite(TestDescriptor open, int disk) {
        disks.get(disk).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
        open.channel(0).write(0, pattern(disk, 32));
        core.step(300);
    }

    private Object spares() {
        return core.call("bdev_raid_get_spares", null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"add", "grow", "replace"})
    void aSpareThatAnOperationDidNotTakeInStaysOne(String operation) {
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        addSpare("B3");
        Object before = spares();

        assertThatThrownBy(() -> {
                    switch (operation) {
                        case "add" -> core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
                        case "grow" ->
                            core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B3"));
                        default ->
                            core.call(
                                    "bdev_raid_replace_base_bdev",
                                    Map.of("raid_name", "R", "base_name", "nobody", "new_base_name", "B3"));
                    }
                })
                .hasMessageContaining("raid bdev 'R'");

        assertThat(spares()).isEqualTo(before);
        assertThat(disks.get(3).bdev().claims()).hasSize(1);
        failAtAWrite(core.open("R", OpenMode.WRITE), 1);
        untilHealth("optimal");
        assertThat(bases().get(1)).containsEntry("name", "B3");
    }

    /** The member is lost while the spare is tried elsewhere. */
    @Test
    void aSpareThatAnOperationGaveBackIsTakenForALoss() {
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B2");
        disks.get(2).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
        disks.get(2).hold(IoType.WRITE);
        CompletableFuture<Object> grown = core.start(
                        "bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B2"))
                .toCompletableFuture();
        core.settle();
        assertThat(disks.get(2).held()).isPositive();
        assertThat(spares()).isEqualTo(List.of());
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), 2048, 32, 1, IoStatus.FAILED));
        TestIo write = core.open("R", OpenMode.WRITE).channel(0).start(IoRequest.write(0, 32, pattern(1, 32)));
        core.settle();
        assertThat(write.isDone())
                .as("acknowledged without a record of the loss")
                .isFalse();

        disks.get(2).release();
        core.until("the refusal", grown::isDone);

        assertThat(grown).isCompletedExceptionally();
        untilHealth("optimal");
        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B2");
    }

    /** Its loss waits for the operation: until it is on record, the member would be believed without the bit. */
    @Test
    void aChangeWhoseIntentAMemberDidNotTakeWaitsForTheRecordOfItsLoss() {
        create("raid1", 0, true, List.of("B0", "B1"));
        disks.get(2).hold(IoType.WRITE);
        CompletableFuture<Object> grown = core.start(
                        "bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B2"))
                .toCompletableFuture();
        core.settle();
        disks.get(1).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
        TestIo write = core.open("R", OpenMode.WRITE).channel(0).start(IoRequest.write(0, 32, pattern(1, 32)));
        core.settle();
        assertThat(bases().get(1)).containsEntry("role", "in_sync");
        assertThat(write.isDone()).as("acknowledged without the intent on both").isFalse();
        assertThat(media.get(0).read(2048, 32)).as("no member has it").isNotEqualTo(pattern(1, 32));

        disks.get(2).release();
        core.until("its end", write::isDone);

        assertThat(write.status().isSuccess()).isTrue();
        core.until("the growth", grown::isDone);
        assertThat(bases().get(1)).containsEntry("name", "B1").doesNotContainEntry("role", "in_sync");
    }

    @Test
    void aSecondSpareIsTakenForALossDuringARebuild() {
        addDisk("B4", BLOCKS);
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        addSpare("B3");
        addSpare("B4");
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        slow();
        failAtAWrite(open, 0);
        assertThat(info("R").get("process")).asString().contains("rebuild");
        failAtAWrite(open, 1);
        assertThat(bases()).extracting(base -> base.get("name")).contains("B3").doesNotContain("B4");

        fast();
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B3", "B4", "B2");
        assertThat(open.channel(0).read(0, 32)).isEqualTo(pattern(1, 32));
    }

    @Test
    void aSpareIsTakenForALossDuringAReplacement() {
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B2");
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        replaceSlowly();
        failAtAWrite(open, 0);

        fast();
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B2", "B3");
        assertThat(open.channel(0).read(0, 32)).isEqualTo(pattern(0, 32));
    }

    @Test
    void aSpareIsTakenForALossDuringAReplacementThatIsDropped() {
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B2");
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        replaceSlowly();
        failAtAWrite(open, 0);

        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B3"));
        fast();
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B2", "B1");
    }

    private void replaceSlowly() {
        slow();
        core.call("bdev_raid_replace_base_bdev", Map.of("raid_name", "R", "base_name", "B1", "new_base_name", "B3"));
        core.step(300);
        assertThat(info("R").get("process")).asString().contains("replace");
    }

    @Test
    void aSpareIsTakenThatIsAddedWhenTheDelayIsOver() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        pull(1);
        untilTheDelayIsOver();

        addSpare("B3");
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B3");
    }

    @Test
    void aSpareIsTakenThatComesWhenTheDelayIsOver() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B3");
        pull(3);
        pull(1);
        untilTheDelayIsOver();
        assertThat(info("R")).containsEntry("health", "degraded");

        comeBack(3);
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B3");
    }

    @Test
    void aSpareThatComesWhileAMemberMayComeBackIsNotTakenBeforeTheDelayIsOver() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        pull(1);
        addSpare("B3");
        pass(DELAY_SECONDS - 2);
        assertThat(info("R")).containsEntry("health", "degraded");
        assertThat(spares()).asString().contains("B3");

        untilTheDelayIsOver();
        untilHealth("optimal");

        assertThat(spares()).asString().doesNotContain("B3");
    }

    @Test
    void aSpareTakesThePlaceOfTheOneThatFailed() {
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        addSpare("B3");
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        pull(0);
        failAtAWrite(open, 2);
        comeBack(0);
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B1", "B3");
    }

    /** Its data would begin where its limits say, and there is no room for all behind that. */
    @Test
    void aSpareThatDoesNotComeInStaysOneAndTheNextIsTaken() {
        core.disk(
                SimSettings.of("B4", BLOCK, BLOCKS)
                        .withUuid(new UUID(2, 4))
                        .withLimits(new IoLimits(0, 0, BLOCKS / 2, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                new SimMedium(BLOCK));
        addDisk("B5", BLOCKS + 1);
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B4");
        addSpare("B5");

        failAtAWrite(core.open("R", OpenMode.WRITE), 1);
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B5");
        assertThat(spares()).asString().contains("B4").contains("present=true").doesNotContain("B5");
        assertThat(core.find("B4").orElseThrow().claims()).hasSize(1);
    }

    /** Taking a spare saves no configuration: it is stored as a spare still, and comes when that has been replayed. */
    @Test
    void aSpareThatIsAMemberByNowIsFoundAsThat() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B2");
        pull(0);
        untilTheDelayIsOver();
        untilHealth("optimal");

        core.remove(module);
        pull(1);
        pull(2);
        module = new RaidModule();
        core.add(module);
        assertThat(spares()).asString().contains("B2");
        comeBack(1);
        comeBack(2);
        core.settle();

        assertThat(info("R")).containsEntry("health", "optimal");
        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B2", "B1");
        assertThat(spares()).isEqualTo(List.of());
    }

    @Test
    void aShorterDelayCountsForAMemberThatIsAwayAlready() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B3");
        pull(1);
        pass(DELAY_SECONDS / 2);
        assertThat(info("R")).containsEntry("health", "degraded");

        core.call("bdev_raid_set_policy", Map.of("name", "R", "spare_delay_sec", 1L));
        core.settle();

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B3");
    }

    /** The time that it has been away counts. */
    @Test
    void aLongerDelayCountsForAMemberThatIsAwayAlready() {
        delaySpares();
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B3");
        pull(1);
        pass(DELAY_SECONDS / 2);

        core.call("bdev_raid_set_options", Map.of("spare_delay_sec", 2 * DELAY_SECONDS));
        untilTheDelayIsOver();
        assertThat(info("R")).containsEntry("health", "degraded");
        pass(DELAY_SECONDS / 2);
        untilHealth("optimal");
    }

    @Test
    void theNextSpareIsTakenForOneThatCannotBeWritten() {
        create("raid1", 0, true, List.of("B0", "B1"));
        addSpare("B2");
        addSpare("B3");
        disks.get(2).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));

        failAtAWrite(core.open("R", OpenMode.WRITE), 1);
        untilHealth("optimal");

        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B0", "B3");
    }
}
