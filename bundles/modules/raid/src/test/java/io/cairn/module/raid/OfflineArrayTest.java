package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an array still knows when it has lost more members than it can do without, and some or all are back. */
class OfflineArrayTest {
    private static final int BLOCK = 512;
    private static final long BLOCKS = 8192;
    private static final int FRONT = 2048;

    private final TestCore core = TestCore.simulated(5, 2);
    private final RaidModule module = new RaidModule();
    private final List<SimMedium> media = new ArrayList<>();
    private final List<SimDisk> disks = new ArrayList<>();

    @BeforeEach
    void start() {
        core.add(module);
        for (int i = 0; i < 3; i++) {
            media.add(new SimMedium(BLOCK));
            disks.add(disk(i));
        }
    }

    @AfterEach
    void end() {
        core.settle();
        core.assertNoViolations();
        core.close();
    }

    private SimDisk disk(int i) {
        return core.disk(SimSettings.of("B" + i, BLOCK, BLOCKS).withUuid(new UUID(9, i)), media.get(i));
    }

    private void create(String level, long strip, boolean superblock, int members) {
        core.call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "R",
                        "raid_level",
                        level,
                        "strip_size_kb",
                        strip,
                        "superblock",
                        superblock,
                        "base_bdevs",
                        disks.stream()
                                .limit(members)
                                .map(disk -> disk.bdev().name())
                                .toList()));
    }

    private static byte[] pattern(int value) {
        byte[] data = new byte[16 * BLOCK];
        Arrays.fill(data, (byte) value);
        return data;
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

    private void pull(int i) {
        core.await(disks.get(i).yank());
        core.settle();
    }

    private void plug(int i) {
        disks.set(i, disk(i));
        core.settle();
    }

    private Map<?, ?> info() {
        return (Map<?, ?>) ((List<?>) core.call("bdev_raid_get_bdevs", Map.of("category", "all"))).get(0);
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
        assertThat(info().get("state")).isEqualTo("online");
        plug(0);
        assertThat(info().get("health")).isEqualTo("optimal");

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
        core.call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "held",
                        "raid_level",
                        "raid1",
                        "base_bdevs",
                        List.of(core.disk("B3", BLOCK, BLOCKS).bdev().name())));
        core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(10)));
        core.remove(module);
        core.add(new RaidModule());

        plug(1);
        plug(0);
        assertThat(info().get("health")).isEqualTo("optimal");

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
        assertThat(info().get("state")).isEqualTo("offline");
    }
}
