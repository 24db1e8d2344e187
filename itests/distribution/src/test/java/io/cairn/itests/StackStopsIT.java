package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Figures;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A stack of six layers under load, one of whose bundles is stopped, wherever it is in the stack, or all of them: everything ends within its
 * deadline, and all of it is there again when the bundle is.
 *
 * <p>As many times each as the system property {@code cairn.stops} says; once without.
 */
class StackStopsIT {
    private static final int STOPS = Integer.getInteger("cairn.stops", 1);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** What a removal and a destruct may take at most, and a shell's start. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(25);

    private static final String TOP = "stTop";

    @TempDir
    private Path directory;

    private RunningDistribution cairn;
    private Map<String, String> uuids;

    @BeforeEach
    void build() throws IOException {
        Path disk = Files.write(directory.resolve("disk.img"), new byte[64 << 20]);
        cairn = RunningDistribution.unpack(directory.resolve("d"));
        cairn.start();
        try (RpcClient rpc = cairn.rpc()) {
            Await.untilTrue("modules delay and error", LIMIT, () -> {
                String methods = rpc.call("rpc_get_methods").toString();
                return methods.contains("bdev_delay_create") && methods.contains("bdev_error_create");
            });
            rpc.call(
                    "bdev_aio_create",
                    Map.of("name", "stDisk", "filename", disk.toString(), "block_size", 512, "fallocate", true));
            rpc.call("bdev_split_create", Map.of("base_bdev", "stDisk", "split_count", 2));
            rpc.call("bdev_passthru_create", Map.of("name", "stLow", "base_bdev_name", "stDiskp0"));
            rpc.call(
                    "bdev_delay_create",
                    Map.of(
                            "name", "stDelay",
                            "base_bdev_name", "stLow",
                            "avg_read_latency", 1000,
                            "p99_read_latency", 20_000,
                            "avg_write_latency", 1000,
                            "p99_write_latency", 20_000));
            rpc.call("bdev_error_create", Map.of("base_name", "stDelay"));
            rpc.call("bdev_passthru_create", Map.of("name", TOP, "base_bdev_name", "EE_stDelay"));
            rpc.call("nbd_export_create", Map.of("bdev_name", TOP, "export_name", TOP));
            uuids = Stack.uuids(rpc);
        }
        assertThat(uuids).containsOnlyKeys("stDisk", "stDiskp0", "stDiskp1", "stLow", "stDelay", "EE_stDelay", TOP);
    }

    @AfterEach
    void end() {
        if (cairn != null) {
            cairn.close();
        }
    }

    @Test
    void stopsAtEveryLayerUnderLoad() throws IOException {
        for (int i = 1; i <= STOPS; i++) {
            // the middle, the base, the top (and one below the middle: it is the same bundle), the one that keeps I/O,
            // the exports
            for (String bundle : List.of(
                    "module.delay", "module.aio", "module.passthru", "module.error", "module.split", "export.nbd")) {
                stopped(bundle, i, () -> cairn.shell().run("bundle:stop io.cairn." + bundle), () -> cairn.shell()
                        .run("bundle:start io.cairn." + bundle));
            }
            stopped("the container", i, cairn::stop, cairn::start);
        }
    }

    private void stopped(String what, int round, Step stop, Step start) throws IOException {
        String pattern = Integer.toString(1 + (31 * round + what.length()) % 255);
        QemuIo.run(cairn.nbdUri(TOP), "write -P " + pattern + " 0 1M", "flush").ok();
        // I/O at every stage: kept by error, held by delay, at the disk, and what waits for it all
        try (RpcClient rpc = cairn.rpc()) {
            rpc.call(
                    "bdev_error_inject_error",
                    Map.of("name", "EE_stDelay", "io_type", "write", "error_type", "pending", "num", 4));
        }
        Duration took;
        try (Fio load = Fio.verifying(cairn.nbdUri(TOP), "--offset=2M", "--size=16M", "--iodepth=32")) {
            Await.untilTrue("I/O before the stop of " + what, LIMIT, () -> writes() > 200);
            long began = System.nanoTime();
            stop.run();
            took = Duration.ofNanos(System.nanoTime() - began);
            Fio.Seen seen = load.awaitEnd(LIMIT).matching();
            assertThat(seen.finished().status()).as("%s", seen).isNotZero();
        }
        Figures.log("stop of %s under load took %d ms", what, took.toMillis());
        assertThat(took).isLessThan(STOP_LIMIT);

        start.run();
        try (RpcClient rpc = cairn.rpc()) {
            Await.untilTrue(
                    "stack as before, after " + what,
                    LIMIT,
                    () -> Stack.uuids(rpc).equals(uuids) && Stack.isLive(rpc, TOP));
            rpc.call(
                    "bdev_error_inject_error",
                    Map.of("name", "EE_stDelay", "io_type", "clear", "error_type", "failure"));
        }
        QemuIo.run(cairn.nbdUri(TOP), "read -P " + pattern + " 0 1M").ok();
    }

    private long writes() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            return Stack.iostat(rpc, TOP, "num_write_ops");
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
