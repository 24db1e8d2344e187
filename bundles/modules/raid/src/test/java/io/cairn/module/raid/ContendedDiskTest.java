package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that more than one array asks for: whose superblock is on it gets it. */
class ContendedDiskTest extends RaidOnDisks {
    ContendedDiskTest() {
        super(74, 2);
    }

    @BeforeEach
    void createMirror() {
        create("raid1", 0, true, List.of("B0", "B1"));
    }

    /** Creates an array called {@code S}. */
    private void createOther(boolean superblock, boolean force, String... bases) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "S");
        params.put("raid_level", "raid1");
        params.put("superblock", superblock);
        params.put("force", force);
        params.put("base_bdevs", List.of(bases));
        core.call("bdev_raid_create", params);
    }

    private void restartWithout(int... away) {
        core.remove(module);
        for (int disk : away) {
            core.await(disks.get(disk).remove());
        }
        module = new RaidModule();
        core.add(module);
        core.settle();
    }

    private List<String> names(String array) {
        return ((List<?>) info(array).get("base_bdevs_list"))
                .stream().map(base -> (String) ((Map<?, ?>) base).get("name")).toList();
    }

    @Test
    void aDiskThatComesBackIsNotKeptFromItsArrayByOneThatWaitsForItsName() {
        pull(1);
        createOther(false, false, "B3", "B1");

        comeBack(1);
        untilHealth("optimal");

        assertThat(info("S")).containsEntry("state", "configuring");
        assertThat(names("S")).containsExactly("B3", "B1");
    }

    @Test
    void aDiskThatIsThereAfterARestartIsNotKeptFromItsArrayByOneThatWaitsForItsName() {
        restartWithout(0, 1);
        createOther(false, false, "B3", "B1");

        comeBack(0);
        comeBack(1);
        core.settle();

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "optimal");
    }

    /** What is deleted stays so, though somebody waits for a disk of it. */
    @Test
    void anArrayThatWasDeletedIsNotFoundBecauseItsDisksAreFree() {
        pull(0);
        createOther(false, false, "B3", "B0");
        comeBack(0);
        untilHealth("optimal");
        core.call("bdev_raid_delete", Map.of("name", "R"));
        core.settle();

        assertThat(listed()).extracting(array -> array.get("name")).containsExactly("S");
        assertThat(disks.get(0).bdev().claims()).isEmpty();
    }

    /** The last base is found to be in use when the first one has been taken from the array that waits with it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCreationByForceThatIsRefusedGivesBackWhatItTook(boolean superblock) {
        restartWithout(1);
        core.call("bdev_raid_add_spare", Map.of("base_bdev", "B2"));

        assertThatThrownBy(() -> createOther(superblock, true, "B0", "B2")).hasMessageContaining("B2");
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(names("R")).containsExactly("B0", null);
        comeBack(1);
        core.settle();

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "optimal");
    }

    @Test
    void aDiskIsRemovedFromTheArrayThatItIsIn() {
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        createOther(true, true, "B1", "B2");
        Map<String, Object> before = info("R");

        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));

        assertThat(info("S")).containsEntry("health", "degraded");
        assertThat(disks.get(1).bdev().claims()).isEmpty();
        assertThat(info("R")).as("who has only known it").isEqualTo(before);
    }
}
