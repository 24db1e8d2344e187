package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
}
