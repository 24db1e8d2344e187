package io.cairn.module.passthru;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.operations.OperationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassthruModuleTest {
    private static final String BASE_UUID = "00112233-4455-6677-8899-aabbccddeeff";

    private final TestCore core = TestCore.simulated(1, 2);
    private final PassthruModule module = new PassthruModule();

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
    void looksLikeItsBase() {
        IoLimits limits = new IoLimits(4096, 512, 8, false, 2, 64, 3, 16, 17, 18, 1, 2, 3, 4, 5);
        core.disk(SimSettings.of("B", 512, 64)
                .withUuid(UUID.fromString(BASE_UUID))
                .withLimits(limits)
                .withWriteCache(true));

        assertThat(create("P", "B")).isEqualTo("P");

        Bdev bdev = core.bdev("P");
        assertThat(bdev.productName()).isEqualTo("passthru");
        assertThat(bdev.blockSize()).isEqualTo(512);
        assertThat(bdev.numBlocks()).isEqualTo(64);
        assertThat(bdev.limits()).isEqualTo(limits);
        assertThat(bdev.hasWriteCache()).isTrue();
        assertThat(bdev.baseNames()).containsExactly("B");
        // SHA-1 of SPDK's name space for passthru and the base's UUID, computed elsewhere
        assertThat(bdev.uuid()).hasToString("6c7ed575-4e89-540e-9496-5f6a2b0beadc");
        assertThat(core.onApp(bdev::driverSpecific))
                .isEqualTo(Map.of("passthru", Map.of("name", "P", "base_bdev_name", "B")));
        assertThat(core.bdev("B").claims()).singleElement().satisfies(claim -> {
            assertThat(claim.type()).isEqualTo(ClaimType.EXCLUSIVE_WRITE);
            assertThat(claim.module()).isEqualTo("passthru");
            assertThat(claim.name()).isEqualTo("P");
        });
    }

    @Test
    void offersOnlyWhatTheBaseOffers() {
        core.disk(SimSettings.of("B", 512, 64).without(IoType.UNMAP, IoType.SEEK_DATA, IoType.FLUSH));

        create("P", "B");

        assertThat(core.bdev("P").supportedTypes())
                .isEqualTo(core.bdev("B").supportedTypes())
                .doesNotContain(IoType.UNMAP, IoType.SEEK_DATA, IoType.FLUSH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"B", BASE_UUID})
    void appearsWithItsBase(String baseName) {
        assertThat(create("P", baseName)).isEqualTo("P");
        assertThat(core.find("P")).isEmpty();

        core.disk(SimSettings.of("B", 512, 64).withUuid(UUID.fromString(BASE_UUID)));
        core.settle();

        assertThat(core.bdev("P").baseNames()).containsExactly("B");
        assertThat(module.configuration().get(0).params())
                .containsExactly(Map.entry("name", "P"), Map.entry("base_bdev_name", baseName));
    }

    @Test
    void goesWithItsBaseAndComesBackWithIt() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");

        core.await(disk.remove());
        core.settle();
        assertThat(core.state()).isEmpty();
        assertThat(module.configuration()).hasSize(1);

        core.disk("B", 512, 128);
        core.settle();
        assertThat(core.bdev("P").numBlocks()).isEqualTo(128);
    }

    @Test
    void comesBackAlsoWhenItOutlivesItsBase() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");
        List<Long> sizes = new ArrayList<>();
        core.await(core.bdevs().watch(new Bdevs.BdevWatcher() {
            @Override
            public void ready(Bdev bdev) {
                if (bdev.name().equals("P")) {
                    sizes.add(bdev.numBlocks());
                }
            }

            @Override
            public void gone(Bdev bdev) {}
        }));
        // whoever does not close is revoked at the deadline, the base's a little earlier than P's
        core.expectErrorsInLog();
        try (TestDescriptor open = core.open("P", OpenMode.READ)) {
            open.keepOpenOnRemove();
            CompletionStage<SimDisk> replaced = disk.remove()
                    .thenCompose(gone -> core.disks().add(SimSettings.of("B", 512, 32), new SimMedium(512)));
            core.await(replaced);
            core.until("P on the new base", () -> sizes.contains(32L));
            core.settle();
        }
    }

    @Test
    void aDeletedOneDoesNotComeBack() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");
        core.await(disk.remove());
        core.settle();

        core.call("bdev_passthru_delete", Map.of("name", "P"));
        core.disk("B", 512, 64);
        core.settle();

        assertThat(core.find("P")).isEmpty();
        assertThat(module.configuration()).isEmpty();
        assertThat(core.bdev("B").claims()).isEmpty();
    }

    @Test
    void oneThatIsOnItsWayOutWithItsBaseCanBeDeleted() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");
        TestDescriptor open = core.open("P", OpenMode.READ);
        open.keepOpenOnRemove();
        CompletionStage<Void> removal = disk.remove();
        core.until("the removal to reach P", () -> open.events().contains(BdevEvent.REMOVE));

        CompletionStage<Object> deletion = core.start("bdev_passthru_delete", Map.of("name", "P"));
        assertRefused("bdev_passthru_delete", Map.of("name", "P"), -16, "P");
        open.close();
        core.await(deletion);
        core.await(removal);
        core.settle();

        assertThat(module.configuration()).isEmpty();
        assertThat(core.state()).isEmpty();
    }

    @Test
    void deletionGivesTheBaseBack() {
        core.disk("B", 512, 64);
        create("P", "B");

        core.call("bdev_passthru_delete", Map.of("name", "P"));

        assertThat(core.find("P")).isEmpty();
        assertThat(core.bdev("B").claims()).isEmpty();
        core.open("B", OpenMode.WRITE).close();
        create("P", "B");
        assertThat(core.find("P")).isPresent();
    }

    @Test
    void growsWithItsBaseThroughTheWholeStack() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");
        create("Q", "P");
        try (TestDescriptor open = core.open("Q", OpenMode.READ)) {
            core.await(disk.resize(100));
            core.settle();

            assertThat(core.bdev("P").numBlocks()).isEqualTo(100);
            assertThat(core.bdev("Q").numBlocks()).isEqualTo(100);
            assertThat(open.events()).containsExactly(BdevEvent.RESIZE);
            assertThat(open.channel().read(99, 1)).hasSize(512);
        }
    }

    @Test
    void aStackThatWaitsIsBuiltBottomUp() {
        create("Q", "P");
        create("P", "B");
        core.disk("B", 512, 64);
        core.settle();

        assertThat(core.bdev("Q").baseNames()).containsExactly("P");
    }

    @Test
    void refusesWhatCannotBe() {
        core.disk("B", 512, 64);
        core.disk("C", 512, 64);
        create("P", "B");
        create("W", "missing");
        List<String> before = core.state();

        assertRefused(params("P", "C"), -17, "passthru 'P' exists, on base 'B'");
        assertRefused(params("W", "C"), -17, "passthru 'W' exists, on base 'missing'");
        assertRefused(params("C", "missing"), -17, "the name 'C' is taken by bdev 'C'");
        assertRefused(params("X", "X"), -22, "'X' cannot be its own base");
        assertRefused(params("X", "B"), -1, "B");
        assertRefused(params("", "C"), -22, "name");
        assertRefused("bdev_passthru_delete", Map.of("name", "B"), -19, "B belongs to module");
        assertRefused("bdev_passthru_delete", Map.of("name", "X"), -19, "X");
        assertRefused("bdev_passthru_create", Map.of("name", "X"), -32603, "base_bdev_name");

        assertThat(core.state()).isEqualTo(before);
        assertThat(module.configuration()).hasSize(2);
    }

    @Test
    void theHolderOfTheBaseIsNamed() {
        SimDisk disk = core.disk("B", 512, 64);
        create("P", "B");

        assertRefused(params("X", "B"), -1, "passthru");
        assertRefused(params("X", "B"), -1, "P");

        // nothing that was opened for the refused ones holds the base up
        core.call("bdev_passthru_delete", Map.of("name", "P"));
        core.await(disk.remove());
    }

    /** A base that cannot be read is never examined; it is the same with every base when automatic examine is off. */
    @ParameterizedTest
    @ValueSource(strings = {"the module", "the bases"})
    void aStackThatWasBuiltComesBackWithoutExamine(String first) {
        SimDisk disk = core.disk(notExamined("B"));
        create("P", "B");
        create("Q", "P");
        core.remove(module);
        core.await(disk.remove());
        assertThat(core.find("P")).isEmpty();

        PassthruModule again = new PassthruModule();
        if (first.equals("the module")) {
            core.add(again);
            core.disk(notExamined("B"));
        } else {
            core.disk(notExamined("B"));
            core.add(again);
        }
        core.settle();

        assertThat(core.bdev("P").baseNames()).containsExactly("B");
        assertThat(core.bdev("Q").baseNames()).containsExactly("P");
    }

    @Test
    void aStackThatWasBuiltComesBackWithItsBaseWithoutExamine() {
        SimDisk disk = core.disk(notExamined("B"));
        create("P", "B");
        core.await(disk.remove());
        assertThat(core.find("P")).isEmpty();

        core.disk(notExamined("B"));
        core.settle();

        assertThat(core.bdev("P").baseNames()).containsExactly("B");
    }

    @Test
    void whatWaitsForItsFirstBaseNeedsExamine() {
        create("P", "B");
        core.disk(notExamined("B"));
        core.settle();

        assertThat(core.find("P")).isEmpty();
    }

    private static SimSettings notExamined(String name) {
        return SimSettings.of(name, 512, 64).without(IoType.READ);
    }

    @Test
    void aNameIsKeptForWhoWaitsForTheBase() {
        create("P", "B");

        assertThatThrownBy(() -> core.disk("P", 512, 8)).hasMessageContaining("kept for passthru 'P' on base 'B'");

        core.disk("B", 512, 64);
        core.settle();
        assertThat(core.bdev("P").baseNames()).containsExactly("B");
        core.call("bdev_passthru_delete", Map.of("name", "P"));
        core.disk("P", 512, 8);
    }

    @Test
    void aFreedBaseGoesToWhoWasRefusedIt() {
        create("P", "B");
        create("Q", "B");
        core.disk("B", 512, 64);
        core.settle();
        assertThat(core.bdev("B").claims()).singleElement().satisfies(c -> assertThat(c.name())
                .isEqualTo("P"));

        core.call("bdev_passthru_delete", Map.of("name", "P"));
        core.settle();

        assertThat(core.bdev("Q").baseNames()).containsExactly("B");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "\u001b[31m", " ", "s\ud800"})
    void aNameThatNoBdevCanHaveIsRefusedAlsoWithoutTheBase(String name) {
        assertRefused(params(name, "missing"), -22, "name");
        assertThat(module.configuration()).isEmpty();
    }

    @Test
    void aUuidThatWasGivenIsKeptAndSaved() {
        core.disk("B", 512, 64);
        core.call("bdev_passthru_create", Map.of("name", "P", "base_bdev_name", "B", "uuid", BASE_UUID));

        assertThat(core.bdev("P").uuid()).hasToString(BASE_UUID);
        assertThat(module.configuration().get(0).params()).containsEntry("uuid", BASE_UUID);
    }

    private Object create(String name, String base) {
        return core.call("bdev_passthru_create", params(name, base));
    }

    private static Map<String, Object> params(String name, String base) {
        return Map.of("name", name, "base_bdev_name", base);
    }

    private void assertRefused(Map<String, Object> params, int code, String message) {
        assertRefused("bdev_passthru_create", params, code, message);
    }

    private void assertRefused(String operation, Map<String, Object> params, int code, String message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
