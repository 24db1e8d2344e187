package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RaidOptionsTest {
    private final TestCore core = TestCore.simulated(1, 2);
    private final RaidModule module = new RaidModule();

    @BeforeEach
    void start() {
        core.add(module);
    }

    @AfterEach
    void end() {
        core.close();
    }

    /** As in SPDK: who limits the bandwidth for a while does not mean to change how arrays start. */
    @Test
    void whatIsAbsentStaysAsItIs() {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 512, "start_degraded_timeout_sec", 30));
        core.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 20, "spare_delay_sec", 5));
        core.call("bdev_raid_set_options", Map.of());

        assertThat(core.onApp(module::configuration))
                .extracting(ConfigEntry::method, ConfigEntry::params)
                .containsExactly(tuple(
                        "bdev_raid_set_options",
                        Map.of(
                                "process_window_size_kb", 512L,
                                "process_max_bandwidth_mb_sec", 20L,
                                "start_degraded_timeout_sec", 30L,
                                "spare_delay_sec", 5L,
                                "max_read_errors", 20L)));
    }

    @Test
    void aWindowOfNothingIsRefused() {
        assertThatThrownBy(() -> core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 0)))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(-32700));
    }

    private void assertRefused(String method, Map<String, Object> params, int code, String... parts) {
        assertThatThrownBy(() -> core.call(method, params))
                .isInstanceOfSatisfying(
                        OperationException.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
                .hasMessageContainingAll(parts);
        assertThat(core.onApp(module::configuration)).isEmpty();
    }

    @Test
    void timesOfOneArrayHaveTheLimitsOfAll() {
        Map<String, Object> tooLong = Map.of("spare_delay_sec", RaidParams.MAX_SECONDS + 1);
        assertRefused("bdev_raid_set_options", tooLong, -32700, "spare_delay_sec");
        assertRefused(
                "bdev_raid_set_policy",
                Map.of("name", "R", "spare_delay_sec", RaidParams.MAX_SECONDS + 1),
                -32603,
                "spare_delay_sec");
        assertRefused(
                "bdev_raid_set_policy",
                Map.of("name", "R", "start_degraded_timeout_sec", RaidParams.MAX_SECONDS + 1),
                -32603,
                "start_degraded_timeout_sec");
    }

    @Test
    void nothingIsDeclaredForWhatCanBeNoArray() {
        core.disk("B0", 512, 64);
        String tooLong = "X".repeat(64);
        assertRefused("bdev_raid_set_policy", Map.of("name", tooLong, "max_read_errors", 1L), -22, "64 bytes");
        assertRefused("bdev_raid_set_policy", Map.of("name", "B0", "max_read_errors", 1L), -22, "B0", "no raid bdev");
        assertRefused("bdev_raid_add_spare", Map.of("base_bdev", "B1", "raid_bdev", tooLong), -22, "64 bytes");
        assertRefused("bdev_raid_add_spare", Map.of("base_bdev", "B1", "raid_bdev", "B0"), -22, "B0", "no raid bdev");
    }

    /** What is asked for makes no difference: nothing is set, or taken back, for it either. */
    @Test
    void nothingIsSetForNamesThatNothingCanHave() {
        for (String name : List.of("", "Q".repeat(64))) {
            assertRefused("bdev_raid_set_policy", Map.of("name", name), -22, "raid bdev '" + name + "'", "its name");
            assertRefused("bdev_raid_set_policy", Map.of("name", name, "spare_delay_sec", 1L), -22, name, "its name");
            assertRefused("bdev_raid_add_spare", Map.of("base_bdev", "B1", "raid_bdev", name), -22, name, "its name");
            assertRefused("bdev_raid_reserve_name", Map.of("name", name), -22, "its name");
        }
        assertRefused("bdev_raid_add_spare", Map.of("base_bdev", ""), -22, "bdev ''", "its name is empty");
        String tooLong = "é".repeat(128);
        assertRefused("bdev_raid_add_spare", Map.of("base_bdev", tooLong), -22, tooLong, "256 bytes");
        assertThat(core.call("bdev_raid_get_spares", null)).isEqualTo(List.of());

        String longest = "X".repeat(255);
        core.call("bdev_raid_add_spare", Map.of("base_bdev", longest));
        core.call("bdev_raid_set_policy", Map.of("name", "Q".repeat(63), "spare_delay_sec", 1L));
        assertThat(core.onApp(module::configuration)).hasSize(2);
    }

    /** In this order of calls a stack may be described before it is there. */
    @Test
    void whatIsNotHereYetMayBeDeclaredFor() {
        core.call("bdev_raid_set_policy", Map.of("name", "R", "max_read_errors", 1L));
        core.call("bdev_raid_add_spare", Map.of("base_bdev", "B1", "raid_bdev", "R"));

        assertThat(core.onApp(module::configuration))
                .extracting(ConfigEntry::method)
                .containsExactly("bdev_raid_set_policy", "bdev_raid_add_spare");
    }

    @Test
    void aSpareThatItsArrayCouldNeverTakeIsRefused() {
        core.disk("B0", 512, 4096);
        core.disk("B1", 512, 4096);
        core.disk("large blocks", 4096, 4096);
        core.disk("small", 512, 4095);
        array("R", "raid1", 0, "B0", "B1");
        assertThatThrownBy(() -> spare("large blocks", "R")).hasMessageContainingAll("'R'", "4096 bytes", "512");
        assertThatThrownBy(() -> spare("small", "R")).hasMessageContainingAll("'R'", "4095 blocks", "4096");
        core.call("bdev_raid_delete", Map.of("name", "R"));
        array("Z", "raid0", 4, "B0", "B1");
        assertThatThrownBy(() -> spare("small", "Z")).hasMessageContainingAll("'Z'", "raid0", "never takes a spare");
        assertThat(core.call("bdev_raid_get_spares", null)).isEqualTo(List.of());
    }

    /** Its members do not say any more what it is made of: it knows that itself, also over an upgrade. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBdevThatAnArrayWithoutMembersCouldNeverTakeIsRefused(boolean upgrade) {
        SimDisk first = core.disk("B0", 512, 4096);
        SimDisk second = core.disk("B1", 512, 4096);
        core.disk("fits", 512, 4096);
        core.disk("held", 512, 4096);
        core.disk("large blocks", 4096, 4096);
        core.disk("small", 512, 4095);
        array("R", "raid1", 0, "B0", "B1");
        array("other", "raid1", 0, "held");
        core.await(first.remove());
        core.await(second.remove());
        core.settle();
        if (upgrade) {
            core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(10)));
            core.remove(module);
            core.add(new RaidModule());
            core.settle();
        }

        assertThatThrownBy(() -> spare("large blocks", "R")).hasMessageContainingAll("'R'", "4096 bytes", "512");
        assertThatThrownBy(() -> spare("small", "R")).hasMessageContainingAll("'R'", "4095 blocks", "4096");
        assertThatThrownBy(() ->
                        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "large blocks")))
                .hasMessageContainingAll("'R'", "4096 bytes", "the array of 512");
        assertThat(core.call("bdev_raid_get_spares", null)).isEqualTo(List.of());
        spare("fits", "R");
    }

    private void array(String name, String level, long strip, String... bases) {
        core.call(
                "bdev_raid_create",
                Map.of("name", name, "raid_level", level, "strip_size_kb", strip, "base_bdevs", List.of(bases)));
    }

    private void spare(String base, String array) {
        core.call("bdev_raid_add_spare", Map.of("base_bdev", base, "raid_bdev", array));
    }
}
