package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bdevs that are put into an array which does not serve: only what its members have is believed. */
class AddedWhileWaitingTest extends RaidOnDisks {
    private static final byte[] OLD = pattern(1, 96);
    private static final byte[] NEW = pattern(2, 96);

    AddedWhileWaitingTest() {
        super(81, 2);
    }

    private void createOf(String level, boolean superblock) {
        create(
                level,
                level.equals("raid1") ? 0 : 4,
                superblock,
                level.equals("raid5f") ? List.of("B0", "B1", "B2") : List.of("B0", "B1"));
    }

    private void write(byte[] data) {
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, data);
            open.channel(0).flush();
        }
    }

    private byte[] read() {
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            return open.channel(0).read(0, 96);
        }
    }

    private void add(String base) {
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", base));
    }

    /** Its configuration says who was removed: the array serves without it, as before, and it is rebuilt when it is added again. */
    @ParameterizedTest
    @ValueSource(strings = {"raid1", "raid5f"})
    void aMemberThatWasRemovedBeforeARestartIsRebuilt(String level) {
        createOf(level, false);
        write(OLD);
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        write(NEW);

        restart();
        core.settle();

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(read()).isEqualTo(NEW);
        add("B1");
        untilHealth("optimal");
        assertThat(read()).isEqualTo(NEW);
        pull(0);
        assertThat(read()).as("with what B1 was given").isEqualTo(NEW);
    }

    @ParameterizedTest
    @CsvSource({"raid1, true", "raid5f, true", "raid1, false", "raid5f, false"})
    void anotherOneInAMembersPlaceIsRebuilt(String level, boolean superblock) {
        createOf(level, superblock);
        write(NEW);
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        if (!superblock) {
            core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        }

        add("B3");
        untilHealth("optimal");

        assertThat(bases().get(1)).containsEntry("name", "B3");
        assertThat(read()).isEqualTo(NEW);
        pull(0);
        assertThat(read()).as("with what B3 was given").isEqualTo(NEW);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatHasNoRedundancyCannotBeGivenAnotherMember(boolean superblock) {
        createOf("raid0", superblock);
        write(NEW);
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        core.settle();
        if (!superblock) {
            core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        }

        assertThatThrownBy(() -> add("B3")).hasMessageContainingAll("B3", "none of its members");

        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(disks.get(3).bdev().claims()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsTooSmallForAnArrayThatIsOfflineIsRefused(boolean superblock) {
        createOf("raid1", superblock);
        pull(0);
        pull(1);
        if (superblock) {
            comeBack(1);
            core.call("bdev_raid_set_policy", Map.of("name", "R", "start_degraded_timeout_sec", 0L));
            core.settle();
        }
        core.disk("small", BLOCK, BLOCKS / 2);
        Map<String, Object> before = info("R");

        assertThatThrownBy(() -> add("small")).hasMessageContainingAll("small", "too small");

        assertThat(info("R")).isEqualTo(before);
        assertThat(core.find("small").orElseThrow().claims()).isEmpty();
    }

    /** Nothing has been written yet: all have everything. */
    @ParameterizedTest
    @CsvSource({"raid1, true", "raid0, true", "raid1, false", "raid0, false"})
    void aNewArrayIsGivenItsMembersByAndBy(String level, boolean superblock) {
        pull(0);
        createOf(level, superblock);
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B0"));

        add("B3");
        core.settle();

        assertThat(info("R")).containsEntry("health", "optimal");
        assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B3", "B1");
    }

    @Test
    void aMemberThatWaitsForItsArrayMayBeAddedByHand() {
        createOf("raid1", false);
        write(NEW);
        core.remove(module);
        core.await(disks.get(1).remove());
        module = new RaidModule();
        core.add(module);
        comeBack(1);
        core.settle();

        assertThat(info("R")).containsEntry("health", "optimal");
        assertThat(read()).isEqualTo(NEW);
    }
}
