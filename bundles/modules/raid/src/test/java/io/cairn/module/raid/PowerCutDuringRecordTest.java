package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A raid5f array is being called complete when the power fails: the extensions of that record are on its members, and no superblock is. */
class PowerCutDuringRecordTest extends RaidOnDisks {
    private static final long DATA = 2048;
    private static final int STRIPE = 16;

    PowerCutDuringRecordTest() {
        super(63, 2);
    }

    @Override
    SimSettings settings(int i) {
        return SimSettings.of("B" + i, BLOCK, BLOCKS).withUuid(new UUID(1, i)).withWriteCache(false);
    }

    private void startWithout(int away) {
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        for (int i = 0; i < 3; i++) {
            if (i != away) {
                comeBack(i);
            }
        }
        awhile(100);
        assertThat(info("R")).containsEntry("state", "online").containsEntry("health", "degraded");
    }

    @Test
    void theJournalOfTheNextLifeCounts() {
        core.expectErrorsInLog();
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            for (int stripe = 0; stripe < 6; stripe++) {
                open.channel(0).write((long) stripe * STRIPE, pattern(stripe, STRIPE));
            }
        }
        pull(2);
        media.set(2, new SimMedium(BLOCK));
        comeBack(2);
        int[] superblocks = new int[3];
        for (int i = 0; i < 3; i++) {
            int disk = i;
            // the first one says that there is a target
            disks.get(i).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0 && ++superblocks[disk] > 1);
        }
        core.start("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B2"));
        awhile(100);
        assertThat(superblocks).containsExactly(2, 2, 2);
        losePower();

        startWithout(2);
        // stripe 1: data on B0 and the missing one, parity on B1
        disks.get(1).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        TestDescriptor torn = core.open("R", OpenMode.WRITE);
        TestIo write = torn.channel(0).start(IoRequest.write(STRIPE, STRIPE, pattern(100, STRIPE)));
        awhile(5);
        assertThat(write.isDone()).isFalse();
        losePower();

        startWithout(2);
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            byte[] found = open.channel(0).read(STRIPE, STRIPE);
            for (int block = 0; block < STRIPE; block++) {
                byte[] one = Arrays.copyOfRange(found, block * BLOCK, (block + 1) * BLOCK);
                byte[] old = Arrays.copyOfRange(pattern(1, STRIPE), block * BLOCK, (block + 1) * BLOCK);
                byte[] anew = Arrays.copyOfRange(pattern(100, STRIPE), block * BLOCK, (block + 1) * BLOCK);
                assertThat(Arrays.equals(one, old) || Arrays.equals(one, anew))
                        .as("block %s is old or new", block)
                        .isTrue();
            }
        }
    }
}
