package io.cairn.itests.support;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** What one test creates in the distribution; closing it deletes everything, top-down. */
public final class Stack implements AutoCloseable {
    private final RpcClient rpc;
    private final Deque<Deletion> deletions = new ArrayDeque<>();

    /** A stack that is created over this connection, which is closed with it. */
    public Stack(RpcClient rpc) {
        this.rpc = rpc;
    }

    /** The connection. */
    public RpcClient rpc() {
        return rpc;
    }

    /** A disk on a file. */
    public void aio(String name, Path file, int blockSize) {
        create(
                "bdev_aio_create",
                Map.of("name", name, "filename", file.toString(), "block_size", blockSize, "fallocate", true),
                new Deletion("bdev_aio_delete", "name", name));
    }

    /** A disk on a file that has been here before. */
    public void aio(String name, Path file, int blockSize, String uuid) {
        create(
                "bdev_aio_create",
                Map.of(
                        "name", name,
                        "filename", file.toString(),
                        "block_size", blockSize,
                        "fallocate", true,
                        "uuid", uuid),
                new Deletion("bdev_aio_delete", "name", name));
    }

    /** Has a disk go whose file is gone. */
    public void rescan(String name) {
        rpc.call("bdev_aio_rescan", Map.of("name", name));
        deletions.remove(new Deletion("bdev_aio_delete", "name", name));
    }

    /** A disk in memory. */
    public void malloc(String name, long size) {
        create(
                "bdev_malloc_create",
                Map.of("name", name, "num_blocks", size / 512, "block_size", 512),
                new Deletion("bdev_malloc_delete", "name", name));
    }

    /** A disk that forgets. */
    public void nullDisk(String name, long size) {
        create(
                "bdev_null_create",
                Map.of("name", name, "num_blocks", size / 512, "block_size", 512),
                new Deletion("bdev_null_delete", "name", name));
    }

    /** A bdev that passes everything on to its base. */
    public void passthru(String name, String base) {
        create(
                "bdev_passthru_create",
                Map.of("name", name, "base_bdev_name", base),
                new Deletion("bdev_passthru_delete", "name", name));
    }

    /** A bdev that tells the end of every read and write some time after its base. */
    public void delay(String name, String base, long micros) {
        create(
                "bdev_delay_create",
                Map.of(
                        "name", name,
                        "base_bdev_name", base,
                        "avg_read_latency", micros,
                        "p99_read_latency", micros,
                        "avg_write_latency", micros,
                        "p99_write_latency", micros),
                new Deletion("bdev_delay_delete", "name", name));
    }

    /** A bdev that injects errors when it is told to; returns its name. */
    public String error(String base) {
        String name = "EE_" + base;
        create("bdev_error_create", Map.of("base_name", base), new Deletion("bdev_error_delete", "name", name));
        return name;
    }

    /** Equal parts of a base; returns their names. */
    public List<String> split(String base, int count, int sizeMib) {
        JsonNode names = create(
                "bdev_split_create",
                Map.of("base_bdev", base, "split_count", count, "split_size_mb", sizeMib),
                new Deletion("bdev_split_delete", "base_bdev", base));
        List<String> parts = new ArrayList<>();
        names.forEach(name -> parts.add(name.asString()));
        return parts;
    }

    /** An array with a superblock; deleting it wipes what is on its members of it. */
    public Raid raid(String name, String level, int stripKib, List<String> bases) {
        create(
                "bdev_raid_create",
                Raid.creation(name, level, stripKib, bases),
                new Deletion("bdev_raid_delete", "name", name, Map.of("clear_sb", true)));
        return new Raid(rpc, name);
    }

    /** An export that can be written. */
    public void export(String bdev) {
        export(bdev, bdev, false);
    }

    /** An export. */
    public void export(String bdev, String name, boolean readOnly) {
        create(
                "nbd_export_create",
                Map.of("bdev_name", bdev, "export_name", name, "read_only", readOnly),
                new Deletion("nbd_export_delete", "export_name", name));
    }

    /** Deletes something before its time; closing does not do it again. */
    public void delete(String method, String value) {
        Deletion deletion = deletions.stream()
                .filter(candidate ->
                        candidate.method().equals(method) && candidate.value().equals(value))
                .findFirst()
                .orElseThrow(() -> new AssertionError("not created here: " + value));
        deletions.remove(deletion);
        deletion.by(rpc);
    }

    /** Name and UUID of every bdev, in the order of names. */
    public static Map<String, String> uuids(RpcClient rpc) {
        Map<String, String> uuids = new TreeMap<>();
        rpc.call("bdev_get_bdevs")
                .forEach(bdev -> uuids.put(
                        bdev.path("name").asString(), bdev.path("uuid").asString()));
        return uuids;
    }

    /** One of a bdev's counts since it came. */
    public static long iostat(RpcClient rpc, String bdev, String count) {
        return rpc.call("bdev_get_iostat", Map.of("names", List.of(bdev)))
                .path("bdevs")
                .path(0)
                .path(count)
                .asLong();
    }

    /** Whether clients can enter an export. */
    public static boolean isLive(RpcClient rpc, String export) {
        for (JsonNode each : rpc.call("nbd_export_list")) {
            if (each.path("name").asString().equals(export)) {
                return each.path("state").asString().equals("live");
            }
        }
        return false;
    }

    /** Everything is tried, so that one failure does not leave the rest to the next test; the first failure is told. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!deletions.isEmpty()) {
            try {
                deletions.pop().by(rpc);
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        rpc.close();
        if (first != null) {
            throw first;
        }
    }

    private JsonNode create(String method, Map<String, ?> params, Deletion deletion) {
        JsonNode result = rpc.call(method, params);
        deletions.push(deletion);
        return result;
    }

    private record Deletion(String method, String key, String value, Map<String, ?> more) {
        Deletion(String method, String key, String value) {
            this(method, key, value, Map.of());
        }

        void by(RpcClient rpc) {
            Map<String, Object> params = new LinkedHashMap<>(more);
            params.put(key, value);
            rpc.call(method, params);
        }
    }
}
