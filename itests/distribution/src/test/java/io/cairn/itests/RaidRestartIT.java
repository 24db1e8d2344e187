package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.NumberedWrites;
import io.cairn.itests.support.Raid;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
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
    void everyFlushedWriteOfAMirrorIsThereAfterAKill() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            array(rpc, "raid1", 0, 0, List.of("rrDisk0", "rrDisk1"));
        }
        killedUnderLoad(new NumberedWrites(BLOCKS));
    }

    /** A block that the client writes is a stripe; at a kill each of its strips is old or new. */
    @Test
    void everyFlushedWriteOfAParityArrayIsThereAfterAKill() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            array(rpc, "raid5f", 2, 0, List.of("rrDisk0", "rrDisk1", "rrDisk2"));
        }
        killedUnderLoad(new NumberedWrites(BLOCKS, 512));
    }

    private void killedUnderLoad(NumberedWrites writes) throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            rpc.call("nbd_export_create", Map.of("bdev_name", ARRAY, "export_name", ARRAY));
        }
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writes.untilEnd(cairn, ARRAY, 1));
        Await.untilTrue("flushes", LIMIT, () -> writes.flushes() > 100);
        cairn.kill();
        try {
            writer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the writer has not met the end of its connection", e);
        }

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
    void aRebuildOfAMirrorGoesOnWhereItWas() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            rebuildGoesOn(rpc, array(rpc, "raid1", 0, 0x5a, List.of("rrDisk0", "rrDisk1")));
        }
    }

    @Test
    void aRebuildOfAParityArrayGoesOnWhereItWas() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            // three of them are their own parity
            List<String> disks = List.of("rrDisk0", "rrDisk1", "rrDisk2", "rrDisk3");
            rebuildGoesOn(rpc, array(rpc, "raid5f", 4, 0x5a, disks));
        }
    }

    /** Through an orderly end, and through a kill. */
    private void rebuildGoesOn(RpcClient before, Raid built) throws IOException {
        disk(before, "rrNew", 0);
        // of 64 MiB, so that it lasts
        before.call("bdev_raid_set_options", Map.of("process_max_bandwidth_mb_sec", 10));
        before.call("bdev_raid_remove_base_bdev", Map.of("name", "rrDisk1"));
        before.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", ARRAY, "base_bdev", "rrNew"));
        built.awaitProcess("rebuild", 30);
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

    /** It was deleted without being cleared: its disks, which come first, still have it. */
    @Test
    void aDeletedArrayDoesNotDisplaceTheOneThatHasItsName() throws IOException {
        String living;
        try (RpcClient rpc = cairn.rpc()) {
            array(rpc, "raid1", 0, 0, List.of("rrDisk0", "rrDisk1"));
            rpc.call("bdev_raid_delete", Map.of("name", ARRAY));
            living = uuid(array(rpc, "raid1", 0, 0, List.of("rrDisk2", "rrDisk3")));
        }
        cairn.stop();
        cairn.start();
        try (RpcClient rpc = cairn.rpc()) {
            assertLives(rpc, living);
            cairn.shell().runOverSsh("feature:uninstall cairn-raid");
            assertThat(rpc.call("bdev_get_bdevs"))
                    .extracting(bdev -> bdev.path("name").asString())
                    .doesNotContain(ARRAY);
            cairn.shell().runOverSsh("feature:install cairn-raid");
            assertLives(rpc, living);
        }
    }

    private static void assertLives(RpcClient rpc, String uuid) {
        awaitModule(rpc);
        Raid raid = new Raid(rpc, ARRAY);
        raid.awaitHealth("optimal");
        assertThat(uuid(raid)).isEqualTo(uuid);
        assertThat(rpc.call("bdev_why", Map.of("name", "rrDisk0")).path("reasons"))
                .extracting(reason -> reason.path("error").asString())
                .anySatisfy(why -> assertThat(why)
                        .startsWith("its array is called '" + ARRAY + "'")
                        .contains(uuid));
    }

    private static String uuid(Raid raid) {
        return raid.info().path("uuid").asString();
    }

    /** An array of files that are full of a value. */
    private Raid array(RpcClient rpc, String level, int stripKib, int value, List<String> disks) throws IOException {
        for (String name : disks) {
            disk(rpc, name, value);
        }
        awaitModule(rpc);
        rpc.call("bdev_raid_create", Raid.creation(ARRAY, level, stripKib, disks));
        return new Raid(rpc, ARRAY);
    }

    private static void awaitModule(RpcClient rpc) {
        Await.untilTrue("module raid", LIMIT, () -> rpc.call("rpc_get_methods")
                .toString()
                .contains("bdev_raid_create"));
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
        return Stack.iostat(rpc, bdev, "bytes_written");
    }
}
