package io.cairn.itests;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.NumberedWrites;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    private static final int BLOCKS = 2048;

    @TempDir
    private Path directory;

    private final NumberedWrites writes = new NumberedWrites(BLOCKS);

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
                writes.assertFlushedIsThere(cairn, EXPORT);
            }
        }
    }

    /** Returns what was there when the kill came: what was answered, up to the last moment. */
    private Map<String, String> killWhileWriting(RunningDistribution cairn, int kill) throws IOException {
        long before = writes.flushes();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writes.untilEnd(cairn, EXPORT, kill));
        Map<String, String> uuids;
        try (RpcClient rpc = cairn.rpc()) {
            Await.untilTrue("flushes", LIMIT, () -> writes.flushes() > before + 20);
            rpc.call("bdev_null_create", Map.of("name", "kuNull" + kill, "num_blocks", 64, "block_size", 512));
            uuids = Stack.uuids(rpc);
        }
        cairn.kill();
        try {
            writer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the writer has not met the end of its connection", e);
        }
        return uuids;
    }
}
