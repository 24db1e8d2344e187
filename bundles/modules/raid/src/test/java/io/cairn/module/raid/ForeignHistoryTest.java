package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** SPDK had an array in between, which counts the superblock up at each assembly and keeps no intents, and its process ended in the middle of writes. */
class ForeignHistoryTest extends RaidOnDisks {
    private static final int DATA = 2048;

    ForeignHistoryTest() {
        super(13, 2);
    }

    @Override
    SimSettings settings(int i) {
        return SimSettings.of("B" + i, BLOCK, BLOCKS).withUuid(new UUID(1, i)).withWriteCache(false);
    }

    private static byte[] full(int value, int blocks) {
        byte[] content = new byte[blocks * BLOCK];
        Arrays.fill(content, (byte) value);
        return content;
    }

    private void spdkHadIt(int members) {
        for (int i = 0; i < members; i++) {
            byte[] head = media.get(i).read(0, SuperblockCodec.MAX_BYTES / BLOCK);
            SuperblockRead.Found found = (SuperblockRead.Found) SuperblockCodec.decode(head, BLOCK);
            byte[] next = SuperblockCodec.encode(
                    found.superblock().withSequence(found.superblock().sequence() + 1));
            media.get(i).write(0, Arrays.copyOf(next, (next.length + BLOCK - 1) / BLOCK * BLOCK));
        }
    }

    private void end(int members) {
        core.remove(module);
        spdkHadIt(members);
    }

    private void begin() {
        module = new RaidModule();
        core.add(module);
    }

    private void untilAtRest() {
        for (int i = 0;
                i < 200
                        && (!"optimal".equals(info("R").get("health"))
                                || info("R").containsKey("process"));
                i++) {
            core.settle();
        }
        assertThat(info("R")).containsEntry("health", "optimal").doesNotContainKey("process");
    }

    @Test
    void aMirrorIsReadOnOneLegUntilAllLegsAgree() {
        create("raid1", 0, true, List.of("B0", "B1"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, full(1, 64));
        }
        end(2);
        media.get(1).write(DATA + 8, full(2, 8));
        disks.forEach(disk -> core.await(disk.remove()));
        begin();
        core.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 1L));
        comeBack(0);
        comeBack(1);
        core.until("the array", () -> core.bdevs()
                .find("R")
                .toCompletableFuture()
                .getNow(Optional.empty())
                .filter(bdev -> bdev.state() == BdevState.READY)
                .isPresent());
        List<byte[]> reads = new ArrayList<>();
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            for (int i = 0; i < 8; i++) {
                reads.add(open.channel(i % 2).read(8 + i % 2 * 100, 8));
            }
        }
        assertThat(reads.stream().filter(read -> read[0] != 0)).hasSize(4).allSatisfy(read -> assertThat(read)
                .isEqualTo(full(1, 8)));
        assertThat(info("R")).containsEntry("health", "resyncing");
        core.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 0L));
        untilAtRest();
        assertThat(media.get(1).read(DATA + 8, 8)).isEqualTo(full(1, 8));
        // it is once
        core.remove(module);
        begin();
        core.settle();
        assertThat(info("R")).containsEntry("unsynced_rows", 0L).doesNotContainKey("process");
    }

    @Test
    void parityIsComputedAnewWhileTheArrayIsServed() {
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            open.channel(0).write(0, full(1, 64));
        }
        end(3);
        // parity of the first stripe
        media.get(2).write(DATA + 3, full(9, 1));
        begin();
        core.settle();
        assertThat(info("R")).containsEntry("unsynced_rows", 0L);
        untilAtRest();
        assertThat(media.get(2).read(DATA + 3, 1)).isEqualTo(full(0, 1));
        assertThat(info("R").get("last_scrub"))
                .asString()
                .contains("mismatches=1")
                .contains("repaired=true");
        assertThat(core.find("R")).isPresent();
        pull(0);
        try (TestDescriptor open = core.open("R", OpenMode.READ)) {
            assertThat(open.channel(0).read(0, 16)).isEqualTo(full(1, 16));
        }
    }

    /** SPDK had it while it was degraded; what is torn from then on is in the journal as in any other degraded array. */
    @Test
    void theJournalOfADegradedArrayIsReplayed() {
        core.expectErrorsInLog();
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            for (int stripe = 0; stripe < 4; stripe++) {
                open.channel(0).write(stripe * 16L, pattern(stripe, 16));
            }
        }
        pull(2);
        end(2);
        begin();
        core.settle();
        TestDescriptor open = core.open("R", OpenMode.WRITE);
        open.keepOpenOnRemove();
        // B0 does its part of no stripe before the power goes, B1 of all
        disks.get(0).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() >= DATA);
        for (int stripe = 0; stripe < 4; stripe++) {
            open.channel(0).start(IoRequest.write(stripe * 16L, 16, pattern(stripe + 100, 16)));
            core.step(100);
        }
        assertThat(disks.get(0).held()).isEqualTo(4);
        core.await(disks.get(0).cutPower());
        core.await(disks.get(1).cutPower());
        core.remove(module);
        core.await(disks.get(0).remove());
        core.await(disks.get(1).remove());
        begin();
        comeBack(0);
        comeBack(1);
        core.settle();
        TestDescriptor again = core.open("R", OpenMode.READ);
        for (int stripe = 0; stripe < 4; stripe++) {
            byte[] read = again.channel(0).read(stripe * 16L, 16);
            for (int at = 0; at < read.length; at += BLOCK) {
                byte[] is = Arrays.copyOfRange(read, at, at + BLOCK);
                byte[] before = Arrays.copyOfRange(pattern(stripe, 16), at, at + BLOCK);
                byte[] after = Arrays.copyOfRange(pattern(stripe + 100, 16), at, at + BLOCK);
                assertThat(Arrays.equals(is, before) || Arrays.equals(is, after))
                        .as("byte %s of stripe %s is old or new", at, stripe)
                        .isTrue();
            }
        }
    }

    /** A script that gives UUIDs. */
    @Test
    void nothingIsRememberedOfADeletedArrayWithTheSameUuid() {
        createWithUuid(false);
        core.call("bdev_raid_start_scrub", Map.of("name", "R"));
        untilScrubbed();
        core.settle();
        core.call("bdev_raid_delete", Map.of("name", "R"));
        createWithUuid(true);
        core.settle();
        assertThat(info("R")).doesNotContainKey("last_scrub");

        restart();
        core.settle();
        assertThat(info("R")).containsEntry("state", "online").doesNotContainKey("last_scrub");
    }

    /** An entry of the deleted array's journal is about the same slot, and has a higher number than those of this one. */
    @Test
    void nothingIsRestoredFromTheJournalOfADeletedArrayWithTheSameUuid() {
        Reserved where = new Reserved(BLOCK, 8, DATA);
        for (int i = 0; i < 3; i++) {
            media.get(i).write(where.journalSlotOffset(0) / BLOCK, full(7, where.unit() / BLOCK));
        }
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        for (int i = 0; i < 3; i++) {
            assertThat(media.get(i).read(where.journalSlotOffset(0) / BLOCK, where.unit() / BLOCK))
                    .containsOnly(0);
        }
    }

    private void createWithUuid(boolean force) {
        core.call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "R",
                        "raid_level",
                        "raid1",
                        "superblock",
                        true,
                        "uuid",
                        "11111111-2222-4333-8444-555555555555",
                        "force",
                        force,
                        "base_bdevs",
                        List.of("B0", "B1")));
    }
}
