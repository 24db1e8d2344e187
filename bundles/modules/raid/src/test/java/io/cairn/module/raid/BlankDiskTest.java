package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A member leaves, and comes again under its name and UUID with nothing on it: a malloc disk whose module was installed anew, or one that was deleted and created by
 * the same call.
 */
class BlankDiskTest extends RaidOnDisks {
    BlankDiskTest() {
        super(73, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "raid1, 0, false, false",
        "raid1, 0, false, true",
        "raid5f, 4, false, false",
        "raid5f, 4, false, true",
        "raid1, 0, true, true",
        "raid5f, 4, true, true"
    })
    void isRebuiltInFull(String level, long strip, boolean superblock, boolean byUser) {
        create(level, strip, superblock, level.equals("raid1") ? List.of("B0", "B1") : List.of("B0", "B1", "B2"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, pattern(1, 16));
        }
        // no write intent is left of that
        pass(60);
        pull(1);
        media.set(1, new SimMedium(BLOCK));
        if (byUser) {
            core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
        }
        comeBack(1);
        if (byUser) {
            core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B1"));
        }
        core.settle();
        untilHealth("optimal");

        pull(0);
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            assertThat(open.channel(0).read(0, 16)).isEqualTo(pattern(1, 16));
        }
    }
}
