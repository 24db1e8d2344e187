package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disk {@code B3} has a write cache, the others have none: what a client was promised when it came holds with each of them. */
class WriteCacheTest extends RaidOnDisks {
    WriteCacheTest() {
        super(65, 2);
    }

    @Override
    SimSettings settings(int i) {
        return super.settings(i).withWriteCache(i == 3);
    }

    /** What a client does that wants its data on disk, by what it was told when it came. */
    private static void writeDurably(TestDescriptor open, boolean mustFlush, byte[] data) {
        TestChannel channel = open.channel(0);
        channel.write(0, data);
        if (mustFlush) {
            channel.flush();
        }
    }

    private void powerFails() {
        disks.forEach(disk -> core.await(disk.cutPower()));
        core.remove(module);
        disks.forEach(disk -> core.await(disk.remove()));
        module = new RaidModule();
        core.add(module);
        for (int i = 0; i < disks.size(); i++) {
            comeBack(i);
        }
        core.settle();
    }

    @ParameterizedTest
    @ValueSource(strings = {"add", "replace", "spare"})
    void whatIsPromisedHoldsWithAMemberThatHasAWriteCache(String how) {
        create("raid1", 0, true, List.of("B0", "B1"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            boolean mustFlush = open.bdev().hasWriteCache();
            switch (how) {
                case "add" -> {
                    core.call("bdev_raid_remove_base_bdev", Map.of("name", "B0"));
                    core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
                }
                case "replace" ->
                    core.call(
                            "bdev_raid_replace_base_bdev",
                            Map.of("raid_name", "R", "base_name", "B0", "new_base_name", "B3"));
                default -> {
                    core.call("bdev_raid_set_options", Map.of("spare_delay_sec", 1L));
                    core.call("bdev_raid_add_spare", Map.of("base_bdev", "B3"));
                    pull(0);
                    pass(2);
                    comeBack(0);
                }
            }
            for (int i = 0; i < 400 && !"B3".equals(bases().get(0).get("name")); i++) {
                core.step(100);
                core.settle();
            }
            untilHealth("optimal");
            assertThat(bases()).extracting(base -> base.get("name")).containsExactly("B3", "B1");
            writeDurably(open, mustFlush, pattern(2, 64));
        }

        powerFails();
        untilHealth("optimal");

        assertThat(core.open("R", OpenMode.READ).channel(0).read(0, 64)).isEqualTo(pattern(2, 64));
    }

    @ParameterizedTest
    @ValueSource(strings = {"raid1", "raid5f"})
    void anArrayThatExchangesMembersIsToBeFlushed(String level) {
        create(level, level.equals("raid1") ? 0 : 4, false, List.of("B0", "B1", "B2"));

        assertThat(core.find("R").orElseThrow().hasWriteCache()).isTrue();
        assertThat(core.find("R").orElseThrow().supportedTypes()).contains(IoType.FLUSH);
    }

    /** Nobody takes a member's place there. */
    @Test
    void anArrayWithoutRedundancyIsToBeFlushedIfAMemberIs() {
        create("raid0", 4, true, List.of("B0", "B1"));
        assertThat(core.find("R").orElseThrow().hasWriteCache()).isFalse();
        core.call("bdev_raid_delete", Map.of("name", "R", "clear_sb", true));

        create("raid0", 4, true, List.of("B0", "B3"));
        assertThat(core.find("R").orElseThrow().hasWriteCache()).isTrue();
    }
}
