package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** What was counted for one bdev, put together from all reactors, in SPDK's shape. */
final class BdevCounts {
    private final CoreBdev bdev;
    private final Map<Integer, IoStatistics> byReactor = new ConcurrentHashMap<>();
    private IoStatistics retired;

    private BdevCounts(CoreBdev bdev) {
        this.bdev = bdev;
    }

    /** Reads every channel on its reactor, and resets there what is to be forgotten. From the app thread. */
    static CompletionStage<BdevCounts> read(CoreBdev bdev, StatisticsReset reset) {
        BdevCounts counts = new BdevCounts(bdev);
        CompletableFuture<BdevCounts> done = new CompletableFuture<>();
        bdev.sharedChannels()
                .forEachChannel(
                        bdev.reactors().app(),
                        channel -> {
                            counts.byReactor.put(channel.reactor.index(), channel.statistics.copy());
                            reset.apply(channel.statistics);
                        },
                        () -> {
                            counts.retired = bdev.retired().copy();
                            bdev.retired().reset(reset);
                            done.complete(counts);
                        });
        return done;
    }

    Map<String, Object> total() {
        IoStatistics sum = retired.copy();
        byReactor.values().forEach(sum::add);
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", bdev.name());
        put(all, sum);
        return all;
    }

    List<Map<String, Object>> perChannel() {
        List<Map<String, Object>> all = new ArrayList<>();
        new TreeMap<>(byReactor).forEach((reactor, statistics) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            // SPDK numbers its threads from 1
            one.put("thread_id", reactor + 1L);
            put(one, statistics);
            all.add(one);
        });
        return all;
    }

    private static void put(Map<String, Object> to, IoStatistics from) {
        to.put("bytes_read", from.bytes(IoType.READ));
        to.put("num_read_ops", from.operations(IoType.READ));
        to.put("bytes_written", from.bytes(IoType.WRITE));
        to.put("num_write_ops", from.operations(IoType.WRITE));
        to.put("bytes_unmapped", from.bytes(IoType.UNMAP));
        to.put("num_unmap_ops", from.operations(IoType.UNMAP));
        to.put("bytes_copied", from.bytes(IoType.COPY));
        to.put("num_copy_ops", from.operations(IoType.COPY));
        putLatencies(to, "read", from, IoType.READ);
        putLatencies(to, "write", from, IoType.WRITE);
        putLatencies(to, "unmap", from, IoType.UNMAP);
        putLatencies(to, "copy", from, IoType.COPY);
        to.put("io_error", errors(from));
    }

    private static void putLatencies(Map<String, Object> to, String what, IoStatistics from, IoType type) {
        to.put(what + "_latency_ticks", from.latencyNanos(type));
        to.put("max_" + what + "_latency_ticks", from.longestNanos(type));
        to.put("min_" + what + "_latency_ticks", from.shortestNanos(type));
    }

    private static Map<String, Object> errors(IoStatistics from) {
        Map<String, Object> errors = new LinkedHashMap<>();
        putError(errors, "aio_error", from, IoStatus.Kind.ERRNO);
        putError(errors, "aborted", from, IoStatus.Kind.ABORTED);
        putError(errors, "miscompare", from, IoStatus.Kind.MISCOMPARE);
        putError(errors, "nvme_error", from, IoStatus.Kind.NVME);
        putError(errors, "failed", from, IoStatus.Kind.FAILED);
        return errors;
    }

    private static void putError(Map<String, Object> to, String key, IoStatistics from, IoStatus.Kind kind) {
        if (from.errors(kind) > 0) {
            to.put(key, from.errors(kind));
        }
    }
}
