package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.operations.OperationException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MallocModuleTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS_PER_CHUNK = ChunkPool.CHUNK_SIZE / BLOCK;

    private final TestCore core = TestCore.simulated(1, 2);
    private final AtomicLong bytesLeft = new AtomicLong(Long.MAX_VALUE);
    private final MallocModule module = new MallocModule(bytes -> bytes <= bytesLeft.get());

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
            block_size          | 0                   | -22 | 'M': block_size 0 is not a multiple of 512
            block_size          | 520                 | -22 | block_size 520 is not a multiple of 512
            num_blocks          | 0                   | -22 | 'M': num_blocks must be at least 1
            num_blocks          | 9223372036854775807 | -22 | more than 2^63 - 1 bytes
            num_blocks          | 549755813889        | -12 | 'M': 281474976711168 bytes are more than the 281474976710656
            physical_block_size | 1                   | -22 | physical_block_size 1 is not a multiple of 512
            md_size             | 8                   | -95 | md_size 8: bdevs have no metadata
            dif_type            | 3                   | -95 | dif_type 3: bdevs have no metadata
            dif_type            | -1                  | -95 | dif_type -1: bdevs have no metadata
            dif_pi_format       | 1                   | -95 | dif_pi_format 1: bdevs have no metadata
            numa_id             | 0                   | -95 | numa_id 0: the memory's NUMA node cannot be chosen
            optimal_io_boundary | 4294967296          | -32603 | optimal_io_boundary
            """)
    void refusesWhatMakesNoSense(String parameter, long value, int code, String message) {
        Map<String, Object> params = new LinkedHashMap<>(Map.of("name", "M", "block_size", 512L, "num_blocks", 8L));
        params.put(parameter, value);

        assertRefused("bdev_malloc_create", params, code, message);

        assertThat(core.state()).isEmpty();
        assertThat(module.configuration()).isEmpty();
    }

    @Test
    void takesTheFirstFreeNumberForAName() {
        core.disk("Malloc1", BLOCK, 8);

        assertThat(core.call("bdev_malloc_create", Map.of("block_size", 512L, "num_blocks", 8L)))
                .isEqualTo("Malloc0");
        assertThat(core.call("bdev_malloc_create", Map.of("block_size", 512L, "num_blocks", 8L)))
                .isEqualTo("Malloc2");
        core.call("bdev_malloc_delete", Map.of("name", "Malloc0"));
        assertThat(core.call("bdev_malloc_create", Map.of("block_size", 512L, "num_blocks", 8L)))
                .isEqualTo("Malloc0");
        assertRefused("bdev_malloc_delete", Map.of("name", "Malloc1"), -19, "Malloc1 belongs to module");
    }

    @Test
    void savesWhatMakesItAgain() {
        core.call(
                "bdev_malloc_create",
                Map.of("name", "M", "block_size", 512L, "num_blocks", 8L, "optimal_io_boundary", 4L));

        assertThat(module.configuration().get(0).params())
                .containsEntry("name", "M")
                .containsEntry("uuid", core.bdev("M").uuid().toString())
                .containsEntry("optimal_io_boundary", 4L);
        assertThat(core.bdev("M").limits().splitOnBoundary()).isTrue();
    }

    @Test
    void aHugeDiskCostsOnlyWhatIsWritten() {
        core.call("bdev_malloc_create", Map.of("name", "M", "block_size", 512L, "num_blocks", 1L << 39));
        long last = (1L << 39) - 1;
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel(1);
            byte[] data = pattern(1, BLOCK);
            channel.write(last, data);

            assertThat(channel.read(last, 1)).isEqualTo(data);
            assertThat(channel.read(1L << 38, 1)).isEqualTo(new byte[BLOCK]);
            assertThat(channel.seekData(0)).isEqualTo(last / BLOCKS_PER_CHUNK * BLOCKS_PER_CHUNK);
        }
    }

    @Test
    void memoryIsTakenWhenWrittenAndGivenBackWhenUnmapped() {
        create(4 * BLOCKS_PER_CHUNK);
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel(1);
            assertThat(channel.seekData(0)).isEqualTo(-1);
            channel.write(BLOCKS_PER_CHUNK, pattern(1, 2 * ChunkPool.CHUNK_SIZE));
            assertThat(channel.seekData(0)).isEqualTo(BLOCKS_PER_CHUNK);
            assertThat(channel.seekHole(BLOCKS_PER_CHUNK)).isEqualTo(3L * BLOCKS_PER_CHUNK);

            // all of the one chunk but its first block, and the first block of the other
            channel.unmap(BLOCKS_PER_CHUNK + 1, BLOCKS_PER_CHUNK);
            assertThat(channel.seekData(0)).isEqualTo(BLOCKS_PER_CHUNK);
            assertThat(channel.read(BLOCKS_PER_CHUNK + 1, BLOCKS_PER_CHUNK)).isEqualTo(new byte[ChunkPool.CHUNK_SIZE]);

            channel.writeZeroes(BLOCKS_PER_CHUNK, BLOCKS_PER_CHUNK);
            assertThat(channel.seekData(0)).isEqualTo(2L * BLOCKS_PER_CHUNK);
            channel.unmap(0, 4 * BLOCKS_PER_CHUNK);
            assertThat(channel.seekData(0)).isEqualTo(-1);
            assertThat(channel.seekHole(5)).isEqualTo(5);
        }
    }

    @Test
    void whereThereIsNoMemoryTheDiskIsFullAndGoesOn() {
        create(4 * BLOCKS_PER_CHUNK);
        bytesLeft.set(70_000);
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel();
            byte[] data = pattern(1, BLOCK);
            channel.write(0, data);
            bytesLeft.set(0);

            assertThat(channel.run(IoRequest.write(BLOCKS_PER_CHUNK, 1, data)).status())
                    .isEqualTo(IoStatus.NO_SPACE);
            assertThat(channel.run(IoRequest.copy(BLOCKS_PER_CHUNK, 0, 1)).status())
                    .isEqualTo(IoStatus.NO_SPACE);
            assertThat(channel.read(0, 1)).isEqualTo(data);
            channel.write(1, data);
            channel.unmap(0, BLOCKS_PER_CHUNK);
            core.settle();
            channel.write(BLOCKS_PER_CHUNK, data);
            assertThat(channel.read(BLOCKS_PER_CHUNK, BLOCKS_PER_CHUNK))
                    .isEqualTo(Arrays.copyOf(data, ChunkPool.CHUNK_SIZE));
        }
    }

    @Test
    void copiesAcrossChunksAndHoles() {
        int blocks = 5 * BLOCKS_PER_CHUNK;
        create(blocks);
        Random random = new Random(7);
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel();
            byte[] model = new byte[blocks * BLOCK];
            byte[] data = pattern(3, 2 * ChunkPool.CHUNK_SIZE);
            channel.write(BLOCKS_PER_CHUNK + 3, data);
            System.arraycopy(data, 0, model, (BLOCKS_PER_CHUNK + 3) * BLOCK, data.length);
            for (int i = 0; i < 200; i++) {
                int length = 1 + random.nextInt(2 * BLOCKS_PER_CHUNK);
                int from = random.nextInt(blocks - length + 1);
                int to = random.nextInt(blocks - length + 1);
                if (Math.abs(to - from) < length) {
                    continue;
                }
                channel.copy(to, from, length);
                System.arraycopy(model, from * BLOCK, model, to * BLOCK, length * BLOCK);
                assertThat(channel.read(0, blocks))
                        .as("copy %s of %s to %s", length, from, to)
                        .isEqualTo(model);
            }
        }
    }

    @Test
    void comparesToTheLastByte() {
        create(4 * BLOCKS_PER_CHUNK);
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel();
            byte[] data = pattern(1, ChunkPool.CHUNK_SIZE);
            channel.write(BLOCKS_PER_CHUNK / 2, data);

            assertThat(channel.compare(BLOCKS_PER_CHUNK / 2, data)).isTrue();
            data[data.length - 1]++;
            assertThat(channel.compare(BLOCKS_PER_CHUNK / 2, data)).isFalse();
            assertThat(channel.compare(3 * BLOCKS_PER_CHUNK, new byte[BLOCK])).isTrue();
            assertThat(channel.compare(3 * BLOCKS_PER_CHUNK, Arrays.copyOf(new byte[] {1}, BLOCK)))
                    .isFalse();
        }
    }

    @Test
    void aTurnEndsAlsoUnderMuchLoad() {
        create(64 * BLOCKS_PER_CHUNK);
        try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
            TestChannel channel = open.channel();
            byte[] mebibyte = pattern(1, 1 << 20);
            var all = List.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3).stream()
                    .map(i -> channel.start(IoRequest.write(i * 2048L, 2048, mebibyte)))
                    .toList();
            core.until("12 writes of 1 MiB", () -> all.stream().allMatch(io -> io.isDone()));
            assertThat(all).allSatisfy(io -> assertThat(io.status()).isEqualTo(IoStatus.SUCCESS));
        }
    }

    @Test
    void readsTheJvmsLimitFromItsOptions() {
        assertThat(DirectMemoryRoom.limit(List.of("-XX:MaxDirectMemorySize=8g")))
                .isEqualTo(8L << 30);
        assertThat(DirectMemoryRoom.limit(List.of("-XX:MaxDirectMemorySize=1k", "-XX:MaxDirectMemorySize=300M")))
                .isEqualTo(300L << 20);
        assertThat(DirectMemoryRoom.limit(List.of("-XX:MaxDirectMemorySize=12345")))
                .isEqualTo(12345);
        long heap = Runtime.getRuntime().maxMemory();
        assertThat(DirectMemoryRoom.limit(List.of("-Xmx1g"))).isEqualTo(heap);
        assertThat(DirectMemoryRoom.limit(List.of("-XX:MaxDirectMemorySize=0"))).isEqualTo(heap);
        assertThat(new DirectMemoryRoom().has(1L << 50)).isFalse();
        assertThat(new DirectMemoryRoom().has(1)).isTrue();
    }

    private void create(long blocks) {
        core.call("bdev_malloc_create", Map.of("name", "M", "block_size", 512L, "num_blocks", blocks));
    }

    private static byte[] pattern(int seed, int length) {
        byte[] data = new byte[length];
        new Random(seed).nextBytes(data);
        return data;
    }

    private void assertRefused(String operation, Map<String, Object> params, int code, String message) {
        assertThatThrownBy(() -> core.call(operation, params))
                .isInstanceOfSatisfying(
                        OperationException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
