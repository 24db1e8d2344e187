package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.Seeds;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a reset aborts while a member is being rebuilt leaves rows on which the members differ, and nobody can synchronise them yet: they are when the
 * member is complete.
 */
class ResetDuringRebuildTest {
    private static final int SEEDS = 12;
    private static final int BLOCK = 512;
    private static final int ROWS = 4096;

    @ParameterizedTest
    @CsvSource({"raid1, 0, 2", "raid1, 0, 3", "raid5f, 4, 3", "raid5f, 4, 4"})
    void theMembersAgreeInTheEnd(String level, long strip, int members) {
        Seeds.of(SEEDS).forEach(seed -> new Run(seed, level, strip, members).run());
    }

    private static final class Run {
        private final Random random;
        private final TestCore core;
        private final RaidModule module = new RaidModule();
        private final List<SimMedium> media = new ArrayList<>();
        private final String level;
        private final long strip;
        private final int members;
        private final long seed;
        private final List<Integer> units = new ArrayList<>();
        private final List<TestIo> writes = new ArrayList<>();

        Run(long seed, String level, long strip, int members) {
            this.seed = seed;
            this.random = new Random(seed);
            this.core = TestCore.simulated(seed, 2);
            this.level = level;
            this.strip = strip;
            this.members = members;
            for (int unit = 0; unit < ROWS / 8; unit++) {
                units.add(unit);
            }
            Collections.shuffle(units, random);
        }

        void run() {
            try (core) {
                core.add(module);
                create();
                core.call("bdev_raid_remove_base_bdev", Map.of("name", "B1"));
                try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
                    start(open, 40);
                    finish(false);
                    core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B1"));
                    start(open, 10);
                    core.step(random.nextInt(300));
                    start(open, 20);
                    core.step(random.nextInt(100));
                    TestIo reset = open.channel(random.nextInt(2)).start(IoRequest.reset());
                    core.until("the reset", reset::isDone);
                    finish(true);
                    untilOptimal();
                    assertAgreement();
                }
                core.settle();
                core.assertNoViolations();
            }
        }

        private void create() {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                media.add(new SimMedium(BLOCK));
                SimDisk disk = core.disk(
                        SimSettings.of("B" + i, BLOCK, 2048 + ROWS)
                                .withLatency(Duration.ZERO, Duration.ofNanos(300_000)),
                        media.get(i));
                names.add(disk.bdev().name());
            }
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
                            true,
                            "base_bdevs",
                            names));
        }

        /** Starts writes, no two of which overlap: of those it would be open which one each leg does last. */
        private void start(TestDescriptor open, int count) {
            int unit = level.equals("raid5f") ? 8 * (members - 1) : 8;
            for (int i = 0; i < count; i++) {
                byte[] data = new byte[unit * BLOCK];
                random.nextBytes(data);
                long at = units.get(writes.size()) * (long) unit;
                writes.add(open.channel(random.nextInt(2)).start(IoRequest.write(at, unit, data)));
            }
        }

        private void finish(boolean aborted) {
            for (TestIo write : writes) {
                core.until("a write", write::isDone);
                assertThat(write.status()).isIn(IoStatus.SUCCESS, aborted ? IoStatus.ABORTED : IoStatus.SUCCESS);
            }
            writes.clear();
            Collections.shuffle(units, random);
        }

        private Map<?, ?> info() {
            return (Map<?, ?>) ((List<?>) core.call("bdev_raid_get_bdevs", Map.of("category", "all"))).get(0);
        }

        private void untilOptimal() {
            for (int i = 0;
                    i < 400 && (!"optimal".equals(info().get("health")) || info().containsKey("process"));
                    i++) {
                core.settle();
            }
            assertThat(info().get("health")).as("seed %s: %s", seed, info()).isEqualTo("optimal");
        }

        private void assertAgreement() {
            for (int row = 0; row < ROWS; row++) {
                byte[] first = media.get(0).read(dataOffset(0) + row);
                byte[] sum = new byte[BLOCK];
                for (int slot = 0; slot < members; slot++) {
                    byte[] content = media.get(slot).read(dataOffset(slot) + row);
                    if (level.equals("raid1")) {
                        assertThat(Arrays.equals(content, first))
                                .as("seed %s: legs 0 and %s agree at row %s", seed, slot, row)
                                .isTrue();
                    }
                    for (int i = 0; i < BLOCK; i++) {
                        sum[i] ^= content[i];
                    }
                }
                if (level.equals("raid5f")) {
                    assertThat(Arrays.equals(sum, new byte[BLOCK]))
                            .as("seed %s: parity of row %s", seed, row)
                            .isTrue();
                }
            }
        }

        private long dataOffset(int slot) {
            Map<?, ?> base = (Map<?, ?>) ((List<?>) info().get("base_bdevs_list")).get(slot);
            return ((Number) base.get("data_offset")).longValue();
        }
    }
}
