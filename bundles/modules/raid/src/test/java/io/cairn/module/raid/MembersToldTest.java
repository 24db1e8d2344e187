package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the core is told of an array's members, so that it is true who asks what stands on a disk, or who waits for it. */
class MembersToldTest extends RaidOnDisks {
    MembersToldTest() {
        super(31, 2);
    }

    private void createMirror() {
        create("raid1", 0, true, List.of("B0", "B1"));
    }

    @Test
    void aMemberThatIsReplaced() {
        createMirror();
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L, "process_max_bandwidth_mb_sec", 1L));
        core.call("bdev_raid_replace_base_bdev", Map.of("raid_name", "R", "base_name", "B1", "new_base_name", "B3"));
        assertThat(core.bdev("R").baseNames()).as("while B3 is filled").containsExactly("B0", "B1", "B3");
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 1024L, "process_max_bandwidth_mb_sec", 0L));
        untilInSlot1("B3");
        core.settle();

        assertThat(core.bdev("R").baseNames()).containsExactly("B0", "B3");
        assertThat(why("B1")).containsExactly("free");
        assertThat(why("B3")).contains("base_of");
    }

    @Test
    void aReplacementThatIsGivenUp() {
        createMirror();
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L, "process_max_bandwidth_mb_sec", 1L));
        core.call("bdev_raid_replace_base_bdev", Map.of("raid_name", "R", "base_name", "B1", "new_base_name", "B3"));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B3"));
        assertThat(core.bdev("R").baseNames()).containsExactly("B0", "B1");
        assertThat(why("B3")).containsExactly("free");
    }

    @Test
    void aMemberThatIsLostAndComesBack() {
        createMirror();
        pull(1);
        assertThat(core.bdev("R").baseNames()).containsExactly("B0");
        assertThat(why("B1")).containsExactly("unknown", "waited_for");

        comeBack(1);
        core.settle();
        assertThat(core.bdev("R").baseNames()).containsExactly("B0", "B1");
        assertThat(why("B1")).contains("base_of");
    }

    @Test
    void aSpareThatIsTaken() {
        createMirror();
        core.call("bdev_raid_set_options", Map.of("spare_delay_sec", 0L));
        core.call("bdev_raid_add_spare", Map.of("base_bdev", "B2"));
        pull(1);
        untilInSlot1("B2");
        assertThat(core.bdev("R").baseNames()).containsExactly("B0", "B2");
        assertThat(why("B1")).as("its place is taken").containsExactly("unknown");

        comeBack(1);
        core.settle();
        assertThat(why("B1")).doesNotContain("base_of", "waited_for");
        assertThat(why("B2")).contains("base_of");
    }

    @Test
    void aLegMore() {
        createMirror();
        core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B2"));
        assertThat(core.bdev("R").baseNames()).containsExactly("B0", "B1", "B2");
        assertThat(why("B2")).contains("base_of");
    }

    @Test
    void membersThatAnArrayIsNotOnlineWithout() {
        create("raid1", 0, false, List.of("X0", "B1", "X2"));
        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(why("X0")).containsExactly("unknown", "waited_for");
        assertThat(why("X2")).containsExactly("unknown", "waited_for");
        assertThat(why("X1")).containsExactly("unknown");

        core.call("bdev_raid_delete", Map.of("name", "R"));
        assertThat(why("X2")).containsExactly("unknown");
    }

    private void untilInSlot1(String disk) {
        for (int i = 0; i < 400 && !disk.equals(bases().get(1).get("name")); i++) {
            core.step(100);
            core.settle();
        }
        assertThat(bases().get(1)).containsEntry("name", disk);
    }

    private List<Object> why(String disk) {
        List<Object> words = new ArrayList<>();
        Map<?, ?> answer = (Map<?, ?>) core.call("bdev_why", Map.of("name", disk));
        for (Object reason : (List<?>) answer.get("reasons")) {
            words.add(((Map<?, ?>) reason).get("reason"));
        }
        return words;
    }
}
