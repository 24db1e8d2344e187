package io.cairn.module.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.operations.OperationException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitModuleTest {
    private static final long MIB_BLOCKS = 2048;

    private final TestCore core = TestCore.simulated(1, 2);
    private final SplitModule module = new SplitModule();

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
    void partsDescribeThemselves() {
        core.disk(SimSettings.of("B", 512, 201).withUuid(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff")));

        assertThat(create("B", 2, 0)).isEqualTo(List.of("Bp0", "Bp1"));

        Bdev part = core.bdev("Bp1");
        assertThat(part.productName()).isEqualTo("Split Disk");
        assertThat(part.numBlocks()).isEqualTo(100);
        assertThat(part.baseNames()).containsExactly("B");
        // SHA-1 of SPDK's name space for parts, the base's UUID, first block and size, computed elsewhere
        assertThat(core.bdev("Bp0").uuid()).hasToString("bd679202-3b1f-54f4-bad8-19e6c21e4b85");
        assertThat(part.uuid()).hasToString("cd43fda1-5b7b-5f0d-a8b1-9a98bd33363b");
        assertThat(core.onApp(part::driverSpecific))
                .isEqualTo(Map.of("split", Map.of("base_bdev", "B", "offset_blocks", 100L)));
        assertThat(module.configuration().get(0).params())
                .containsExactly(
                        Map.entry("base_bdev", "B"), Map.entry("split_count", 2L), Map.entry("split_size_mb", 0L));
    }

    @ParameterizedTest
    @CsvSource({
        // parts wanted, MiB each, parts made, blocks each, of a base of 10 MiB
        "3, 0, 3, 6826",
        "1, 0, 1, 20480",
        "4, 2, 4, 4096",
        "5, 2, 5, 4096",
        "6, 2, 5, 4096",
        "4294967295, 3, 3, 6144",
        "2, 10, 1, 20480"
    })
    void asManyPartsAreMadeAsFit(long count, long mib, int made, long blocks) {
        core.disk("B", 512, 10 * MIB_BLOCKS);

        assertThat((List<?>) create("B", count, mib)).hasSize(made);

        for (int i = 0; i < made; i++) {
            assertThat(core.bdev("Bp" + i).numBlocks()).isEqualTo(blocks);
        }
    }

    @Test
    void partsBeginWhereTheBaseCanWrite() {
        core.disk(SimSettings.of("B", 512, 100)
                .withLimits(new IoLimits(0, 0, 16, true, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));

        create("B", 3, 0);

        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(32);
        assertThat(core.bdev("Bp1").limits().writeUnitBlocks()).isEqualTo(8);
        assertThat(core.bdev("Bp1").limits().optimalIoBoundary()).isEqualTo(16);
    }

    @Test
    void aBoundaryThatDoesNotFitThePartIsNotReported() {
        core.disk(SimSettings.of("B", 512, 100)
                .withLimits(new IoLimits(0, 0, 16, true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));

        create("B", 3, 0);

        assertThat(core.bdev("Bp0").limits().splitOnBoundary()).isTrue();
        assertThat(core.bdev("Bp1").limits().splitOnBoundary()).isFalse();
        assertThat(core.bdev("Bp1").limits().optimalIoBoundary()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0          | 0                   | split_count must be at least 1
            65         | 0                   | not enough for one part of 65 equal ones
            4          | 1                   | not enough for one part of 1 MiB
            1          | 9223372036854775807 | more than 2^63 bytes
            """)
    void refusesWhatMakesNoPart(long count, long mib, String message) {
        core.disk("B", 512, 64);

        assertRefused(
                "bdev_split_create",
                params("B", count, mib),
                "Failed to create " + count + " split bdevs from 'B': Invalid argument: ",
                message);

        assertThat(module.configuration()).isEmpty();
        assertThat(core.bdev("B").claims()).isEmpty();
        assertThat(core.state()).hasSize(1);
    }

    @Test
    void refusesFarTooManyParts() {
        core.disk("B", 512, 8192);

        assertRefused("bdev_split_create", params("B", 5000, 0), "5000 parts", "4096");
    }

    @Test
    void refusesASecondDivision() {
        core.disk("B", 512, 64);
        create("B", 2, 0);

        assertRefused(
                "bdev_split_create",
                params("B", 4, 0),
                "Failed to create 4 split bdevs from 'B': File exists: ",
                "split 'B' exists");

        assertThat(core.state()).hasSize(3);
    }

    @Test
    void refusesABaseThatIsClaimedAndNamesTheHolder() {
        core.disk("B", 512, 64);
        create("B", 2, 0);
        core.disk("C", 512, 64);
        core.awaitOnApp(() -> core.bdevs().find("B"));

        // by another name the same base is another definition, but it cannot be had
        String uuid = core.bdev("B").uuid().toString();
        assertRefused("bdev_split_create", params(uuid, 2, 0), "Operation not permitted: ", "split of B");
        assertThat(module.configuration()).hasSize(1);
    }

    @Test
    void allPartsAreThereOrNone() {
        core.disk("Bp2", 512, 8);
        core.disk("B", 512, 64);
        List<String> before = core.state();

        assertRefused("bdev_split_create", params("B", 4, 0), "File exists", "Bp2");

        assertThat(core.state()).isEqualTo(before);
        assertThat(core.bdev("B").claims()).isEmpty();
        assertThat(module.configuration()).isEmpty();
        core.open("B", OpenMode.WRITE).close();
    }

    @Test
    void partsAppearWithTheBaseAndGoWithIt() {
        assertThat(create("B", 2, 0)).isEqualTo(List.of());
        SimDisk disk = core.disk("B", 512, 64);
        core.settle();
        assertThat(core.find("Bp1")).isPresent();

        core.await(disk.remove());
        core.settle();
        assertThat(core.state()).isEmpty();

        core.disk("B", 512, 128);
        core.settle();
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(64);
    }

    @Test
    void deletionRemovesAllPartsAndGivesTheBaseBackWithTheLast() {
        core.disk("B", 512, 64);
        create("B", 2, 0);
        TestDescriptor open = core.open("Bp1", OpenMode.READ);
        open.keepOpenOnRemove();

        var deletion = core.start("bdev_split_delete", Map.of("base_bdev", "B"));
        core.until("the removal to reach Bp1", () -> open.events().contains(BdevEvent.REMOVE));
        assertThat(core.bdev("B").claims()).hasSize(1);
        assertThat(core.find("Bp0")).isEmpty();
        open.close();

        assertThat(core.await(deletion)).isEqualTo(true);
        assertThat(core.bdev("B").claims()).isEmpty();
        assertThat(core.state()).hasSize(1);
        assertThat(module.configuration()).isEmpty();
        assertRefused("bdev_split_delete", Map.of("base_bdev", "B"), "No such file or directory", "'B' is not split");
    }

    @Test
    void partsDoNotGrow() {
        SimDisk disk = core.disk("B", 512, 64);
        create("B", 2, 0);

        core.await(disk.resize(100));
        core.settle();

        assertThat(core.bdev("Bp0").numBlocks()).isEqualTo(32);
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(32);
    }

    @ParameterizedTest
    @CsvSource({"2, 0, 2", "4, 1, 2"})
    void partsStayWhereTheyAreInAnUpgradeAfterTheBaseHasGrown(long count, long mib, int made) {
        SimDisk disk = core.disk("B", 512, 2 * MIB_BLOCKS);
        create("B", count, mib);
        List<UUID> before = uuids(made);
        core.await(disk.resize(4 * MIB_BLOCKS));
        core.settle();

        SplitModule between = new SplitModule();
        SplitModule next = new SplitModule();
        assertThat(exchange(module, between)).containsExactlyInAnyOrder("Bp0", "Bp1");
        assertThat(exchange(between, next)).containsExactlyInAnyOrder("Bp0", "Bp1");

        assertThat(uuids(made)).isEqualTo(before);
        assertThat(core.find("Bp" + made)).as("no part of what came later").isEmpty();
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(MIB_BLOCKS);
        assertThat(core.onApp(core.bdev("Bp1")::driverSpecific))
                .isEqualTo(Map.of("split", Map.of("base_bdev", "B", "offset_blocks", MIB_BLOCKS)));
    }

    @Test
    void partsStayWhereTheyAreWhenTheBaseComesBackLarger() {
        SimSettings settings = SimSettings.of("B", 512, 64).withUuid(UUID.randomUUID());
        SimDisk disk = core.disk(settings);
        create("B", 2, 0);
        List<UUID> before = uuids(2);
        core.await(disk.remove());

        core.disk(SimSettings.of("B", 512, 128).withUuid(settings.uuid().orElseThrow()));
        core.settle();

        assertThat(uuids(2)).isEqualTo(before);
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(32);
    }

    @Test
    void anotherOrASmallerBaseIsDividedAnew() {
        SimSettings settings = SimSettings.of("B", 512, 64).withUuid(UUID.randomUUID());
        SimDisk disk = core.disk(settings);
        create("B", 2, 0);

        core.await(disk.remove());
        disk = core.disk(SimSettings.of("B", 512, 48).withUuid(settings.uuid().orElseThrow()));
        core.settle();
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(24);

        core.await(disk.remove());
        core.disk(SimSettings.of("B", 512, 128).withUuid(UUID.randomUUID()));
        core.settle();
        assertThat(core.bdev("Bp1").numBlocks()).isEqualTo(64);
    }

    private List<UUID> uuids(int parts) {
        return IntStream.range(0, parts)
                .mapToObj(i -> core.bdev("Bp" + i).uuid())
                .toList();
    }

    private List<String> exchange(SplitModule old, SplitModule next) {
        Hold hold = core.await(core.core().hold("split", Duration.ofSeconds(10)));
        core.remove(old);
        core.add(next);
        return List.copyOf(core.await(hold.over()).adopted());
    }

    @Test
    void nothingOutsideOfThePartIsTouched() {
        SimDisk disk = core.disk("B", 512, 30);
        byte[] before = new byte[30 * 512];
        new Random(1).nextBytes(before);
        disk.medium().write(0, before);
        create("B", 3, 0);
        byte[] expected = before.clone();
        byte[] data = new byte[10 * 512];
        new Random(2).nextBytes(data);
        try (TestDescriptor open = core.open("Bp1", OpenMode.WRITE)) {
            TestChannel part = open.channel(1);
            assertThat(part.read(0, 10)).isEqualTo(Arrays.copyOfRange(before, 10 * 512, 20 * 512));

            part.write(0, data);
            System.arraycopy(data, 0, expected, 10 * 512, data.length);
            part.copy(7, 1, 3);
            System.arraycopy(expected, 11 * 512, expected, 17 * 512, 3 * 512);
            part.writeZeroes(4, 2);
            Arrays.fill(expected, 14 * 512, 16 * 512, (byte) 0);
            assertThat(part.compareAndWrite(9, Arrays.copyOfRange(expected, 19 * 512, 20 * 512), new byte[512]))
                    .isTrue();
            Arrays.fill(expected, 19 * 512, 20 * 512, (byte) 0);

            assertThat(disk.medium().read(0, 30)).isEqualTo(expected);
            part.unmap(0, 10);
            assertThat(disk.medium().read(0, 10)).isEqualTo(Arrays.copyOf(before, 10 * 512));
            assertThat(disk.medium().read(20, 10)).isEqualTo(Arrays.copyOfRange(before, 20 * 512, 30 * 512));
        }
    }

    @Test
    void aSearchEndsAtThePartsEnd() {
        SimDisk disk = core.disk("B", 512, 30);
        byte[] data = new byte[512];
        data[0] = 1;
        disk.medium().write(25, data);
        create("B", 3, 0);
        try (TestDescriptor middle = core.open("Bp1", OpenMode.WRITE);
                TestDescriptor last = core.open("Bp2", OpenMode.READ)) {
            // the base's next data is in the part after this one
            assertThat(middle.channel().seekData(0)).isEqualTo(-1);
            assertThat(last.channel().seekData(0)).isEqualTo(5);
            assertThat(last.channel().seekHole(5)).isEqualTo(6);
            byte[] full = new byte[10 * 512];
            Arrays.fill(full, (byte) 1);
            middle.channel().write(0, full);
            assertThat(middle.channel().seekHole(0)).isEqualTo(-1);
        }
    }

    @Test
    void aResetOfOnePartResetsTheBase() {
        SimDisk disk = core.disk("B", 512, 30);
        create("B", 3, 0);
        try (TestDescriptor open = core.open("Bp1", OpenMode.WRITE)) {
            TestIo reset = open.channel().run(IoRequest.reset());

            assertThat(reset.status()).isEqualTo(IoStatus.SUCCESS);
            assertThat(disk.given(io.cairn.bdev.IoType.RESET)).isEqualTo(1);
        }
    }

    private Object create(String base, long count, long mib) {
        return core.call("bdev_split_create", params(base, count, mib));
    }

    private static Map<String, Object> params(String base, long count, long mib) {
        return Map.of("base_bdev", base, "split_count", count, "split_size_mb", mib);
    }

    private void assertRefused(String operation, Map<String, Object> params, String... message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(-32602))
                .hasMessageContainingAll(message);
    }
}
