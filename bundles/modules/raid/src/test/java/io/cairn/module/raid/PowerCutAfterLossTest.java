package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevState;
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
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * A raid5f array loses a member under writes, and the power fails soon after. What was out at the moment of the loss is in no journal: strips of the lost member are
 * what they were before, or what was being written, or they are refused, and never anything else.
 */
class PowerCutAfterLossTest {
    private static final int SEEDS = 60;
    private static final int BLOCK = 512;
    private static final int MEMBERS = 4;
    private static final int UNIT = 8 * (MEMBERS - 1);
    private static final int STRIPES = 32;

    @Test
    void nothingIsMadeUp() {
        int[] torn = {0};
        Seeds.of(SEEDS).forEach(seed -> torn[0] += new Run(seed).run());
        if (System.getProperty("cairn.seed") == null) {
            assertThat(torn[0]).as("rows that were refused").isPositive();
        }
    }

    /** When what was out has ended and was made durable, a power cut leaves nothing in doubt. */
    @Test
    void nothingIsRefusedWhenTheLossHasSettled() {
        Seeds.of(20).forEach(seed -> {
            Run run = new Run(seed);
            run.settled = true;
            assertThat(run.run()).as("blocks refused with seed %s", seed).isZero();
        });
    }

    /**
     * What was refused stays so when the member has been rebuilt, over restarts, and when another one is lost; what has been written again is there.
     */
    @Test
    void aRebuildMakesNothingUpThatIsBelieved() {
        int[] torn = {0};
        Seeds.of(SEEDS).forEach(seed -> torn[0] += new Run(seed).rebuild());
        if (System.getProperty("cairn.seed") == null) {
            assertThat(torn[0]).as("blocks that were refused after the rebuild").isPositive();
        }
    }

    private static final class Run {
        private final long seed;
        private final Random random;
        private final List<SimMedium> media = new ArrayList<>();
        private boolean settled;
        private int lost;
        private int lives;
        /** By stripe, the contents that it may have. */
        private final List<List<byte[]>> allowed = new ArrayList<>();

        Run(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            for (int i = 0; i < MEMBERS; i++) {
                media.add(new SimMedium(BLOCK));
            }
        }

        private SimDisk disk(TestCore core, int i) {
            return core.disk(
                    SimSettings.of("B" + i, BLOCK, 4096)
                            .withUuid(new UUID(3, i))
                            .withWriteCache(false)
                            .withLatency(Duration.ZERO, Duration.ofNanos(200_000)),
                    media.get(i));
        }

        int run() {
            lost = random.nextInt(MEMBERS);
            try (TestCore core = TestCore.simulated(seed, 2)) {
                core.expectErrorsInLog();
                core.add(new RaidModule());
                List<SimDisk> disks = new ArrayList<>();
                for (int i = 0; i < MEMBERS; i++) {
                    disks.add(disk(core, i));
                }
                core.call(
                        "bdev_raid_create",
                        Map.of(
                                "name",
                                "R",
                                "raid_level",
                                "raid5f",
                                "strip_size_kb",
                                4,
                                "superblock",
                                true,
                                "base_bdevs",
                                disks.stream().map(disk -> disk.bdev().name()).toList()));
                writeAndLose(core, disks, lost);
            }
            try (TestCore core = startWithout(lost)) {
                return readAll(core);
            }
        }

        /** Starts what is left after the power is back. */
        private TestCore startWithout(int away) {
            TestCore core = TestCore.simulated(seed + ++lives * 1_000L, 2);
            core.expectErrorsInLog();
            core.add(new RaidModule());
            core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
            for (int i = 0; i < MEMBERS; i++) {
                if (i != away) {
                    disk(core, i);
                }
            }
            core.until("the array", () -> core.bdevs()
                    .find("R")
                    .toCompletableFuture()
                    .getNow(Optional.empty())
                    .filter(bdev -> bdev.state() == BdevState.READY)
                    .isPresent());
            return core;
        }

        int rebuild() {
            run();
            try (TestCore core = startWithout(lost)) {
                rewriteSome(core);
                readAll(core);
                // the one that left, or another one without anything
                if (random.nextBoolean()) {
                    media.set(lost, new SimMedium(BLOCK));
                    core.disk(
                            SimSettings.of("B" + lost, BLOCK, 4096)
                                    .withUuid(new UUID(3, lost))
                                    .withWriteCache(false),
                            media.get(lost));
                    core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B" + lost));
                } else {
                    disk(core, lost);
                }
                untilOptimal(core);
                readAll(core);
            }
            try (TestCore core = startWithout(-1)) {
                untilOptimal(core);
                readAll(core);
                rewriteSome(core);
            }
            int refused;
            try (TestCore core = startWithout((lost + 1) % MEMBERS)) {
                refused = readAll(core);
                rewriteSome(core);
                disk(core, (lost + 1) % MEMBERS);
                untilOptimal(core);
                readAll(core);
                for (int stripe = 0; stripe < STRIPES; stripe++) {
                    rewrite(core, stripe);
                }
                assertThat(readAll(core)).as("refused with seed %s", seed).isZero();
                core.assertNoViolations();
            }
            try (TestCore core = startWithout(-1)) {
                assertThat(readAll(core)).as("refused with seed %s", seed).isZero();
            }
            return refused;
        }

        private void rewriteSome(TestCore core) {
            for (int stripe = 0; stripe < STRIPES; stripe++) {
                if (random.nextInt(4) == 0) {
                    rewrite(core, stripe);
                }
            }
        }

        private void rewrite(TestCore core, int stripe) {
            byte[] data = content();
            try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
                open.channel(random.nextInt(2)).write((long) stripe * UNIT, data);
                assertThat(open.channel(random.nextInt(2)).read((long) stripe * UNIT, UNIT))
                        .as("seed %s", seed)
                        .isEqualTo(data);
            }
            allowed.set(stripe, List.of(data));
        }

        private void untilOptimal(TestCore core) {
            for (int i = 0; i < 200 && !isOptimal(core); i++) {
                core.settle();
            }
            assertThat(isOptimal(core)).as("optimal with seed %s", seed).isTrue();
        }

        private static boolean isOptimal(TestCore core) {
            Map<?, ?> info = (Map<?, ?>) ((List<?>) core.call("bdev_raid_get_bdevs", Map.of("category", "all"))).get(0);
            return "optimal".equals(info.get("health")) && !info.containsKey("process");
        }

        private void writeAndLose(TestCore core, List<SimDisk> disks, int lost) {
            TestDescriptor open = core.open("R", OpenMode.WRITE);
            for (int stripe = 0; stripe < STRIPES; stripe++) {
                byte[] first = content();
                open.channel(0).write((long) stripe * UNIT, first);
                allowed.add(new ArrayList<>(List.of(first)));
            }
            List<Integer> order = new ArrayList<>();
            for (int stripe = 0; stripe < STRIPES; stripe++) {
                order.add(stripe);
            }
            Collections.shuffle(order, random);
            List<TestIo> writes = new ArrayList<>();
            for (int stripe : order.subList(0, 16)) {
                byte[] second = content();
                allowed.get(stripe).add(second);
                writes.add(open.channel(stripe % 2).start(IoRequest.write((long) stripe * UNIT, UNIT, second)));
            }
            core.step(random.nextInt(60));
            CompletionStage<Void> gone = disks.get(lost).yank();
            if (settled) {
                core.await(gone);
                core.settle();
            } else {
                // everything between the loss and the moment when it does not matter any more
                core.step(random.nextInt(400));
            }
            for (int i = 0; i < MEMBERS; i++) {
                if (i != lost) {
                    core.await(disks.get(i).cutPower());
                }
            }
            for (int i = 0; i < writes.size(); i++) {
                TestIo write = writes.get(i);
                core.until("a write", write::isDone);
                if (write.status().equals(IoStatus.SUCCESS)) {
                    allowed.get(order.get(i)).remove(0);
                }
            }
        }

        private byte[] content() {
            byte[] content = new byte[UNIT * BLOCK];
            random.nextBytes(content);
            return content;
        }

        private int readAll(TestCore core) {
            int refused = 0;
            try (TestDescriptor open = core.open("R", OpenMode.READ)) {
                for (int block = 0; block < STRIPES * UNIT; block++) {
                    TestIo read = open.channel(block % 2).start(IoRequest.read(block, 1));
                    core.until("a read", read::isDone);
                    if (!read.status().isSuccess()) {
                        refused++;
                        continue;
                    }
                    byte[] found = read.data();
                    int at = block % UNIT * BLOCK;
                    assertThat(allowed.get(block / UNIT).stream()
                                    .anyMatch(one -> Arrays.equals(one, at, at + BLOCK, found, 0, BLOCK)))
                            .as("block %s is old or new, with seed %s", block, seed)
                            .isTrue();
                }
            }
            return refused;
        }
    }
}
