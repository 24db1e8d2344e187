package io.cairn.module.delay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DelayModuleTest {
    private static final String BASE_UUID = "00112233-4455-6677-8899-aabbccddeeff";
    private static final long MILLI = 1_000_000;
    /** What a base that answers at once, messages and turns take at most in the simulation. */
    private static final long SOON = MILLI / 2;
    /** Less than an hour by far, more than what letting the simulation settle takes. */
    private static final long AT_ONCE = 200 * MILLI;

    private final TestCore core = TestCore.simulated(1, 2);
    private final DelayModule module = new DelayModule();

    @BeforeEach
    void start() {
        core.add(module);
    }

    @AfterEach
    void end() {
        core.assertNoViolations();
        core.close();
    }

    @Test
    void describesItselfAsItIsNow() {
        core.disk(SimSettings.of("B", 512, 64).withUuid(UUID.fromString(BASE_UUID)));

        assertThat(create("D", "B", 1, 2, 3, 4)).isEqualTo("D");

        Bdev bdev = core.bdev("D");
        assertThat(bdev.productName()).isEqualTo("delay");
        // SHA-1 of SPDK's name space for delay and the base's UUID, computed elsewhere
        assertThat(bdev.uuid()).hasToString("3f509749-a6d0-50a0-81e4-4f211f2614d4");
        assertThat(core.onApp(bdev::driverSpecific)).isEqualTo(Map.of("delay", params("D", "B", 1, 2, 3, 4)));
        assertThat(update("D", "avg_read", 7)).isEqualTo(true);
        assertThat(update(bdev.uuid().toString(), "p99_write", 9)).isEqualTo(true);
        assertThat(core.onApp(bdev::driverSpecific)).isEqualTo(Map.of("delay", params("D", "B", 7, 2, 3, 9)));
    }

    @Test
    void readsAndWritesAreHeldAndNothingElse() {
        core.disk("B", 512, 64);
        create("D", "B", 10_000, 10_000, 20_000, 20_000);
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            assertThat(time(open, IoRequest.read(0, 1))).isBetween(10 * MILLI, 10 * MILLI + SOON);
            assertThat(time(open, IoRequest.read(0, 1).in(IoRequest.Memory.LENT)))
                    .isBetween(10 * MILLI, 10 * MILLI + SOON);
            assertThat(time(open, IoRequest.write(0, 1, new byte[512]))).isBetween(20 * MILLI, 20 * MILLI + SOON);
            for (IoRequest other : List.of(
                    IoRequest.flush(),
                    IoRequest.unmap(0, 1),
                    IoRequest.writeZeroes(0, 1),
                    IoRequest.compare(0, 1, new byte[512]),
                    IoRequest.seekHole(0),
                    IoRequest.reset())) {
                assertThat(time(open, other)).as("%s", other).isLessThan(2 * SOON);
            }
        }
    }

    @Test
    void oneInAHundredIsSlow() {
        core.disk("B", 512, 64);
        create("D", "B", 1000, 50_000, 1000, 60_000);
        int[] slow = new int[2];
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            for (int i = 0; i < 2000; i++) {
                slow[0] += time(open, IoRequest.read(0, 1)) >= 50 * MILLI ? 1 : 0;
                slow[1] += time(open, IoRequest.write(0, 1, new byte[512])) >= 60 * MILLI ? 1 : 0;
            }
        }
        // 20 expected; four standard deviations to either side
        assertThat(slow[0]).isBetween(3, 38);
        assertThat(slow[1]).isBetween(3, 38);
    }

    @Test
    void anUpdateIsForWhatComesAndHoldsNothingUp() {
        core.disk("B", 512, 64);
        create("D", "B", 1_000_000, 1_000_000, 0, 0);
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            long start = now();
            TestIo before = open.channel(1).start(IoRequest.read(0, 1));
            core.settle();
            update("D", "avg_read", 1000);
            update("D", "p99_read", 1000);

            assertThat(time(open, IoRequest.read(0, 1))).isBetween(MILLI, MILLI + SOON);
            assertThat(before.isDone()).isFalse();
            core.until("the read before the update", before::isDone);
            assertThat(now() - start).isBetween(1000 * MILLI, 1000 * MILLI + SOON);
            assertThat(time(open, IoRequest.write(0, 1, new byte[512]))).isLessThan(SOON);
        }
    }

    @Test
    void anUpgradeTellsAtOnceWhatIsDoneAndHeld() {
        SimDisk disk = core.disk("B", 512, 64);
        create("D", "B", 3_600_000_000L, 3_600_000_000L, 3_600_000_000L, 3_600_000_000L);
        byte[] data = new byte[512];
        data[5] = 5;
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            TestIo write = open.channel(1).start(IoRequest.write(7, 1, data));
            TestIo read = open.channel(0).start(IoRequest.read(0, 1));
            core.settle();
            disk.holdAll();
            TestIo atTheBase = open.channel(1).start(IoRequest.read(1, 1));
            core.settle();
            assertThat(List.of(write, read, atTheBase)).noneMatch(TestIo::isDone);
            long before = disk.given();

            CompletionStage<Hold> holding = core.core().hold("delay", Duration.ofSeconds(10));
            core.settle();
            disk.release();
            Hold hold = core.await(holding);
            core.until("all that was held", () -> write.isDone() && read.isDone() && atTheBase.isDone());
            assertThat(List.of(write, read, atTheBase))
                    .allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
            core.remove(module);
            core.add(new DelayModule());
            assertThat(core.await(hold.over()).adopted()).containsExactly("D");
            core.settle();
            assertThat(disk.given()).as("nothing is done twice").isEqualTo(before);
            update("D", "avg_read", 1000);
            update("D", "p99_read", 2000);
            assertThat(time(open, IoRequest.read(0, 1)))
                    .as("and it is a delay again")
                    .isBetween(MILLI, 2 * MILLI + SOON);
            assertThat(open.channel(0).read(7, 1)).isEqualTo(data);
        }
    }

    @Test
    void whatEndsAtOneTimeEndsInItsOrder() {
        SimDisk disk = core.disk(SimSettings.of("B", 512, 64)
                .withLatency(Duration.ZERO, Duration.ZERO)
                .withChances(0, 0, 0));
        create("D", "B", 5000, 5000, 5000, 5000);
        List<Integer> ended = new ArrayList<>();
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            disk.holdAll();
            List<TestIo> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                int number = i;
                TestIo io = open.channel(1).start(IoRequest.read(i, 1));
                io.done().thenRun(() -> ended.add(number));
                all.add(io);
            }
            core.settle();
            // the base ends all of them in one turn: they are due at the same time
            disk.release();
            core.until("40 reads", () -> all.stream().allMatch(TestIo::isDone));
        }
        assertThat(ended).isSorted().hasSize(40);
    }

    @Test
    void theBasesErrorIsHeldTooAndKeepsItsDetail() {
        SimDisk disk = core.disk("B", 512, 64);
        create("D", "B", 10_000, 10_000, 0, 0);
        disk.inject(SimFault.next(1, IoType.READ, IoStatus.nvme(2, 0x81)));
        try (TestDescriptor open = core.open("D", OpenMode.READ)) {
            long start = now();
            TestIo io = open.channel(1).run(IoRequest.read(0, 1));
            assertThat(io.status()).isSameAs(IoStatus.nvme(2, 0x81));
            assertThat(now() - start).isGreaterThanOrEqualTo(10 * MILLI);
        }
    }

    @Test
    void aHeldIoCanBeAborted() {
        core.disk("B", 512, 64);
        hour();
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            List<TestIo> held = heldReads(open);
            long start = now();
            assertThat(open.channel(1).abort(held.get(1))).isEqualTo(IoStatus.SUCCESS);
            assertThat(held.get(1).status()).isEqualTo(IoStatus.ABORTED);
            assertThat(held.get(0).isDone()).isFalse();
            assertThat(open.channel(1).abort(held.get(0))).isEqualTo(IoStatus.SUCCESS);
            assertThat(open.channel(1).abort(held.get(2))).isEqualTo(IoStatus.SUCCESS);
            assertThat(now() - start).isLessThan(AT_ONCE);
        }
    }

    @Test
    void aResetEndsWhatIsHeldAndWhatItsBaseStillHad() {
        SimDisk disk = core.disk("B", 512, 64);
        hour();
        try (TestDescriptor open = core.open("D", OpenMode.WRITE)) {
            List<TestIo> held = heldReads(open);
            disk.holdAll();
            TestIo atBase = open.channel(1).start(IoRequest.read(3, 1));
            core.settle();
            long start = now();
            TestIo reset = open.channel(0).start(IoRequest.reset());
            core.settle();
            disk.release();
            core.until("the reset", reset::isDone);
            assertThat(reset.status()).isEqualTo(IoStatus.SUCCESS);
            assertThat(held).allMatch(TestIo::isDone);
            core.until("the read that was at the base", atBase::isDone);
            assertThat(now() - start).isLessThan(AT_ONCE);

            // and it goes on holding
            update("D", "avg_read", 10_000);
            update("D", "p99_read", 10_000);
            assertThat(time(open, IoRequest.read(0, 1))).isGreaterThanOrEqualTo(10 * MILLI);
        }
    }

    @Test
    void aRemovalEndsWhatIsHeldAtOnceAsItEndedInTheBase() {
        SimDisk disk = core.disk("B", 512, 64);
        hour();
        TestDescriptor open = core.open("D", OpenMode.WRITE);
        List<TestIo> held = heldReads(open);
        disk.holdAll();
        TestIo atBase = open.channel(1).start(IoRequest.read(3, 1));
        core.settle();
        long start = now();
        CompletionStage<Object> deleted = core.start("bdev_delay_delete", Map.of("name", "D"));
        core.until("what was held", () -> held.stream().allMatch(TestIo::isDone));
        disk.release();
        core.await(deleted);

        assertThat(held).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
        assertThat(atBase.status()).isEqualTo(IoStatus.SUCCESS);
        assertThat(now() - start).isLessThan(AT_ONCE);
    }

    private void hour() {
        create("D", "B", 3_600_000_000L, 3_600_000_000L, 3_600_000_000L, 3_600_000_000L);
    }

    private List<TestIo> heldReads(TestDescriptor open) {
        List<TestIo> held = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            held.add(open.channel(1).start(IoRequest.read(i, 1)));
        }
        core.settle();
        core.settle();
        assertThat(held).noneMatch(TestIo::isDone);
        return held;
    }

    @Test
    void updatesAreSavedAlsoWhereACreationWouldRefuseThem() {
        create("D", "missing", 10, 20, 30, 40);
        update("D", "avg_read", 15);
        update("D", "p99_write", 5);

        List<ConfigEntry> saved = core.onApp(module::configuration);
        assertThat(saved)
                .containsExactly(
                        new ConfigEntry("bdev_delay_create", params("D", "missing", 15, 20, 30, 30)),
                        new ConfigEntry(
                                "bdev_delay_update_latency",
                                Map.of("delay_bdev_name", "D", "latency_type", "p99_write", "latency_us", 5L)));

        core.remove(module);
        DelayModule again = new DelayModule();
        core.add(again);
        assertThat(core.onApp(again::configuration)).isEqualTo(saved);
    }

    @Test
    void refusesWhatCannotBe() {
        core.disk("B", 512, 64);
        core.disk("C", 512, 64);
        create("D", "B", 1, 1, 1, 1);
        List<String> before = core.state();
        List<ConfigEntry> configured = core.onApp(module::configuration);

        assertRefused(params("D", "C", 1, 1, 1, 1), -17, "delay 'D' exists, on base 'B'");
        assertRefused(params("C", "missing", 1, 1, 1, 1), -17, "C");
        assertRefused(params("X", "X", 1, 1, 1, 1), -22, "'X' cannot be built on base 'X'");
        assertRefused(params("X", "B", 1, 1, 1, 1), -1, "B");
        assertRefused(params("X", "C", 2, 1, 1, 1), -22, "delay 'X': p99_read_latency 1 us is less than");
        assertRefused(params("X", "C", 1, 1, 5, 4), -22, "delay 'X': p99_write_latency 4 us is less than");
        assertRefused(params("X", "C", -1, 1, 1, 1), -32603, "avg_read_latency");
        assertRefused(params("X", "C", 1, Long.MAX_VALUE, 1, 1), -32603, "p99_read_latency");
        assertRefused(Map.of("name", "X", "base_bdev_name", "C"), -32603, "avg_read_latency");
        assertRefused("bdev_delay_delete", Map.of("name", "B"), -19, "B belongs to module");
        assertRefused("bdev_delay_delete", Map.of("name", "X"), -19, "X");
        assertRefused(
                "bdev_delay_update_latency",
                updating("X", "avg_read", 1),
                -32602,
                "The requested bdev does not exist.");
        assertRefused(
                "bdev_delay_update_latency",
                updating("B", "avg_read", 1),
                -32600,
                "The requested bdev is not a delay bdev.");
        assertRefused("bdev_delay_update_latency", updating("D", "median", 1), -32603, "latency_type");
        assertRefused("bdev_delay_update_latency", updating("D", "avg_read", -1), -32603, "latency_us");

        assertThat(core.state()).isEqualTo(before);
        assertThat(core.onApp(module::configuration)).isEqualTo(configured);
    }

    private long now() {
        return core.reactor(1).clockNanos();
    }

    private long time(TestDescriptor open, IoRequest request) {
        long start = now();
        TestIo io = open.channel(1).run(request);
        assertThat(io.status()).as("%s", request).isEqualTo(IoStatus.SUCCESS);
        return now() - start;
    }

    private Object create(String name, String base, long avgRead, long p99Read, long avgWrite, long p99Write) {
        return core.call("bdev_delay_create", params(name, base, avgRead, p99Read, avgWrite, p99Write));
    }

    private static Map<String, Object> params(
            String name, String base, long avgRead, long p99Read, long avgWrite, long p99Write) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev_name", base);
        params.put("name", name);
        params.put("avg_read_latency", avgRead);
        params.put("p99_read_latency", p99Read);
        params.put("avg_write_latency", avgWrite);
        params.put("p99_write_latency", p99Write);
        return params;
    }

    private Object update(String name, String kind, long micros) {
        return core.call("bdev_delay_update_latency", updating(name, kind, micros));
    }

    private static Map<String, Object> updating(String name, String kind, long micros) {
        return Map.of("delay_bdev_name", name, "latency_type", kind, "latency_us", micros);
    }

    private void assertRefused(Map<String, Object> params, int code, String message) {
        assertRefused("bdev_delay_create", params, code, message);
    }

    private void assertRefused(String operation, Map<String, Object> params, int code, String message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
