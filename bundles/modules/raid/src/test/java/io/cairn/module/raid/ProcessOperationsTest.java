package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.OpenMode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users ask of background processes, and what becomes of that when the module ends or is exchanged. */
class ProcessOperationsTest extends RaidOnDisks {
    ProcessOperationsTest() {
        super(70, 2);
    }

    private void on(String operation) {
        core.call(operation, Map.of("name", "R"));
        core.settle();
    }

    private void again(boolean upgrade) {
        if (upgrade) {
            core.open("R", OpenMode.READ);
            upgrade();
        } else {
            restart();
        }
        core.settle();
    }

    private void rebuildPaused(boolean superblock) {
        create("raid1", 0, superblock, List.of("B0", "B1"));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        core.settle();
        on("bdev_raid_pause_process");
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B2"));
        core.settle();
    }

    private void assertIsPaused() {
        assertThat(info("R")).containsEntry("health", "rebuilding");
        assertThat(info("R").get("process")).asString().contains("rebuild").contains("paused=true");
    }

    @ParameterizedTest
    @CsvSource({"true, false", "true, true", "false, true"})
    void aPausedRebuildStaysPausedUntilItIsResumed(boolean superblock, boolean upgrade) {
        rebuildPaused(superblock);
        assertIsPaused();

        again(upgrade);
        assertIsPaused();
        again(upgrade);
        assertIsPaused();

        on("bdev_raid_resume_process");
        untilHealth("optimal");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPauseIsKeptThoughNothingRuns(boolean upgrade) {
        create("raid1", 0, true, List.of("B0", "B1"));
        assertThat(info("R")).doesNotContainKey("paused");
        on("bdev_raid_pause_process");
        assertThat(info("R")).containsEntry("paused", true).doesNotContainKey("process");

        again(upgrade);
        assertThat(info("R")).containsEntry("paused", true).doesNotContainKey("process");
        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        core.settle();
        assertThat(info("R")).containsEntry("paused", true);
        assertThat(info("R").get("process")).asString().contains("scrub").contains("paused=true");

        on("bdev_raid_resume_process");
        untilScrubbed();
        assertThat(info("R")).doesNotContainKey("paused");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWasResumedStaysSo(boolean upgrade) {
        create("raid1", 0, true, List.of("B0", "B1"));
        on("bdev_raid_pause_process");
        again(upgrade);
        on("bdev_raid_resume_process");

        again(upgrade);
        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        untilScrubbed();
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0, 2", "raid5f, 4, 3", "raid5f, 4, 4"})
    void aScrubThatCanCompareNothingIsRefused(String level, long strip, int members) {
        create(level, strip, true, List.of("B0", "B1", "B2", "B3").subList(0, members));
        pull(0);

        assertThatThrownBy(() -> core.call("bdev_raid_start_scrub", Map.of("name", "R", "repair", true)))
                .hasMessageContaining(
                        "there is nothing to compare: " + (members - 1) + " of " + members + " members are there");
        assertThat(info("R")).doesNotContainKey("process").doesNotContainKey("last_scrub");
    }

    @Test
    void aDegradedMirrorOfThreeIsScrubbed() {
        create("raid1", 0, true, List.of("B0", "B1", "B2"));
        pull(0);
        media.get(2).write(2048 + 8, pattern(1, 8));

        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        untilScrubbed();
        assertThat(info("R").get("last_scrub")).asString().contains("mismatches=8");
    }

    /** Those that are being rebuilt are compared when they have everything. */
    @Test
    void aScrubThatIsAskedForDuringARebuildFollowsIt() {
        rebuildPaused(true);
        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        core.settle();
        assertIsPaused();

        on("bdev_raid_resume_process");
        untilScrubbed();
        assertThat(info("R")).containsEntry("health", "optimal");
    }
}
