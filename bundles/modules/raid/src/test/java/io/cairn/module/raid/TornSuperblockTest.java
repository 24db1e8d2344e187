package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.TestDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The power fails while a superblock is written that is in two blocks: that of an array of five members, in blocks of 512 bytes. */
class TornSuperblockTest extends RaidOnDisks {
    private static final int STRIPE = 4 * 8;
    private static final byte[] DATA = pattern(5, STRIPE);

    TornSuperblockTest() {
        super(31, 2);
    }

    @BeforeEach
    void create() {
        core.expectErrorsInLog();
        media.add(new SimMedium(BLOCK));
        disks.add(disk(4));
        create("raid5f", 4, true, List.of("B0", "B1", "B2", "B3", "B4"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, DATA);
            open.channel(0).flush();
        }
    }

    /** Loses a member, so that the others are told, and has the power fail when one of the two blocks has been written everywhere. */
    private void cutWhileALossIsRecorded(int written) {
        List<SimDisk> left = disks.subList(0, 4);
        List<byte[]> before = new ArrayList<>();
        left.forEach(disk -> before.add(disk.medium().read(0, 2)));
        left.forEach(disk -> disk.hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0));
        CompletionStage<Void> gone = disks.get(4).yank();
        core.until("the record", () -> left.stream().allMatch(disk -> disk.held() == 1));
        left.forEach(SimDisk::release);
        core.await(gone);
        core.settle();
        core.remove(module);
        for (int i = 0; i < 4; i++) {
            // what has not been written yet is as it was
            int kept = 1 - written;
            media.get(i).write(kept, Arrays.copyOfRange(before.get(i), kept * BLOCK, (kept + 1) * BLOCK));
            media.get(i).flush();
        }
    }

    private void start() {
        module = new RaidModule();
        core.add(module);
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        core.settle();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theArrayStartsWithWhatTheSuperblocksWereToBe(int written) {
        cutWhileALossIsRecorded(written);

        start();

        untilHealth("degraded");
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            assertThat(open.channel(1).read(0, STRIPE)).isEqualTo(DATA);
        }
        restart();
        core.settle();
        untilHealth("degraded");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void oneThatIsDamagedAsWellIsRefusedAndLeftAsItIs(int written) {
        cutWhileALossIsRecorded(written);
        byte[] damaged = media.get(1).read(0, 2);
        damaged[40 + written * BLOCK] ^= 1;
        media.get(1).write(0, damaged);
        byte[] all = media.get(1).read(0, (int) BLOCKS);

        start();

        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(disks.get(1).bdev().claims()).isEmpty();
        assertThat(media.get(1).read(0, (int) BLOCKS)).isEqualTo(all);
    }

    @Test
    void oneThatIsWholeAndDamagedIsRefused() {
        pull(4);
        core.remove(module);
        byte[] damaged = media.get(1).read(0, 2);
        damaged[520] ^= 1;
        media.get(1).write(0, damaged);

        start();

        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(disks.get(1).bdev().claims()).isEmpty();
    }
}
