package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What was there comes back as it was, however the server ended; what was flushed is on the disk. */
class RestartIT {
    private static final String EXPORT = "restart";

    @TempDir
    private Path directory;

    private RunningDistribution cairn;
    private Map<String, String> uuids;
    private JsonNode exports;

    @BeforeEach
    void createStack() throws IOException {
        Path disk = Files.write(directory.resolve("disk.img"), new byte[64 << 20]);
        cairn = RunningDistribution.unpack(directory.resolve("d"));
        cairn.start();
        // Not closed as a stack: it is to outlive this connection.
        try (RpcClient rpc = cairn.rpc()) {
            rpc.call(
                    "bdev_aio_create",
                    Map.of("name", "disk", "filename", disk.toString(), "block_size", 512, "fallocate", true));
            rpc.call("bdev_passthru_create", Map.of("name", "pass", "base_bdev_name", "disk"));
            rpc.call("bdev_split_create", Map.of("base_bdev", "pass", "split_count", 2, "split_size_mb", 16));
            rpc.call("bdev_null_create", Map.of("name", "null", "num_blocks", 2048, "block_size", 4096));
            rpc.call("nbd_export_create", Map.of("bdev_name", "passp1", "export_name", EXPORT));
            rpc.call(
                    "nbd_export_create", Map.of("bdev_name", "passp0", "export_name", "restart ro", "read_only", true));
            uuids = Stack.uuids(rpc);
            exports = exports(rpc);
        }
        assertThat(uuids).containsOnlyKeys("disk", "pass", "passp0", "passp1", "null");
    }

    @AfterEach
    void end() {
        if (cairn != null) {
            cairn.close();
        }
    }

    @Test
    void everythingIsThereAfterAnOrderlyEnd() throws IOException {
        qemuIo("write -P 0x31 0 1M", "flush");

        cairn.stop();
        cairn.start();

        assertRestored();
        qemuIo("read -P 0x31 0 1M");
    }

    @Test
    void everythingIsThereAfterKill() throws IOException {
        qemuIo("write -P 0x32 0 1M", "flush", "write -f -P 0x33 2M 64k");

        cairn.kill();
        cairn.start();

        assertRestored();
        qemuIo("read -P 0x32 0 1M", "read -P 0x33 2M 64k", "read -P 0 4M 1M");

        // And again: what was replayed is saved as well as what was created.
        cairn.kill();
        cairn.start();
        assertRestored();
    }

    @Test
    void whatWasDeletedStaysAway() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            rpc.call("nbd_export_delete", Map.of("export_name", "restart ro"));
            rpc.call("bdev_null_delete", Map.of("name", "null"));
            uuids.remove("null");
            exports = exports(rpc);
        }

        cairn.kill();
        cairn.start();

        assertRestored();
    }

    private void assertRestored() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            // Modules arrive one after another, and each brings its own back.
            Await.untilTrue("restored bdev " + uuids, Duration.ofSeconds(20), () -> Stack.uuids(rpc)
                    .equals(uuids));
            Await.untilTrue("restored export " + exports, Duration.ofSeconds(20), () -> exports(rpc)
                    .equals(exports));
        }
    }

    /** What is to come back of the exports: everything but the number of clients at this moment. */
    private static JsonNode exports(RpcClient rpc) {
        JsonNode list = rpc.call("nbd_export_list");
        list.forEach(export -> ((ObjectNode) export).remove("connections"));
        return list;
    }

    private void qemuIo(String... commands) {
        QemuIo.run(cairn.nbdUri(EXPORT), commands).ok();
    }
}
