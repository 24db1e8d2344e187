package io.cairn.module.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorModuleTest {
    private static final String BASE_UUID = "00112233-4455-6677-8899-aabbccddeeff";
    private static final Map<String, IoRequest> REQUESTS = Map.of(
            "read", IoRequest.read(3, 1),
            "write", IoRequest.write(3, 1, new byte[512]),
            "unmap", IoRequest.unmap(3, 1),
            "flush", IoRequest.flush());

    private final TestCore core = TestCore.simulated(1, 2);
    private final ErrorModule module = new ErrorModule();

    @BeforeEach
    void start() {
        core.add(module);
    }

    @AfterEach
    void end() {
        core.assertNothingOut();
        core.assertNoViolations();
        core.close();
    }

    @Test
    void isNamedAfterItsBase() {
        core.disk(SimSettings.of("B", 512, 64).withUuid(UUID.fromString(BASE_UUID)));

        assertThat(core.call("bdev_error_create", Map.of("base_name", "B"))).isEqualTo(true);

        Bdev bdev = core.bdev("EE_B");
        assertThat(bdev.productName()).isEqualTo("Error Injection Disk");
        // SHA-1 of SPDK's name space for parts, the base's UUID, 0 and 64, computed elsewhere
        assertThat(bdev.uuid()).hasToString("1789111a-2c94-57d3-8671-f29fc13875ad");
        assertThat(core.onApp(bdev::driverSpecific)).isEqualTo(Map.of("error_disk", Map.of("base_bdev", "B")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"read", "write", "unmap", "flush"})
    void failsSoManyOfOneType(String type) {
        SimDisk disk = make();
        inject(type, "failure", "num", 2L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            for (Map.Entry<String, IoRequest> other : REQUESTS.entrySet()) {
                if (!other.getKey().equals(type)) {
                    assertThat(status(open, other.getValue())).isEqualTo(IoStatus.SUCCESS);
                }
            }
            long before = disk.given();
            assertThat(status(open, REQUESTS.get(type))).isEqualTo(IoStatus.FAILED);
            assertThat(open.channel(0).run(REQUESTS.get(type)).status()).isEqualTo(IoStatus.FAILED);
            assertThat(disk.given()).as("I/O that reached the base").isEqualTo(before);
            assertThat(status(open, REQUESTS.get(type))).isEqualTo(IoStatus.SUCCESS);
        }
    }

    @Test
    void allAreFourTypesWithACountEach() {
        make();
        inject("all", "nvme_failure", "nvme_sct", 2L, "nvme_sc", 0x81L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            REQUESTS.values()
                    .forEach(request -> assertThat(status(open, request)).isSameAs(IoStatus.nvme(2, 0x81)));
            REQUESTS.values()
                    .forEach(request -> assertThat(status(open, request)).isEqualTo(IoStatus.SUCCESS));
            assertThat(status(open, IoRequest.writeZeroes(0, 1))).isEqualTo(IoStatus.SUCCESS);
        }
    }

    @Test
    void aLaterInjectionReplacesAnEarlierOneAndNoneIsNone() {
        make();
        inject("read", "failure", "num", 100L);
        inject("read", "nvme_failure", "nvme_sct", 0L, "nvme_sc", 6L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            assertThat(status(open, IoRequest.read(0, 1))).isSameAs(IoStatus.nvme(0, 6));
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.SUCCESS);
            inject("read", "failure", "num", 0L);
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.SUCCESS);
            inject("all", "failure", "num", 100L);
            inject("clear", "failure");
            REQUESTS.values()
                    .forEach(request -> assertThat(status(open, request)).isEqualTo(IoStatus.SUCCESS));
        }
    }

    @Test
    void noMemoryIsNotSeenAbove() {
        make();
        inject("all", "nomem", "num", 7L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            List<TestIo> all = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                all.add(open.channel(1).start(IoRequest.write(i, 1, new byte[512])));
            }
            core.until("30 writes", () -> all.stream().allMatch(TestIo::isDone));
            assertThat(all).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
        }
    }

    @Test
    void onlyBeyondAQueueDepth() {
        SimDisk disk = make();
        inject("read", "failure", "num", 100L, "queue_depth", 3L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            disk.holdAll();
            List<TestIo> all = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                all.add(open.channel(1).start(IoRequest.read(i, 1)));
            }
            TestIo elsewhere = open.channel(0).start(IoRequest.read(9, 1));
            core.settle();
            disk.release();
            core.until("the reads", () -> all.stream().allMatch(TestIo::isDone) && elsewhere.isDone());
            assertThat(all.subList(0, 3))
                    .allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
            assertThat(all.subList(3, 5))
                    .allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.FAILED));
            assertThat(elsewhere.status()).isEqualTo(IoStatus.SUCCESS);
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.SUCCESS);
        }
    }

    // ---- pending ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pendingGoesOnWhenItIsResumedOrCleared(boolean resume) {
        SimDisk disk = make();
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            byte[] data = data(512);
            inject("all", "pending", "num", 100L);
            long before = disk.given();
            List<TestIo> kept = List.of(
                    open.channel(0).start(IoRequest.write(5, 1, data)),
                    open.channel(1).start(IoRequest.read(0, 1).in(IoRequest.Memory.LENT)),
                    open.channel(1).start(IoRequest.flush()));
            core.settle();
            assertThat(kept).noneMatch(TestIo::isDone);
            assertThat(disk.given()).isEqualTo(before);

            assertThat(
                            resume
                                    ? core.call("bdev_error_resume_pending", Map.of("name", "EE_B"))
                                    : inject("clear", "failure"))
                    .isEqualTo(true);
            core.until("what was pending", () -> kept.stream().allMatch(TestIo::isDone));
            assertThat(kept).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
            assertThat(open.channel(0).read(5, 1)).isEqualTo(data);
        }
    }

    @Test
    void resumingLeavesOtherFaults() {
        make();
        inject("write", "failure", "num", 1L);
        inject("read", "pending", "num", 1L);
        core.call("bdev_error_resume_pending", Map.of("name", "EE_B"));
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.SUCCESS);
            assertThat(status(open, IoRequest.write(0, 1, new byte[512]))).isEqualTo(IoStatus.FAILED);
        }
    }

    @Test
    void pendingCanBeAborted() {
        make();
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            List<TestIo> kept = pendingReads(open);
            assertThat(open.channel(1).abort(kept.get(1))).isEqualTo(IoStatus.SUCCESS);
            assertThat(kept.get(1).status()).isEqualTo(IoStatus.ABORTED);
            assertThat(kept.get(0).isDone()).isFalse();
            core.call("bdev_error_resume_pending", Map.of("name", "EE_B"));
            core.until("the others", () -> kept.stream().allMatch(TestIo::isDone));
            assertThat(kept.get(0).status()).isEqualTo(IoStatus.SUCCESS);
        }
    }

    @Test
    void aResetEndsWhatIsPendingOnAllReactors() {
        make();
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            List<TestIo> kept = pendingReads(open);
            assertThat(open.channel(0).run(IoRequest.reset()).status()).isEqualTo(IoStatus.SUCCESS);
            assertThat(kept).allMatch(TestIo::isDone);
            assertThat(kept).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.ABORTED));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deletion", "the base's removal", "the module's end"})
    void aRemovalEndsWhatIsPending(String how) {
        SimDisk disk = make();
        TestDescriptor open = core.open("EE_B", OpenMode.WRITE);
        List<TestIo> kept = pendingReads(open);
        CompletionStage<?> gone =
                switch (how) {
                    case "deletion" -> core.start("bdev_error_delete", Map.of("name", "EE_B"));
                    case "the base's removal" -> disk.remove();
                    default -> core.core().remove(module);
                };
        core.await(gone);
        assertThat(kept).allMatch(TestIo::isDone);
        assertThat(kept).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.NO_DEVICE));
        assertThat(core.find("EE_B")).isEmpty();
    }

    /** More than there are I/O objects: none is left to abort what is stuck with. */
    @Test
    void aRemovalAboveEndsWhatIsPendingHoweverMuchItIs() {
        make();
        core.add(new PassthruModule());
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        inject("read", "pending", "num", 10_000L);
        TestDescriptor open = core.open("P", OpenMode.WRITE);
        List<TestIo> all = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(open.channel(1).start(IoRequest.read(i % 64, 1)));
        }
        core.settle();
        long start = core.reactor(0).clockNanos();
        core.call("bdev_passthru_delete", Map.of("name", "P"));
        assertThat(Duration.ofNanos(core.reactor(0).clockNanos() - start))
                .as("I/O is aborted long before its holder would be revoked")
                .isLessThan(Duration.ofSeconds(2));
        assertThat(all).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.NO_DEVICE));
        assertThat(core.bdev("EE_B").claims()).isEmpty();
    }

    @Test
    void aRemovalAboveLeavesTimeToWhatEndsByItself() {
        SimDisk disk = make();
        core.add(new PassthruModule());
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        TestDescriptor open = core.open("P", OpenMode.WRITE);
        disk.holdAll();
        TestIo write = open.channel(1).start(IoRequest.write(0, 1, data(512)));
        core.settle();
        CompletionStage<Object> gone = core.start("bdev_passthru_delete", Map.of("name", "P"));
        core.settle();
        disk.release();
        core.await(gone);
        assertThat(write.status()).isEqualTo(IoStatus.SUCCESS);
    }

    /** The core splits the write, above and below: each piece is kept. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thePiecesThatArePendingAreEndedToo(boolean byRemovalAbove) {
        core.disk(
                SimSettings.of("B", 512, 64).withLimits(new IoLimits(0, 0, 0, false, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
        core.call("bdev_error_create", Map.of("base_name", "B"));
        if (byRemovalAbove) {
            core.add(new PassthruModule());
            core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        }
        inject("write", "pending", "num", 10_000L);
        TestDescriptor open = core.open(byRemovalAbove ? "P" : "EE_B", OpenMode.WRITE);
        TestIo write = open.channel(1).start(IoRequest.write(0, 32, data(32 * 512)));
        core.settle();
        assertThat(write.isDone()).isFalse();
        long start = core.reactor(0).clockNanos();
        if (byRemovalAbove) {
            core.call("bdev_passthru_delete", Map.of("name", "P"));
            assertThat(write.status()).isEqualTo(IoStatus.NO_DEVICE);
        } else {
            assertThat(open.channel(1).abort(write)).isEqualTo(IoStatus.SUCCESS);
            assertThat(write.status()).isEqualTo(IoStatus.ABORTED);
            open.close();
        }
        assertThat(Duration.ofNanos(core.reactor(0).clockNanos() - start)).isLessThan(Duration.ofSeconds(2));
    }

    /** As many as there are I/O objects: the reset must not wait for one of those that it is to end. */
    @Test
    void aResetFromAboveEndsWhatIsPendingHoweverMuchItIs() {
        make();
        core.add(new PassthruModule());
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        inject("read", "pending", "num", 10_000L);
        try (TestDescriptor open = core.open("P", OpenMode.WRITE)) {
            for (int round = 0; round < 3; round++) {
                List<TestIo> all = new ArrayList<>();
                for (int i = 0; i < 256; i++) {
                    all.add(open.channel(1).start(IoRequest.read(i % 64, 1)));
                }
                core.settle();
                assertThat(open.channel(1).run(IoRequest.reset()).status()).isEqualTo(IoStatus.SUCCESS);
                assertThat(all).allMatch(TestIo::isDone);
                assertThat(all).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.ABORTED));
            }
            inject("clear", "failure");
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.SUCCESS);
        }
    }

    // ---- what an operator sees of it ----

    @Test
    void whyTellsHowMuchIsOutWhereAndForHowLong() {
        make();
        core.add(new PassthruModule());
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        inject("read", "pending", "num", 3L);
        try (TestDescriptor open = core.open("P", OpenMode.WRITE)) {
            List<TestIo> kept = List.of(
                    open.channel(1).start(IoRequest.read(7, 2)),
                    open.channel(0).start(IoRequest.read(8, 1)),
                    open.channel(0).start(IoRequest.read(9, 1)));
            core.settle();
            long start = core.reactor(0).clockNanos();
            core.reactor(0).after(Duration.ofSeconds(3).toNanos(), () -> {});
            core.until(
                    "3 s",
                    () -> core.reactor(0).clockNanos() - start
                            >= Duration.ofSeconds(3).toNanos());
            for (String name : List.of("P", "EE_B")) {
                List<Map<?, ?>> out = outstanding(core, name);
                Map<?, ?> lowest = out.get(out.size() - 1);
                assertThat(lowest.get("bdev")).as("asked for %s", name).isEqualTo("EE_B");
                assertThat(lowest.get("module")).isEqualTo("error");
                assertThat(lowest.get("in_module")).isEqualTo(3L);
                assertThat((Long) lowest.get("oldest_ms")).isBetween(3000L, 3500L);
                assertThat((String) lowest.get("text"))
                        .contains("bdev EE_B: module error has 3 I/Os, the oldest has been out for 3.")
                        .contains("(READ of 2 blocks at 7 of EE_B)");
            }
            assertThat(outstanding(core, "P").get(0).get("bdev")).isEqualTo("P");
            assertThat(outstanding(core, "B")).isEmpty();
            core.call("bdev_error_resume_pending", Map.of("name", "EE_B"));
            core.until("the reads", () -> kept.stream().allMatch(TestIo::isDone));
            assertThat(outstanding(core, "P")).isEmpty();
        }
    }

    @Test
    void whyDoesNotWaitForAReactorThatIsBlocked() throws InterruptedException {
        try (TestCore threads = TestCore.onThreads(2)) {
            threads.add(new ErrorModule());
            threads.disk("B", 512, 64);
            threads.call("bdev_error_create", Map.of("base_name", "B"));
            CountDownLatch asked = new CountDownLatch(1);
            CountDownLatch blocked = new CountDownLatch(1);
            threads.reactor(1).execute(() -> {
                blocked.countDown();
                try {
                    asked.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            blocked.await();
            try {
                assertThat((String) outstanding(threads, "EE_B").get(0).get("text"))
                        .contains("not counted on " + threads.reactor(1).name() + ", which does not answer");
            } finally {
                asked.countDown();
            }
        }
    }

    private static List<Map<?, ?>> outstanding(TestCore core, String name) {
        Map<?, ?> why = (Map<?, ?>) core.call("bdev_why", Map.of("name", name));
        List<Map<?, ?>> all = new ArrayList<>();
        for (Object reason : (List<?>) why.get("reasons")) {
            if (((Map<?, ?>) reason).get("reason").equals("io_outstanding")) {
                all.add((Map<?, ?>) reason);
            }
        }
        return all;
    }

    // ---- the module's exchange ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pendingAndFaultsOutliveAnUpgrade(boolean twice) {
        SimDisk disk = make();
        byte[] data = data(512);
        inject("write", "pending", "num", 2L);
        inject("flush", "nvme_failure", "nvme_sct", 2L, "nvme_sc", 0x81L, "num", 1L);
        inject("unmap", "failure", "num", 1L);
        inject("read", "corrupt_data", "corrupt_offset", 3L, "corrupt_value", 9L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            List<TestIo> kept = List.of(
                    open.channel(0).start(IoRequest.write(5, 1, data)),
                    open.channel(1).start(IoRequest.write(6, 1, data)));
            core.settle();
            long before = disk.given();

            Hold hold = core.await(core.core().hold("error", Duration.ofSeconds(10)));
            core.remove(module);
            if (twice) {
                ErrorModule between = new ErrorModule();
                core.add(between);
                hold = core.await(core.core().hold("error", Duration.ofSeconds(10)));
                core.remove(between);
            }
            ErrorModule next = new ErrorModule();
            core.add(next);
            assertThat(core.await(hold.over()).adopted()).containsExactly("EE_B");

            core.settle();
            assertThat(kept).as("pending as before").noneMatch(TestIo::isDone);
            assertThat(disk.given()).isEqualTo(before);
            assertThat(status(open, IoRequest.write(7, 1, data)))
                    .as("no more are kept than were to be")
                    .isEqualTo(IoStatus.SUCCESS);
            assertThat(status(open, IoRequest.flush())).isSameAs(IoStatus.nvme(2, 0x81));
            assertThat(status(open, IoRequest.unmap(0, 1))).isEqualTo(IoStatus.FAILED);
            assertThat(open.channel(1).read(7, 1)[3]).isEqualTo((byte) (data[3] ^ 9));
            core.call("bdev_error_resume_pending", Map.of("name", "EE_B"));
            core.until("what was pending", () -> kept.stream().allMatch(TestIo::isDone));
            assertThat(kept).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
            assertThat(open.channel(0).read(5, 1)).isEqualTo(data);
            assertThat(open.channel(0).read(6, 1)).isEqualTo(data);
        }
    }

    /** What the module above waits for is in its base: it has nothing to give back, and the operator is told where the I/O is. */
    @Test
    void anUpgradeAboveWhatIsPendingIsCalledOffAndNamesIt() {
        make();
        PassthruModule passthru = new PassthruModule();
        core.add(passthru);
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "EE_B"));
        inject("read", "pending", "num", 2L);
        try (TestDescriptor open = core.open("P", OpenMode.WRITE)) {
            List<TestIo> kept = List.of(
                    open.channel(0).start(IoRequest.read(5, 1)), open.channel(1).start(IoRequest.read(6, 2)));
            core.settle();
            assertThatThrownBy(() -> core.await(core.core().hold("passthru", Duration.ofSeconds(10))))
                    .hasMessageContainingAll(
                            "module passthru is not upgraded", "bdev P", "module passthru has 2 I/Os", "READ of");
            assertThat(kept).noneMatch(TestIo::isDone);
            assertThat(status(open, IoRequest.write(0, 1, data(512))))
                    .as("nothing is held any more")
                    .isEqualTo(IoStatus.SUCCESS);
            core.call("bdev_error_resume_pending", Map.of("name", "EE_B"));
            core.until("what was pending", () -> kept.stream().allMatch(TestIo::isDone));
            assertThat(kept).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
        }
    }

    @Test
    void isTheSameBdevAfterAnUpgradeWhenTheBaseHasGrown() {
        SimDisk disk = make();
        UUID before = core.bdev("EE_B").uuid();
        core.await(disk.resize(disk.bdev().numBlocks() * 2));
        core.settle();
        assertThat(core.bdev("EE_B").uuid()).isEqualTo(before);

        ErrorModule next = new ErrorModule();
        for (ErrorModule[] exchange : new ErrorModule[][] {{module, next}, {next, new ErrorModule()}}) {
            Hold hold = core.await(core.core().hold("error", Duration.ofSeconds(10)));
            core.remove(exchange[0]);
            core.add(exchange[1]);
            assertThat(core.await(hold.over()).adopted()).containsExactly("EE_B");
        }

        assertThat(core.bdev("EE_B").uuid()).isEqualTo(before);
        assertThat(core.bdev("EE_B").numBlocks()).isEqualTo(disk.bdev().numBlocks());
    }

    private List<TestIo> pendingReads(TestDescriptor open) {
        inject("read", "pending", "num", 3L);
        List<TestIo> kept = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            kept.add(open.channel(i == 2 ? 0 : 1).start(IoRequest.read(i, 1)));
        }
        core.settle();
        assertThat(kept).noneMatch(TestIo::isDone);
        return kept;
    }

    // ---- changed data ----

    @ParameterizedTest
    @EnumSource(IoRequest.Memory.class)
    void aReadIsChangedInOneByteAfterTheBaseHasRead(IoRequest.Memory memory) {
        SimDisk disk = make();
        Random random = new Random(1);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            byte[] data = data(4 * 512);
            open.channel(1).write(8, data);
            for (int i = 0; i < 40; i++) {
                int at = i == 0 ? 0 : i == 1 ? data.length - 1 : random.nextInt(data.length);
                int bits = 1 + random.nextInt(255);
                inject("read", "corrupt_data", "corrupt_offset", (long) at, "corrupt_value", (long) bits);
                byte[] expected = data.clone();
                expected[at] ^= (byte) bits;

                // too short for that byte: passes and is not counted
                if (at >= 512) {
                    assertThat(open.channel(1).read(8, 1)).isEqualTo(Arrays.copyOf(data, 512));
                }
                TestIo io = open.channel(1).run(IoRequest.read(8, 4).in(memory));
                assertThat(io.status()).isEqualTo(IoStatus.SUCCESS);
                assertThat(io.data()).isEqualTo(expected);
                assertThat(open.channel(1).read(8, 4)).isEqualTo(data);
            }
            for (int block = 0; block < 4; block++) {
                assertThat(disk.medium().read(8 + block))
                        .isEqualTo(Arrays.copyOfRange(data, block * 512, (block + 1) * 512));
            }
        }
    }

    /** A base that lends one page of zeroes to all who read holes: that page must stay what it is. */
    @Test
    void aChangedReadOfAHoleLeavesOtherHolesAlone() {
        make();
        inject("read", "corrupt_data", "corrupt_offset", 3L, "corrupt_value", 1L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.READ)) {
            byte[] expected = new byte[512];
            expected[3] = 1;
            IoRequest lent = IoRequest.read(20, 1).in(IoRequest.Memory.LENT);
            assertThat(open.channel(1).run(lent).data()).isEqualTo(expected);
            assertThat(open.channel(1).run(lent).data()).containsOnly(0);
        }
    }

    /** {@code TestChannel} checks after each write that the submitter's memory is what it was. */
    @ParameterizedTest
    @ValueSource(ints = {1, 512, 4096})
    void aWriteIsChangedInOneByteOnItsWayToTheBase(int alignment) {
        SimDisk disk = core.disk(SimSettings.of("B", 512, 64)
                .withLimits(new IoLimits(alignment, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
        core.call("bdev_error_create", Map.of("base_name", "B"));
        Random random = new Random(2);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            for (int i = 0; i < 40; i++) {
                byte[] data = data(4 * 512);
                int at = i == 0 ? 0 : i == 1 ? data.length - 1 : random.nextInt(data.length);
                int bits = 1 + random.nextInt(255);
                inject("write", "corrupt_data", "corrupt_offset", (long) at, "corrupt_value", (long) bits);
                byte[] expected = data.clone();
                expected[at] ^= (byte) bits;

                IoRequest.Memory memory = random.nextBoolean() ? IoRequest.Memory.PIECES : IoRequest.Memory.ONE_PIECE;
                TestIo io = open.channel(1).run(IoRequest.write(8, 4, data).in(memory));
                assertThat(io.status()).isEqualTo(IoStatus.SUCCESS);
                for (int block = 0; block < 4; block++) {
                    assertThat(disk.medium().read(8 + block))
                            .isEqualTo(Arrays.copyOfRange(expected, block * 512, (block + 1) * 512));
                }
                open.channel(1).write(8, data);
                assertThat(open.channel(1).read(8, 4)).isEqualTo(data);
            }
        }
    }

    @Test
    void changingDataConcernsReadsAndWritesOnly() {
        make();
        inject("all", "corrupt_data", "num", 1L, "corrupt_value", 1L);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            assertThat(status(open, IoRequest.unmap(0, 1))).isEqualTo(IoStatus.SUCCESS);
            assertThat(status(open, IoRequest.flush())).isEqualTo(IoStatus.SUCCESS);
        }
    }

    // ---- definition ----

    @Test
    void faultsStayWhileTheBaseIsAwayAndAreNotSaved() {
        SimDisk disk = make();
        inject("read", "failure");
        core.await(disk.remove());
        core.disk("B", 512, 64);
        core.settle();
        try (TestDescriptor open = core.open("EE_B", OpenMode.READ)) {
            assertThat(status(open, IoRequest.read(0, 1))).isEqualTo(IoStatus.FAILED);
        }
        assertThat(core.onApp(module::configuration))
                .containsExactly(new ConfigEntry("bdev_error_create", Map.of("base_name", "B")));
    }

    @Test
    void aUuidThatWasGivenIsKeptAndSaved() {
        core.disk("B", 512, 64);
        core.call("bdev_error_create", Map.of("base_name", "B", "uuid", BASE_UUID));

        assertThat(core.bdev("EE_B").uuid()).hasToString(BASE_UUID);
        assertThat(core.onApp(module::configuration).get(0).params()).containsEntry("uuid", BASE_UUID);
    }

    @Test
    void refusesWhatCannotBe() {
        make();
        core.disk("C", 512, 64);
        core.disk("EE_C", 512, 64);
        core.call("bdev_error_create", Map.of("base_name", "missing"));
        List<String> before = core.state();
        List<ConfigEntry> configured = core.onApp(module::configuration);

        assertRefused("bdev_error_create", Map.of("base_name", "B"), -17, "error 'EE_B' exists, on base 'B'");
        assertRefused("bdev_error_create", Map.of("base_name", "C"), -17, "EE_C");
        assertRefused("bdev_error_create", Map.of("base_name", ""), -22, "base");
        assertRefused("bdev_error_create", Map.of("name", "C"), -32602, "name");
        assertRefused("bdev_error_create", Map.of("base_name", "C", "uuid", "no"), -32602, "uuid");
        assertRefused("bdev_error_delete", Map.of("name", "B"), -19, "B belongs to module");
        assertRefused("bdev_error_delete", Map.of("name", "X"), -19, "X");
        assertRefused("bdev_error_delete", Map.of(), -32602, "name");
        assertRefused("bdev_error_resume_pending", Map.of("name", "X"), -19, "'X': there is no such bdev");
        assertRefused("bdev_error_resume_pending", Map.of("name", "B"), -19, "'B' is no error bdev");
        assertInjectionRefused(-19, "'X': there is no such bdev", "read", "failure", "name", "X");
        assertInjectionRefused(-19, "'B' is no error bdev", "read", "failure", "name", "B");
        assertInjectionRefused(-19, "waits for its base 'missing'", "read", "failure", "name", "EE_missing");
        assertInjectionRefused(-22, "nvme_sct or nvme_sc should be specified", "read", "nvme_failure");
        assertInjectionRefused(-22, "nvme_sct or nvme_sc should be specified", "read", "failure", "nvme_sc", 1L);
        assertInjectionRefused(-22, "nvme_sct 8", "read", "nvme_failure", "nvme_sct", 8L);
        assertInjectionRefused(-22, "nvme_sc 256", "read", "nvme_failure", "nvme_sc", 256L);
        assertInjectionRefused(-22, "corrupt_value 0", "read", "corrupt_data");
        assertInjectionRefused(-32602, "io_type", "reset", "failure");
        assertInjectionRefused(-32602, "error_type", "read", "fire");
        assertInjectionRefused(-32602, "num", "read", "failure", "num", -1L);
        assertInjectionRefused(-32602, "num", "read", "failure", "num", 1L << 32);
        assertInjectionRefused(-32602, "corrupt_value", "read", "corrupt_data", "corrupt_value", 256L);

        assertThat(core.state()).isEqualTo(before);
        assertThat(core.onApp(module::configuration)).isEqualTo(configured);
        try (TestDescriptor open = core.open("EE_B", OpenMode.WRITE)) {
            REQUESTS.values()
                    .forEach(request -> assertThat(status(open, request)).isEqualTo(IoStatus.SUCCESS));
        }
    }

    private SimDisk make() {
        SimDisk disk = core.disk("B", 512, 64);
        core.call("bdev_error_create", Map.of("base_name", "B"));
        return disk;
    }

    private static IoStatus status(TestDescriptor open, IoRequest request) {
        return open.channel(1).run(request).status();
    }

    private static byte[] data(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    private Object inject(String ioType, String errorType, Object... more) {
        return core.call("bdev_error_inject_error", injecting(ioType, errorType, more));
    }

    private static Map<String, Object> injecting(String ioType, String errorType, Object... more) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "EE_B");
        params.put("io_type", ioType);
        params.put("error_type", errorType);
        for (int i = 0; i < more.length; i += 2) {
            params.put((String) more[i], more[i + 1]);
        }
        return params;
    }

    private void assertInjectionRefused(int code, String message, String ioType, String errorType, Object... more) {
        assertRefused("bdev_error_inject_error", injecting(ioType, errorType, more), code, message);
    }

    private void assertRefused(String operation, Map<String, Object> params, int code, String message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
