package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Two arrays of one name on disks: the one that was created last under it has it, whichever disks are seen first. */
class SameNameTest extends RaidOnDisks {
    private static final byte[] OLD = pattern(1, 8);
    private static final byte[] LIVING = pattern(2, 8);

    SameNameTest() {
        super(61, 2);
    }

    /** {@code B0} and {@code B1} have an array that was deleted, {@code B2} and {@code B3} the one that is used. */
    private void createOneAfterTheOther() {
        create("raid1", 0, true, List.of("B0", "B1"));
        write(OLD);
        core.call("bdev_raid_delete", Map.of("name", "R"));
        create("raid1", 0, true, List.of("B2", "B3"));
        write(LIVING);
    }

    private void write(byte[] data) {
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, data);
        }
    }

    private byte[] read() {
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            return open.channel(0).read(0, 8);
        }
    }

    private List<ConfigEntry> saved() {
        return core.onApp(module::configuration);
    }

    /** The module comes back, is given its configuration, and looks at the disks in the order of their numbers. */
    private void restartAndLook() {
        restart();
        core.settle();
    }

    private String notTaken(String disk) {
        Map<?, ?> answer = (Map<?, ?>) core.call("bdev_why", Map.of("name", disk));
        return ((List<?>) answer.get("reasons"))
                .stream()
                        .map(reason -> (Map<?, ?>) reason)
                        .filter(reason -> "not_taken".equals(reason.get("reason")))
                        .map(reason -> (String) reason.get("error"))
                        .findFirst()
                        .orElse("");
    }

    @Test
    void aDeletedArrayDoesNotDisplaceTheOneThatHasItsName() {
        createOneAfterTheOther();
        Object living = info("R").get("uuid");

        restartAndLook();

        assertThat(info("R")).containsEntry("uuid", living).containsEntry("health", "optimal");
        assertThat(read()).isEqualTo(LIVING);
        assertThat(notTaken("B0")).startsWith("its array is called 'R'").contains("raid bdev " + living);
        assertThat(notTaken("B2")).isEmpty();
    }

    @Test
    void nobodyTakesANameWhileTheArrayThatHasItIsAway() {
        createOneAfterTheOther();
        Object living = info("R").get("uuid");
        restartAndLook();
        pull(0);
        pull(2);
        pull(3);
        assertThat(listed()).isEmpty();

        comeBack(0);
        core.settle();

        assertThat(listed()).isEmpty();
        assertThat(notTaken("B0"))
                .startsWith("its array is called 'R'")
                .contains("is reserved for raid bdev " + living)
                .contains("bdev_raid_reserve_name");
        assertThat(saved()).extracting(ConfigEntry::method).containsExactly("bdev_raid_reserve_name");
    }

    @Test
    void whoGivesTheNameBackGetsTheOther() {
        createOneAfterTheOther();
        Object living = info("R").get("uuid");
        restartAndLook();
        pull(2);
        pull(3);

        core.call("bdev_raid_reserve_name", Map.of("name", "R"));
        core.settle();

        assertThat(read()).isEqualTo(OLD);
        assertThat(notTaken("B0")).isEmpty();
        comeBack(2);
        core.settle();
        assertThat(notTaken("B2")).startsWith("its array is called 'R' (" + living + ")");
    }

    @Test
    void aNameThatAnArrayHasIsReservedForNoOther() {
        createOneAfterTheOther();
        List<ConfigEntry> before = saved();

        assertThatThrownBy(() -> core.call(
                        "bdev_raid_reserve_name", Map.of("name", "R", "uuid", "11111111-2222-3333-4444-555555555555")))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(-17))
                .hasMessageContaining("has the name");

        assertThat(saved()).isEqualTo(before);
    }

    @Test
    void aDeletionGivesTheNameBack() {
        createOneAfterTheOther();

        core.call("bdev_raid_delete", Map.of("name", "R", "clear_sb", true));

        assertThat(saved()).isEmpty();
        restartAndLook();
        assertThat(read()).as("it was deleted without being cleared").isEqualTo(OLD);
    }

    @Test
    void aCreationThatIsRefusedReservesNothing() {
        create("raid1", 0, true, List.of("B0", "B1"));
        core.call("bdev_raid_delete", Map.of("name", "R"));

        assertThatThrownBy(() -> create("raid1", 0, true, List.of("B0", "B2"))).hasMessageContaining("superblock");

        assertThat(saved()).isEmpty();
    }

    /** Its creation is in the configuration, before disks are looked at. */
    @Test
    void anArrayWithoutSuperblockKeepsItsNameToo() {
        create("raid1", 0, true, List.of("B0", "B1"));
        core.call("bdev_raid_delete", Map.of("name", "R"));
        create("raid1", 0, false, List.of("B2", "B3"));
        Object living = info("R").get("uuid");

        restartAndLook();

        assertThat(info("R")).containsEntry("uuid", living).containsEntry("state", "online");
        assertThat(notTaken("B0")).startsWith("its array is called 'R'");
    }
}
