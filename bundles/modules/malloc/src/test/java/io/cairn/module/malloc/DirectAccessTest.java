package io.cairn.module.malloc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The disk's memory in the hands of somebody else, on threads: a call on reactor 1 has it while others do what they like. */
class DirectAccessTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS_PER_CHUNK = ChunkPool.CHUNK_SIZE / BLOCK;
    private static final int CHUNKS = 64;
    private static final int BLOCKS = CHUNKS * BLOCKS_PER_CHUNK;

    private final TestCore core = TestCore.onThreads(3);
    private final CountDownLatch taken = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private TestDescriptor open;

    @BeforeEach
    void create() {
        core.add(new MallocModule());
        core.call("bdev_malloc_create", Map.of("name", "M", "block_size", (long) BLOCK, "num_blocks", (long) BLOCKS));
        open = core.open("M", OpenMode.WRITE);
    }

    @AfterEach
    void close() {
        goOn.countDown();
        core.close();
    }

    private static byte[] chunkOf(int value) {
        byte[] content = new byte[ChunkPool.CHUNK_SIZE];
        Arrays.fill(content, (byte) value);
        return content;
    }

    /** Begins a call on reactor 1 that has the first chunk's memory, and ends it when it may go on: with what is there then. */
    private CompletableFuture<byte[]> takeFirstChunk(IoType type) {
        BdevChannel channel = open.channel(1).channel();
        CompletableFuture<byte[]> found = new CompletableFuture<>();
        core.reactor(1).execute(() -> {
            IoVector pieces = new IoVector();
            assertThat(channel.directAccess(type, 0, BLOCKS_PER_CHUNK, pieces)).isTrue();
            assertThat(pieces.count()).isEqualTo(1);
            taken.countDown();
            await(goOn);
            byte[] content = new byte[ChunkPool.CHUNK_SIZE];
            pieces.buffer(0).bytes().get(pieces.offset(0), content);
            if (type == IoType.WRITE) {
                pieces.buffer(0).bytes().put(pieces.offset(0), chunkOf(9));
            }
            found.complete(content);
        });
        await(taken);
        return found;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Writes all chunks but the first: takes whatever memory is free. */
    private void fillTheRest(TestChannel channel) {
        for (int chunk = 1; chunk < CHUNKS; chunk++) {
            channel.write((long) chunk * BLOCKS_PER_CHUNK, chunkOf(7));
        }
    }

    @Test
    void whatIsUnmappedMeanwhileStaysWhatItWas() {
        open.channel(2).write(0, chunkOf(3));
        CompletableFuture<byte[]> found = takeFirstChunk(IoType.READ);
        open.channel(2).unmap(0, BLOCKS_PER_CHUNK);
        assertThat(open.channel(2).read(0, BLOCKS_PER_CHUNK)).isEqualTo(chunkOf(0));
        fillTheRest(open.channel(2));
        open.channel(2).write(0, chunkOf(5));
        goOn.countDown();
        assertThat(core.await(found)).isEqualTo(chunkOf(3));
    }

    @Test
    void whatIsWrittenIntoUnmappedMemoryIsNobodysElse() {
        CompletableFuture<byte[]> found = takeFirstChunk(IoType.WRITE);
        open.channel(2).unmap(0, BLOCKS_PER_CHUNK);
        fillTheRest(open.channel(2));
        goOn.countDown();
        assertThat(core.await(found)).isEqualTo(chunkOf(0));
        assertThat(open.channel(2).read(0, BLOCKS_PER_CHUNK)).isEqualTo(chunkOf(0));
        for (int chunk = 1; chunk < CHUNKS; chunk++) {
            assertThat(open.channel(2).read((long) chunk * BLOCKS_PER_CHUNK, BLOCKS_PER_CHUNK))
                    .isEqualTo(chunkOf(7));
        }
    }

    @Test
    void aRemovalWaits() {
        open.channel(2).write(0, chunkOf(3));
        CompletableFuture<byte[]> found = takeFirstChunk(IoType.READ);
        Bdev bdev = core.bdev("M");
        CompletionStage<Object> deleted = core.start("bdev_malloc_delete", Map.of("name", "M"));
        // every reactor but the one that is in the call has heard of it
        core.until("the removal to begin", () -> bdev.state() == BdevState.UNREGISTERING);
        core.on(core.reactor(2), () -> true);
        assertThat(deleted.toCompletableFuture()).isNotDone();
        goOn.countDown();
        assertThat(core.await(found)).isEqualTo(chunkOf(3));
        open.close();
        assertThatCode(() -> core.await(deleted)).doesNotThrowAnyException();
    }

    @Test
    void holesAreReadAsZeroesAndTakeNoMemory() {
        byte[] found = open.channel(1).directRead(3, 40);
        assertThat(found).hasSize(40 * BLOCK).containsOnly(0);
        assertThat(open.channel(1).seekData(0)).isEqualTo(-1);
        assertThat(open.channel(1).directWrite(20, chunkOf(4))).isTrue();
        assertThat(open.channel(2).read(20, BLOCKS_PER_CHUNK)).isEqualTo(chunkOf(4));
    }

    @Test
    void allocatesNothing() {
        open.channel(2).write(0, chunkOf(3));
        BdevChannel channel = open.channel(1).channel();
        long bytes = core.on(core.reactor(1), () -> {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            IoVector pieces = new IoVector();
            long before = 0;
            for (int i = 0; i < 20_000; i++) {
                if (i == 10_000) {
                    before = threads.getThreadAllocatedBytes(
                            Thread.currentThread().getId());
                }
                channel.directAccess(IoType.READ, i % 64, 20, pieces);
                channel.directAccess(IoType.WRITE, i % 64, 20, pieces);
            }
            return threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        });
        // a call of the meter may allocate
        assertThat(bytes).isLessThan(10_000);
    }
}
