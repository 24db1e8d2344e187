package io.cairn.module.nullbdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NullModuleTest {
    private final TestCore core = TestCore.simulated(1, 2);
    private final NullModule module = new NullModule();

    @BeforeEach
    void start() {
        core.add(module);
    }

    @AfterEach
    void end() {
        core.assertNoViolations();
        core.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            block_size                  | 0                    | -22 | 'N': block_size 0 is not a multiple of 512
            block_size                  | 511                  | -22 | 'N': block_size 511 is not a multiple of 512
            block_size                  | 1540                 | -22 | block_size 1540 is not a multiple of 512
            block_size                  | 131072               | -22 | block_size 131072 is not a multiple of 512
            block_size                  | 4294967296           | -32603 | block_size
            num_blocks                  | 0                    | -22 | 'N': num_blocks must be at least 1
            num_blocks                  | 9223372036854775807  | -22 | more than 2^63 - 1 bytes
            num_blocks                  | -1                   | -32603 | num_blocks
            physical_block_size         | 513                  | -22 | physical_block_size 513 is not a multiple of 512
            md_size                     | 8                    | -95 | md_size 8: bdevs have no metadata
            dif_type                    | 1                    | -95 | dif_type 1: bdevs have no metadata
            dif_pi_format               | 1                    | -95 | dif_pi_format 1: bdevs have no metadata
            preferred_write_granularity | 4294967296           | -32603 | preferred_write_granularity
            colour                      | 1                    | -32603 | colour
            """)
    void refusesWhatMakesNoSense(String parameter, long value, int code, String message) {
        Map<String, Object> params = new LinkedHashMap<>(Map.of("name", "N", "block_size", 512L, "num_blocks", 8L));
        params.put(parameter, value);

        assertRefused("bdev_null_create", params, code, message);

        assertThat(core.state()).isEmpty();
        assertThat(module.configuration()).isEmpty();
    }

    @Test
    void refusesProtectionInformationAtTheHead() {
        assertRefused(
                "bdev_null_create",
                Map.of("name", "N", "block_size", 512L, "num_blocks", 8L, "dif_is_head_of_md", true),
                -95,
                "dif_is_head_of_md");
    }

    @Test
    void refusesANameThatIsTaken() {
        create("N", 8);

        assertRefused("bdev_null_create", Map.of("name", "N", "block_size", 512L, "num_blocks", 16L), -17, "N");

        assertThat(module.configuration()).hasSize(1);
        assertThat(module.configuration().get(0).params()).containsEntry("num_blocks", 8L);
    }

    @Test
    void reportsWhatItWasTold() {
        core.call(
                "bdev_null_create",
                Map.of(
                        "name", "N",
                        "block_size", 512L,
                        "num_blocks", 8L,
                        "physical_block_size", 4096L,
                        "preferred_write_granularity", 1L,
                        "preferred_write_alignment", 2L,
                        "optimal_write_size", 3L,
                        "preferred_unmap_granularity", 4L,
                        "preferred_unmap_alignment", 5L));

        Bdev bdev = core.bdev("N");
        assertThat(bdev.productName()).isEqualTo("Null disk");
        assertThat(bdev.limits().physicalBlockSize()).isEqualTo(4096);
        assertThat(bdev.limits().preferredWriteGranularity()).isEqualTo(1);
        assertThat(bdev.limits().preferredWriteAlignment()).isEqualTo(2);
        assertThat(bdev.limits().optimalWriteSize()).isEqualTo(3);
        assertThat(bdev.limits().preferredUnmapGranularity()).isEqualTo(4);
        assertThat(bdev.limits().preferredUnmapAlignment()).isEqualTo(5);
        assertThat(module.configuration().get(0).params())
                .containsEntry("physical_block_size", 4096L)
                .containsEntry("preferred_unmap_alignment", 5L);
    }

    @Test
    void savesTheGeneratedUuidAndTheSizeAsItIsNow() {
        create("N", 2048);
        core.call("bdev_null_resize", Map.of("name", "N", "new_size", 3L));

        List<ConfigEntry> saved = module.configuration();

        assertThat(saved).hasSize(1);
        assertThat(saved.get(0).method()).isEqualTo("bdev_null_create");
        assertThat(saved.get(0).params())
                .containsEntry("uuid", core.bdev("N").uuid().toString())
                .containsEntry("num_blocks", 3 * 2048L);
    }

    @Test
    void keepsAGivenUuid() {
        UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        core.call(
                "bdev_null_create", Map.of("name", "N", "block_size", 512L, "num_blocks", 8L, "uuid", uuid.toString()));

        assertThat(core.bdev("N").uuid()).isEqualTo(uuid);
    }

    @Test
    void growsButDoesNotShrink() {
        create("N", 4096);

        assertRefused("bdev_null_resize", Map.of("name", "N", "new_size", 1L), -22, "cannot shrink to 1 MiB");
        assertThat(core.bdev("N").numBlocks()).isEqualTo(4096);
        core.call("bdev_null_resize", Map.of("name", "N", "new_size", 2L));
        assertThat(core.bdev("N").numBlocks()).isEqualTo(4096);
        core.call("bdev_null_resize", Map.of("name", "N", "new_size", 5L));
        assertThat(core.bdev("N").numBlocks()).isEqualTo(10240);
        assertRefused("bdev_null_resize", Map.of("name", "N", "new_size", Long.MAX_VALUE), -22, "more than 2^63 bytes");
    }

    @Test
    void resizesAndDeletesOnlyItsOwn() {
        core.disk("D", 512, 64);

        assertRefused("bdev_null_resize", Map.of("name", "D", "new_size", 1L), -22, "'D' belongs to module");
        assertRefused("bdev_null_resize", Map.of("name", "X", "new_size", 1L), -19, "X");
        assertRefused("bdev_null_delete", Map.of("name", "D"), -19, "D belongs to module");
        assertRefused("bdev_null_delete", Map.of("name", "X"), -19, "X");
        assertThat(core.find("D")).isPresent();
    }

    @Test
    void aReadFindsZeroesWhateverItsMemoryHeld() {
        create("N", 4096);
        try (TestDescriptor open = core.open("N", OpenMode.WRITE)) {
            for (IoRequest.Memory memory : IoRequest.Memory.values()) {
                TestIo io = open.channel(1).run(IoRequest.read(7, 300).in(memory));
                assertThat(io.status()).as("%s", memory).isEqualTo(IoStatus.SUCCESS);
                assertThat(io.data()).as("%s", memory).isEqualTo(new byte[300 * 512]);
            }
        }
    }

    private void create(String name, long blocks) {
        core.call("bdev_null_create", Map.of("name", name, "block_size", 512L, "num_blocks", blocks));
    }

    private void assertRefused(String operation, Map<String, Object> params, int code, String message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
