package io.cairn.module.nullbdev;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One null disk: nothing but its declaration, for all disks share the module's channels. */
final class NullDisk implements BdevBackend {
    static final Set<IoType> TYPES = Set.of(IoType.READ, IoType.WRITE, IoType.WRITE_ZEROES, IoType.RESET, IoType.ABORT);

    private final BdevSpec spec;
    private final IoDevice<NullChannel> channels;
    private final Runnable removed;
    private long numBlocks;

    /**
     * Makes the disk.
     *
     * @param removed told when it is destructed
     */
    NullDisk(BdevSpec spec, IoDevice<NullChannel> channels, Runnable removed) {
        this.spec = spec;
        this.channels = channels;
        this.removed = removed;
        this.numBlocks = spec.numBlocks();
    }

    void resized(long blocks) {
        numBlocks = blocks;
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        return channels.acquire(reactor);
    }

    @Override
    public CompletionStage<Void> destruct() {
        removed.run();
        return CompletableFuture.completedFuture(null);
    }

    /** Returns the call that makes this disk again, as it is now. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", spec.name());
        params.put("block_size", spec.blockSize());
        params.put("num_blocks", numBlocks);
        params.put("uuid", spec.uuid().orElseThrow().toString());
        IoLimits limits = spec.limits();
        putUnlessZero(params, "physical_block_size", limits.physicalBlockSize());
        putUnlessZero(params, "preferred_write_granularity", limits.preferredWriteGranularity());
        putUnlessZero(params, "preferred_write_alignment", limits.preferredWriteAlignment());
        putUnlessZero(params, "optimal_write_size", limits.optimalWriteSize());
        putUnlessZero(params, "preferred_unmap_granularity", limits.preferredUnmapGranularity());
        putUnlessZero(params, "preferred_unmap_alignment", limits.preferredUnmapAlignment());
        return new ConfigEntry("bdev_null_create", params);
    }

    private static void putUnlessZero(Map<String, Object> params, String name, long value) {
        if (value != 0) {
            params.put(name, value);
        }
    }
}
