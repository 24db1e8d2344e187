package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ChunkPoolTest {
    private static final int MIB = 1 << 20;
    private static final int CHUNKS_PER_MIB = MIB / ChunkPool.CHUNK_SIZE;

    private final IoBuffer zeroes = IoBuffer.allocate(ChunkPool.CHUNK_SIZE);

    @Test
    void takesNoMoreThanASmallDiskNeeds() {
        ChunkPool pool = new ChunkPool(3 * ChunkPool.CHUNK_SIZE - 1, bytes -> true, zeroes);

        take(pool, 3);

        assertThat(pool.bytes()).isEqualTo(3 * ChunkPool.CHUNK_SIZE);
    }

    @Test
    void slabsGrowWithTheDiskButStayASmallPartOfIt() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        long before = 0;
        long largest = 0;
        for (int chunks = 1; chunks <= 1024; chunks++) {
            take(pool, 1);
            largest = Math.max(largest, pool.bytes() - before);
            before = pool.bytes();
            long used = (long) chunks * ChunkPool.CHUNK_SIZE;
            assertThat(pool.bytes()).isLessThanOrEqualTo(used + Math.max(MIB, used / 3));
        }
        assertThat(largest).isEqualTo(8 * MIB - ChunkPool.CHUNK_SIZE);
        pool.close();
    }

    @Test
    void slabsAboveTheSmallestLeaveAChunkOfTheirHugePages() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        Set<Long> sizes = new TreeSet<>();
        for (int chunk = 0; chunk < 1024; chunk++) {
            long before = pool.bytes();
            take(pool, 1);
            sizes.add(pool.bytes() - before);
        }
        pool.close();

        assertThat(sizes)
                .containsExactly(
                        0L,
                        (long) MIB,
                        2L * MIB - ChunkPool.CHUNK_SIZE,
                        4L * MIB - ChunkPool.CHUNK_SIZE,
                        8L * MIB - ChunkPool.CHUNK_SIZE);
    }

    @Test
    void whatIsGivenBackGoesBackToTheProcessButForOneSlab() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        List<Chunk> chunks = take(pool, 4 * CHUNKS_PER_MIB);
        assertThat(pool.bytes()).isEqualTo(4 * MIB);

        chunks.forEach(pool::give);

        assertThat(pool.bytes()).isEqualTo(MIB);
    }

    @Test
    void aDiskThatGrowsAndShrinksByAChunkKeepsItsSlab() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        for (int i = 0; i < 10; i++) {
            Chunk chunk = pool.take();
            assertThat(pool.bytes()).isEqualTo(MIB);
            pool.give(chunk);
            assertThat(pool.bytes()).isEqualTo(MIB);
        }
    }

    @Test
    void aChunkIsZeroesWhoeverHadItBefore() {
        ChunkPool pool = new ChunkPool(2 * ChunkPool.CHUNK_SIZE, bytes -> true, zeroes);
        for (int i = 0; i < 6; i++) {
            Chunk chunk = pool.take();
            for (int at = 0; at < ChunkPool.CHUNK_SIZE; at++) {
                assertThat(chunk.memory().bytes().get(chunk.start() + at)).isZero();
                chunk.memory().bytes().put(chunk.start() + at, (byte) 0x5a);
            }
            pool.give(chunk);
        }
    }

    @Test
    void noTwoChunksShareMemory() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        List<Chunk> chunks = take(pool, 100);
        for (int i = 0; i < chunks.size(); i++) {
            chunks.get(i).memory().bytes().put(chunks.get(i).start(), (byte) i);
            chunks.get(i).memory().bytes().put(chunks.get(i).start() + ChunkPool.CHUNK_SIZE - 1, (byte) -i);
        }
        for (int i = 0; i < chunks.size(); i++) {
            assertThat(chunks.get(i).memory().bytes().get(chunks.get(i).start()))
                    .isEqualTo((byte) i);
            assertThat(chunks.get(i).memory().bytes().get(chunks.get(i).start() + ChunkPool.CHUNK_SIZE - 1))
                    .isEqualTo((byte) -i);
        }
    }

    @Test
    void nearTheLimitSingleChunksAreTaken() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> bytes < MIB, zeroes);

        take(pool, 2);

        assertThat(pool.bytes()).isEqualTo(2 * ChunkPool.CHUNK_SIZE);
        assertThat(new ChunkPool(1L << 40, bytes -> false, zeroes).take()).isNull();
    }

    @Test
    void whatComesBackAfterTheEndIsIgnored() {
        ChunkPool pool = new ChunkPool(1L << 40, bytes -> true, zeroes);
        Chunk late = pool.take();

        pool.close();
        pool.give(late);

        assertThat(pool.bytes()).isZero();
    }

    private static List<Chunk> take(ChunkPool pool, int count) {
        List<Chunk> chunks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chunks.add(pool.take());
        }
        return chunks;
    }
}
