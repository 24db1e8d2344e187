package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Several reactors write, unmap and read the same few chunks at once, as fast as they can. */
class MallocStressTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS_PER_CHUNK = ChunkPool.CHUNK_SIZE / BLOCK;
    private static final int BLOCKS = 4 * BLOCKS_PER_CHUNK;
    private static final int REACTORS = 3;
    private static final int ROUNDS = 20_000;

    @Test
    void everyBlockHoldsZeroesOrItsOwnNumber() {
        try (TestCore core = TestCore.onThreads(REACTORS)) {
            core.add(new MallocModule());
            core.call(
                    "bdev_malloc_create", Map.of("name", "M", "block_size", (long) BLOCK, "num_blocks", (long) BLOCKS));
            Random random = new Random(42);
            ArrayDeque<TestIo> out = new ArrayDeque<>();
            try (TestDescriptor open = core.open("M", OpenMode.WRITE)) {
                for (int i = 0; i < ROUNDS; i++) {
                    int block = random.nextInt(BLOCKS);
                    IoRequest request =
                            switch (random.nextInt(4)) {
                                case 0, 1 -> IoRequest.write(block, 1, stamp(block));
                                case 2 ->
                                    IoRequest.unmap(
                                            (long) block / BLOCKS_PER_CHUNK * BLOCKS_PER_CHUNK, BLOCKS_PER_CHUNK);
                                default -> IoRequest.read(block, 1);
                            };
                    out.add(open.channel(random.nextInt(REACTORS)).start(request));
                    if (out.size() == 64) {
                        check(core, out.poll());
                    }
                }
                while (!out.isEmpty()) {
                    check(core, out.poll());
                }
            }
            core.assertNoViolations();
        }
    }

    private static void check(TestCore core, TestIo io) {
        core.until("an I/O", io::isDone);
        assertThat(io.status()).isEqualTo(IoStatus.SUCCESS);
        if (io.request().data() == null && io.request().blocks() == 1) {
            ByteBuffer data = ByteBuffer.wrap(io.data());
            while (data.hasRemaining()) {
                assertThat(data.getLong()).isIn(0L, number(io.request().offset()));
            }
        }
    }

    private static byte[] stamp(long block) {
        ByteBuffer data = ByteBuffer.allocate(BLOCK);
        while (data.hasRemaining()) {
            data.putLong(number(block));
        }
        return data.array();
    }

    private static long number(long block) {
        return 0x5a5a_0000_0000_0000L | block + 1;
    }
}
