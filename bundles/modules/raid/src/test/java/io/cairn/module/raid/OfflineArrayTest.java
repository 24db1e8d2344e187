package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an array still knows when it has lost more members than it can do without, and some or all are back. */
class OfflineArrayTest extends RaidOnDisks {
    private static final int FRONT = 2048;

    OfflineArrayTest() {
        super(5, 2);
    }

    private static byte[] pattern(int seed) {
        return pattern(seed, 16);
    }

    private void write(byte[] data) {
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(1).write(0, data);
            open.channel(1).flush();
        }
    }

    private byte[] read() {
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            return open.channel(0).read(0, 16);
        }
    }

    private void plug(int i) {
        comeBack(i);
        core.settle();
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0, true", "raid1, 0, false", "raid5f, 4, true", "raid5f, 4, false"})
    void whoWasAwayBeforeGetsAllThatItMissed(String level, long strip, boolean superblock) {
        create(level, strip, superblock, 3);
        write(pattern(1));
        pull(0);
        write(pattern(2));
        pull(1);
        if (level.equals("raid1")) {
            pull(2);
            plug(2);
        }
        plug(1);
        assertThat(info("R")).containsEntry("state", "online");
        plug(0);
        assertThat(info("R")).containsEntry("health", "optimal");

        pull(1);

        if (level.equals("raid1")) {
            pull(2);
        }
        assertThat(read()).isEqualTo(pattern(2));
    }

    @Test
    void theNextModuleIsToldWhatAnArrayWithoutSuperblockKnewWhenItWentOffline() {
        create("raid5f", 4, false, 3);
        write(pattern(1));
        pull(0);
        write(pattern(2));
        pull(1);
        core.call("bdev_raid_create", Map.of("name", "held", "raid_level", "raid1", "base_bdevs", List.of("B3")));
        core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(10)));
        core.remove(module);
        core.add(new RaidModule());

        plug(1);
        plug(0);
        assertThat(info("R")).containsEntry("health", "optimal");

        pull(1);
        assertThat(read()).isEqualTo(pattern(2));
    }

    @Test
    void nothingIsAcknowledgedThatAMemberMissedWhoseLossIsNotRecorded() {
        core.expectErrorsInLog("its record cannot be written");
        create("raid1", 0, true, 2);
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.channel(1).write(0, pattern(1));
        disks.get(0).hold(IoType.WRITE);
        TestIo write = open.channel(1).start(IoRequest.write(0, 16, pattern(2)));
        core.settle();
        disks.get(1).inject(new SimFault(Set.of(IoType.WRITE), 0, FRONT, 100, IoStatus.FAILED));

        core.await(disks.get(0).yank());
        core.until("the write", write::isDone);

        assertThat(write.status()).isNotEqualTo(IoStatus.SUCCESS);
        core.until("the user to leave", open::isClosed);
        assertThat(info("R")).containsEntry("state", "offline");
    }
}
