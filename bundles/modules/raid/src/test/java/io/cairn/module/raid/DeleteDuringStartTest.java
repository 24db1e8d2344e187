package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An array is deleted, or the module leaves, while the array is starting: its record is being written to the members. Or while somebody waits to give it a bdev. */
class DeleteDuringStartTest extends RaidOnDisks {
    DeleteDuringStartTest() {
        super(72, 2);
    }

    private void holdRecord() {
        disks.get(0).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0);
    }

    private void untilRecordIsHeld() {
        core.until("the record", () -> disks.get(0).held() > 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsLeftOfANewArray(boolean clear) {
        holdRecord();
        CompletableFuture<Object> created = core.start(
                        "bdev_raid_create",
                        Map.of(
                                "name",
                                "R",
                                "raid_level",
                                "raid1",
                                "superblock",
                                true,
                                "base_bdevs",
                                List.of("B0", "B1")))
                .toCompletableFuture();
        untilRecordIsHeld();
        CompletableFuture<Object> deleted = core.start("bdev_raid_delete", Map.of("name", "R", "clear_sb", clear))
                .toCompletableFuture();
        core.step(100);
        disks.get(0).release();
        core.until("both", () -> created.isDone() && deleted.isDone());
        core.settle();

        assertThat(deleted).isCompletedWithValue(true);
        assertThatThrownBy(created::join).hasMessageContaining("it was given up while it was starting");
        assertThat(core.find("R")).isEmpty();
        assertThat(listed()).isEmpty();
        assertThat(disks.get(0).bdev().claims()).isEmpty();
        create("raid1", 0, true, List.of("B0", "B1"));
        assertThat(info("R")).containsEntry("state", "online");
    }

    @Test
    void anArrayThatWasFoundIsDeletedAndStaysOnItsMembers() {
        create("raid1", 0, true, List.of("B0", "B1"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, pattern(1, 16));
        }
        core.remove(module);
        holdRecord();
        module = new RaidModule();
        core.core().add(module);
        untilRecordIsHeld();
        CompletableFuture<Object> deleted =
                core.start("bdev_raid_delete", Map.of("name", "R")).toCompletableFuture();
        core.step(100);
        disks.get(0).release();
        core.until("the deletion", deleted::isDone);
        core.settle();

        assertThat(deleted).isCompletedWithValue(true);
        assertThat(core.find("R")).isEmpty();
        assertThat(listed()).isEmpty();
        restart();
        core.settle();
        untilHealth("optimal");
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            assertThat(open.channel(0).read(0, 16)).isEqualTo(pattern(1, 16));
        }
    }

    @Test
    void nothingIsRegisteredOnceTheModuleLeaves() {
        create("raid1", 0, true, List.of("B0", "B1"));
        core.remove(module);
        holdRecord();
        module = new RaidModule();
        core.core().add(module);
        untilRecordIsHeld();
        CompletableFuture<?> left = core.core().remove(module).toCompletableFuture();
        core.step(100);
        disks.get(0).release();
        core.until("the module's end", left::isDone);
        core.settle();

        assertThat(core.find("R")).isEmpty();
        assertThat(disks.get(0).bdev().claims()).isEmpty();
        module = new RaidModule();
        core.add(module);
        core.settle();
        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "optimal");
    }

    /** Has a bdev come that is examined still. */
    private CompletionStage<SimDisk> beginToCome(int i) {
        pull(i);
        return core.disks().add(settings(i), media.get(i));
    }

    /** A request waits for the examination of a base, and finds an array that has been deleted meanwhile. */
    private void assertTakesNothing(CompletionStage<Object> request, CompletionStage<SimDisk> coming, int i) {
        CompletableFuture<Object> asked = request.toCompletableFuture();
        CompletableFuture<Object> deleted =
                core.start("bdev_raid_delete", Map.of("name", "R")).toCompletableFuture();
        core.until("both", () -> asked.isDone() && deleted.isDone());
        disks.set(i, core.await(coming));
        core.settle();

        assertThat(deleted).isCompletedWithValue(true);
        assertThatThrownBy(asked::join).hasMessageContaining("it has been deleted meanwhile");
        assertThat(listed()).isEmpty();
        for (SimDisk disk : disks) {
            assertThat(disk.bdev().claims()).isEmpty();
        }
    }

    @Test
    void aCreationThatWaitedForABaseTakesNothing() {
        CompletionStage<SimDisk> coming = beginToCome(1);
        assertTakesNothing(
                core.start(
                        "bdev_raid_create",
                        Map.of(
                                "name",
                                "R",
                                "raid_level",
                                "raid1",
                                "superblock",
                                true,
                                "base_bdevs",
                                List.of("B0", "B1"))),
                coming,
                1);
    }

    @Test
    void anAdditionThatWaitedForItsBaseTakesNothing() {
        create("raid1", 0, true, List.of("B0", "B1"));
        pull(1);
        CompletionStage<SimDisk> coming = beginToCome(2);
        assertTakesNothing(
                core.start("bdev_raid_add_base_bdev", Map.of("base_bdev", "B2", "raid_bdev", "R")), coming, 2);
    }
}
