package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.NbdWire;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed while a client writes: at the next start the stack is there by itself, and so is every write whose flush was
 * answered.
 *
 * <p>As many times as the system property {@code cairn.kills} says; 2 without.
 */
class KillUnderLoadIT {
    private static final int KILLS = Integer.getInteger("cairn.kills", 2);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String EXPORT = "killed";
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 2048;
    private static final int WRITES_PER_FLUSH = 16;

    @TempDir
    private Path directory;

    /** What each block holds at least, and at most: the last number that was flushed into it, and the last that was sent to it. */
    private final long[] flushed = new long[BLOCKS];

    private final long[] sent = new long[BLOCKS];
    private long number;

    @Test
    void everyFlushedWriteIsThere() throws IOException {
        Path disk = Files.write(directory.resolve("disk.img"), new byte[64 << 20]);
        try (RunningDistribution cairn = RunningDistribution.unpack(directory.resolve("d"))) {
            cairn.start();
            try (RpcClient rpc = cairn.rpc()) {
                rpc.call(
                        "bdev_aio_create",
                        Map.of("name", "kuDisk", "filename", disk.toString(), "block_size", 512, "fallocate", true));
                rpc.call("bdev_split_create", Map.of("base_bdev", "kuDisk", "split_count", 2));
                rpc.call("bdev_passthru_create", Map.of("name", "kuPass", "base_bdev_name", "kuDiskp1"));
                rpc.call("nbd_export_create", Map.of("bdev_name", "kuPass", "export_name", EXPORT));
            }
            for (int kill = 1; kill <= KILLS; kill++) {
                Map<String, String> uuids = killWhileWriting(cairn, kill);
                cairn.start();
                try (RpcClient rpc = cairn.rpc()) {
                    Await.untilTrue("stack " + uuids.keySet(), LIMIT, () -> Stack.uuids(rpc)
                            .equals(uuids));
                }
                assertFlushedIsThere(cairn);
            }
        }
    }

    /** Returns what was there when the kill came: what was answered, up to the last moment. */
    private Map<String, String> killWhileWriting(RunningDistribution cairn, int kill) throws IOException {
        AtomicLong flushes = new AtomicLong();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writeUntilEnd(cairn, kill, flushes));
        Map<String, String> uuids;
        try (RpcClient rpc = cairn.rpc()) {
            Await.untilTrue("flushes", LIMIT, () -> flushes.get() > 20);
            rpc.call("bdev_null_create", Map.of("name", "kuNull" + kill, "num_blocks", 64, "block_size", 512));
            uuids = Stack.uuids(rpc);
        }
        cairn.kill();
        try {
            writer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the writer has not met the end of its connection", e);
        }
        System.out.printf("killed after %d writes and %d flushes%n", number, flushes.get());
        return uuids;
    }

    /** Writes numbered blocks, many at a time, and flushes; what a flush covers was answered before it was sent. */
    private void writeUntilEnd(RunningDistribution cairn, int seed, AtomicLong flushes) {
        Random random = new Random(seed);
        try (NbdWire wire = NbdWire.go(cairn.nbdAddress(), EXPORT)) {
            while (true) {
                int[] written =
                        random.ints(WRITES_PER_FLUSH, 0, BLOCKS).distinct().toArray();
                for (int block : written) {
                    sent[block] = ++number;
                    wire.request(NbdWire.WRITE, number, (long) block * BLOCK, BLOCK);
                    wire.send(content(number));
                }
                wire.awaitReplies(written.length);
                wire.request(NbdWire.FLUSH, ++number, 0, 0);
                wire.awaitReplies(1);
                for (int block : written) {
                    flushed[block] = sent[block];
                }
                flushes.incrementAndGet();
            }
        } catch (IOException e) {
            // the kill: what was answered before it counts
        }
    }

    private void assertFlushedIsThere(RunningDistribution cairn) throws IOException {
        try (NbdWire wire = NbdWire.go(cairn.nbdAddress(), EXPORT)) {
            for (int block = 0; block < BLOCKS; block++) {
                wire.request(NbdWire.READ, block, (long) block * BLOCK, BLOCK);
                assertThat(wire.reply(block)).isZero();
                ByteBuffer content = wire.data(BLOCK);
                long found = content.getLong(0);
                assertThat(found).as("block %s", block).isBetween(flushed[block], sent[block]);
                assertThat(content).as("block %s", block).isEqualTo(content(found));
                // not flushed, but there after the kill: it stays
                flushed[block] = found;
                sent[block] = found;
            }
        }
    }

    /** A block full of its number. */
    private static ByteBuffer content(long number) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        while (block.hasRemaining()) {
            block.putLong(number);
        }
        return block.flip();
    }
}
