package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an array is after the module has been exchanged under it. */
class RaidUpgradeTest extends RaidOnDisks {
    private static final IoLimits PARTICULAR = new IoLimits(4096, 4096, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private TestDescriptor open;

    RaidUpgradeTest() {
        super(11, 2);
    }

    /** Disk 1 wants more than the others, has a write cache, and is smaller. */
    @Override
    SimSettings settings(int i) {
        return i == 1
                ? SimSettings.of("B1", BLOCK, 8000).withUuid(new UUID(1, 1)).withLimits(PARTICULAR)
                : super.settings(i).withWriteCache(false);
    }

    private void create(String level, long strip, boolean superblock, String... bases) {
        create(level, strip, superblock, List.of(bases));
        open = core.open("R", OpenMode.WRITE);
    }

    private long readErrors() {
        return (Long) bases().get(0).get("read_errors") + (Long) bases().get(1).get("read_errors");
    }

    private void write(long block, byte[] data) {
        open.channel(1).write(block, data);
        open.channel(1).flush();
    }

    @Test
    void looksAgainAtAMemberWhoseSuperblockCouldNotBeReadWhenTheModuleCame() {
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        create("raid1", 0, true, "B0", "B1", "B2");
        disks.get(1).inject(SimFault.next(1, IoType.READ, IoStatus.nvme(2, 0x81)));

        upgrade();

        untilHealth("optimal");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDegradedArrayDeclaresWhatItDeclaredComplete(boolean superblock) {
        create("raid1", 0, superblock, "B0", "B1", "B2");
        long size = open.bdev().numBlocks();
        write(0, pattern(1, 64));
        pull(1);
        write(64, pattern(2, 64));

        upgrade();

        assertThat(open.bdev().limits().requiredAlignment()).isEqualTo(4096);
        assertThat(open.bdev().hasWriteCache()).isTrue();
        assertThat(open.bdev().numBlocks()).as("the smallest member is away").isEqualTo(size);
        assertThat(info("R").get("health")).isEqualTo("degraded");
        assertThat(open.channel(0).read(0, 64)).isEqualTo(pattern(1, 64));
        assertThat(open.channel(0).read(64, 64)).isEqualTo(pattern(2, 64));
        write(128, pattern(3, 64));
        comeBack(1);
        untilHealth("optimal");
        pull(0);
        pull(2);
        assertThat(open.channel(0).read(0, 64)).as("on disk 1 alone").isEqualTo(pattern(1, 64));
        assertThat(open.channel(0).read(64, 64)).as("on disk 1 alone").isEqualTo(pattern(2, 64));
        assertThat(open.channel(0).read(128, 64)).as("on disk 1 alone").isEqualTo(pattern(3, 64));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void errorsAreCountedOn(boolean superblock) {
        create("raid1", 0, superblock, "B0", "B2");
        disks.get(0).inject(SimFault.next(1, IoType.READ, IoStatus.nvme(2, 0x81)));
        for (int i = 0; i < 16 && readErrors() == 0; i++) {
            open.channel(i % 2).read(i * 512L, 8);
            core.settle();
        }
        core.settle();
        long before = readErrors();
        assertThat(before).isPositive();

        upgrade();
        assertThat(readErrors()).isEqualTo(before);

        upgrade();
        assertThat(readErrors()).as("counted once").isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMemberThatWasAwayGetsWhatItMissedOnBothSidesOfTheUpgrade(boolean superblock) {
        create("raid5f", 4, superblock, "B0", "B2", "B3");
        write(0, pattern(1, 16));
        write(160, pattern(2, 16));
        pull(2);
        write(0, pattern(3, 16));

        upgrade();
        write(160, pattern(4, 16));
        comeBack(2);
        untilHealth("optimal");

        pull(0);
        assertThat(open.channel(0).read(0, 16)).isEqualTo(pattern(3, 16));
        assertThat(open.channel(0).read(160, 16)).isEqualTo(pattern(4, 16));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRebuildGoesOnBehindAnUpgrade(boolean superblock) {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L, "process_max_bandwidth_mb_sec", 1L));
        create("raid1", 0, superblock, "B0", "B2");
        for (int i = 0; i < 64; i++) {
            write(i * 64L, pattern(i, 64));
        }
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B2"));
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
        core.step(300);
        assertThat(info("R").get("health")).isEqualTo("rebuilding");
        core.call("bdev_raid_pause_process", Map.of("name", "R"));
        write(0, pattern(1000, 64));

        upgrade();

        core.settle();
        assertThat(info("R").get("health")).as("still paused").isEqualTo("rebuilding");
        write(64, pattern(1001, 64));
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L));
        core.call("bdev_raid_resume_process", Map.of("name", "R"));
        untilHealth("optimal");
        assertThat(bases().get(1).get("name")).isEqualTo("B3");
        pull(0);
        assertThat(open.channel(0).read(0, 64)).isEqualTo(pattern(1000, 64));
        assertThat(open.channel(0).read(64, 64)).isEqualTo(pattern(1001, 64));
        for (int i = 2; i < 64; i++) {
            assertThat(open.channel(0).read(i * 64L, 64)).isEqualTo(pattern(i, 64));
        }
    }

    /** All disks are pulled out with what is on them, and put in again in some order. */
    private void powerCut(int... order) {
        open.close();
        List<SimDisk> here = disks.stream().filter(disk -> disk != null).toList();
        here.forEach(disk -> core.await(disk.cutPower()));
        core.remove(module);
        here.forEach(disk -> core.await(disk.remove()));
        module = new RaidModule();
        core.add(module);
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        for (int i : order) {
            comeBack(i);
            core.settle();
        }
        open = core.open("R", OpenMode.WRITE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 2 3", "2 3 0", "3 2 0", "3 0 2", "2 0 3"})
    void aTargetIsRebuiltOnAfterAPowerCut(String order) {
        core.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 1L));
        create("raid1", 0, true, "B0", "B2");
        write(0, pattern(1, 64));
        write(4096, pattern(2, 64));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B2"));
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B3"));
        core.step(300);
        assertThat(info("R").get("health")).isEqualTo("rebuilding");

        powerCut(Arrays.stream(order.split(" ")).mapToInt(Integer::parseInt).toArray());
        untilHealth("optimal");

        assertThat(bases().get(1).get("name")).isEqualTo("B3");
        pull(0);
        assertThat(open.channel(0).read(0, 64)).isEqualTo(pattern(1, 64));
        assertThat(open.channel(0).read(4096, 64)).isEqualTo(pattern(2, 64));
    }

    @Test
    void aTargetAloneIsNotBelieved() {
        core.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 1L));
        create("raid1", 0, true, "B0", "B2");
        write(0, pattern(1, 64));
        core.call("bdev_raid_remove_base_bdev", Map.of("name", "B2"));
        for (int i = 0; i < 40; i++) {
            write(i * 64L, pattern(i, 64));
        }
        core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B2"));
        core.step(100);
        assertThat(info("R").get("health")).isEqualTo("rebuilding");
        open.close();
        core.remove(module);
        core.await(disks.get(0).remove());
        core.await(disks.get(2).remove());
        module = new RaidModule();
        core.add(module);
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));

        comeBack(2);
        core.settle();
        assertThat(info("R").get("state")).as("it has half of what it missed").isEqualTo("configuring");

        comeBack(0);
        untilHealth("optimal");
    }

    @Test
    void membersAreFreeWhenTheModuleHasLeft() {
        create("raid1", 0, true, "B0", "B2");
        write(0, pattern(1, 64));
        pull(2);
        open.close();

        core.remove(module);

        assertThat(disks.get(0).bdev().claims()).isEmpty();
    }
}
