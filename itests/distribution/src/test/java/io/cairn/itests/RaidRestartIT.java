package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.NumberedWrites;
import io.cairn.itests.support.Raid;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An array is found on its disks after a restart, however the server ended: with what was flushed, and with the work that was under way. */
class RaidRestartIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String ARRAY = "rrArray";
    private static final int SIZE = 64 << 20;
    private static final int BLOCKS = 2048;

    @TempDir
    private Path directory;

    private RunningDistribution cairn;

    @BeforeEach
    void start() throws IOException {
        cairn = RunningDistribution.unpack(directory.resolve("d"));
        cairn.start();
    }

    @AfterEach
    void end() {
        cairn.close();
    }

    @Test
    void everyFlushedWriteIsThereAfterAKill() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            mirror(rpc, 0);
            rpc.call("nbd_export_create", Map.of("bdev_name", ARRAY, "export_name", ARRAY));
        }
        NumberedWrites writes = new NumberedWrites(BLOCKS);
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writes.untilEnd(cairn, ARRAY, 1));
        Await.untilTrue("flushes", LIMIT, () -> writes.flushes() > 100);
        cairn.kill();
        try {
            writer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the writer has not met the end of its connection", e);
        }
        System.out.printf("killed after %d writes and %d flushes%n", writes.writes(), writes.flushes());

        cairn.start();
        try (RpcClient rpc = cairn.rpc()) {
            Raid raid = new Raid(rpc, ARRAY);
            raid.awaitHealth("optimal");
            writes.assertFlushedIsThere(cairn, ARRAY);
            raid.awaitRest();
            assertThat(raid.told(0)).contains("bdev_process_end: resync: done");
            assertThat(raid.scrub(false)).isZero();
            // nor has the resync taken anything back that was read before it
            writes.assertFlushedIsThere(cairn, ARRAY);
        }
    }

    @Test
    void aRebuildGoesOnWhereItWas() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            Raid raid = mirror(rpc, 0x5a);
            disk(rpc, "rrNew", 0);
            // of 64 MiB, so that it lasts
            rpc.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 10));
            rpc.call("bdev_raid_remove_base_bdev", Map.of("name", "rrLeg1"));
            rpc.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", ARRAY, "base_bdev", "rrNew"));
            raid.awaitProcess("rebuild", 30);
        }
        cairn.stop();
        cairn.start();
        try (RpcClient rpc = cairn.rpc()) {
            new Raid(rpc, ARRAY).awaitProcess("rebuild", 80);
            assertThat(written(rpc, "rrNew")).isLessThan(SIZE * 7L / 10);
        }
        cairn.kill();
        cairn.start();
        try (RpcClient rpc = cairn.rpc()) {
            Raid raid = new Raid(rpc, ARRAY);
            rpc.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 0));
            raid.awaitHealth("optimal");
            assertThat(written(rpc, "rrNew")).isLessThan(SIZE * 7L / 10);
            assertThat(raid.slot(1).path("name").asString()).isEqualTo("rrNew");
            assertThat(raid.scrub(false)).isZero();
        }
    }

    /** A mirror of two files that are full of a value. */
    private Raid mirror(RpcClient rpc, int value) throws IOException {
        disk(rpc, "rrLeg0", value);
        disk(rpc, "rrLeg1", value);
        Await.untilTrue("module raid", LIMIT, () -> rpc.call("rpc_get_methods")
                .toString()
                .contains("bdev_raid_create"));
        rpc.call("bdev_raid_create", Raid.creation(ARRAY, "raid1", 0, List.of("rrLeg0", "rrLeg1")));
        return new Raid(rpc, ARRAY);
    }

    private void disk(RpcClient rpc, String name, int value) throws IOException {
        byte[] content = new byte[SIZE];
        Arrays.fill(content, (byte) value);
        Path file = Files.write(directory.resolve(name + ".img"), content);
        rpc.call(
                "bdev_aio_create",
                Map.of("name", name, "filename", file.toString(), "block_size", 512, "fallocate", true));
    }

    /** How many bytes have been written to a disk since the start. */
    private static long written(RpcClient rpc, String bdev) {
        return rpc.call("bdev_get_iostat", Map.of("names", List.of(bdev)))
                .path("bdevs")
                .path(0)
                .path("bytes_written")
                .asLong();
    }
}
