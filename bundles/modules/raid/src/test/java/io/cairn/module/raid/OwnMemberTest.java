package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.testkit.SimDisk;
import io.cairn.operations.OperationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No array is its own member, also not through arrays that are built on it: I/O would go round for ever. */
class OwnMemberTest extends RaidOnDisks {
    private final List<SimDisk> small = new ArrayList<>();

    OwnMemberTest() {
        super(31, 2);
    }

    /** Makes mirror R of two small disks, and S of nothing but R: so that nothing else speaks against R or S as a leg. */
    private void mirrorAndWhatIsOnIt() {
        for (int i = 0; i < 2; i++) {
            small.add(core.disk("small" + i, BLOCK, 4096));
        }
        create("raid1", 0, false, List.of("small0", "small1"));
        core.call(
                "bdev_raid_create",
                Map.of("name", "S", "raid_level", "concat", "strip_size_kb", 4L, "base_bdevs", List.of("R")));
        assertThat(info("S")).containsEntry("state", "online");
    }

    private void assertRefused(String method, Map<String, Object> params, String... parts) {
        Map<String, Object> before = info("R");
        assertThatThrownBy(() -> core.call(method, params))
                .isInstanceOfSatisfying(
                        OperationException.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(-22))
                .hasMessageContainingAll(parts);
        core.settle();
        assertThat(info("R")).isEqualTo(before);
    }

    private void assertAllGoes() {
        core.call("bdev_raid_delete", Map.of("name", "S"));
        core.call("bdev_raid_delete", Map.of("name", "R"));
        assertThat(listed()).isEmpty();
        small.forEach(disk -> assertThat(disk.bdev().claims()).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"R, R on R", "S, R on S on R"})
    void isNotGrownByItself(String leg, String round) {
        mirrorAndWhatIsOnIt();
        if (leg.equals("R")) {
            core.call("bdev_raid_delete", Map.of("name", "S"));
        }
        assertRefused(
                "bdev_raid_grow_base_bdev",
                Map.of("raid_name", "R", "base_name", leg),
                "cannot be its own base bdev",
                round);
        if (leg.equals("S")) {
            assertAllGoes();
        }
    }

    @ParameterizedTest
    @CsvSource({"R, R on R", "S, R on S on R"})
    void takesNotItselfForAMember(String other, String round) {
        mirrorAndWhatIsOnIt();
        assertRefused(
                "bdev_raid_replace_base_bdev",
                Map.of("raid_name", "R", "base_name", "small1", "new_base_name", other),
                "cannot be its own base bdev",
                round);
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "small1"));
        assertRefused(
                "bdev_raid_add_base_bdev",
                Map.of("raid_bdev", "R", "base_bdev", other),
                "cannot be its own base bdev",
                round);
        assertAllGoes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"R", "S"})
    void isNotItsOwnSpare(String spare) {
        mirrorAndWhatIsOnIt();
        assertRefused(
                "bdev_raid_add_spare",
                Map.of("base_bdev", spare, "raid_bdev", "R"),
                "raid bdev 'R'",
                "'" + spare + "' cannot be a spare");
        assertThat(core.call("bdev_raid_get_spares", null)).isEqualTo(List.of());
        assertAllGoes();
    }

    /** A spare of all arrays may be built on one of them: that one does not take it. */
    @Test
    void doesNotTakeASpareThatIsBuiltOnIt() {
        mirrorAndWhatIsOnIt();
        core.call("bdev_raid_add_spare", Map.of("base_bdev", "S"));
        core.call("bdev_raid_set_options", Map.of("spare_delay_sec", 0L));
        core.await(small.get(1).remove());
        pass(1);

        assertThat(info("R")).containsEntry("health", "degraded");
        assertThat(core.call("bdev_raid_get_spares", null)).asString().contains("S", "present=true");
    }

    /** It waits for its own UUID, which is there when it is. */
    @Test
    void doesNotTakeItselfWhenItStartsWithoutAMember() {
        UUID own = new UUID(7, 7);
        core.call("bdev_raid_set_policy", Map.of("name", "R", "start_degraded_timeout_sec", 1L));
        core.call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "R",
                        "raid_level",
                        "raid1",
                        "uuid",
                        own.toString(),
                        "base_bdevs",
                        List.of("B0", own.toString())));
        pass(2);

        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
        assertThat(core.bdev("R").claims()).isEmpty();
    }
}
