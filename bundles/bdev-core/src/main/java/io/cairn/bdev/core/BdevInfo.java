package io.cairn.bdev.core;

import io.cairn.bdev.Claim;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A bdev as {@code bdev_get_bdevs} shows it: SPDK's keys in SPDK's order. What SPDK does not tell (who holds the
 * claims, what a bdev is built on) has operations of its own.
 */
final class BdevInfo {
    private BdevInfo() {}

    static Map<String, Object> of(CoreBdev bdev) {
        IoLimits limits = bdev.limits();
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("name", bdev.name());
        info.put("aliases", bdev.aliases());
        info.put("product_name", bdev.productName());
        info.put("block_size", bdev.blockSize());
        info.put("num_blocks", bdev.numBlocks());
        info.put("preferred_write_alignment", limits.preferredWriteAlignment());
        info.put("preferred_write_granularity", limits.preferredWriteGranularity());
        info.put("optimal_write_size", limits.optimalWriteSize());
        info.put("preferred_unmap_alignment", limits.preferredUnmapAlignment());
        info.put("preferred_unmap_granularity", limits.preferredUnmapGranularity());
        info.put("uuid", bdev.uuid().toString());
        info.put("assigned_rate_limits", noRateLimits());
        List<Claim> claims = bdev.claims();
        info.put("claimed", !claims.isEmpty());
        if (!claims.isEmpty()) {
            info.put("claim_type", claims.get(0).type().rpcName());
        }
        info.put("zoned", false);
        info.put("supported_io_types", supportedTypes(bdev));
        info.put("driver_specific", bdev.driverSpecific());
        if (bdev.hold().isOn()) {
            info.put("state", "held by upgrade of module " + bdev.moduleName());
        }
        return info;
    }

    private static Map<String, Object> noRateLimits() {
        Map<String, Object> limits = new LinkedHashMap<>();
        limits.put("rw_ios_per_sec", 0);
        limits.put("rw_mbytes_per_sec", 0);
        limits.put("r_mbytes_per_sec", 0);
        limits.put("w_mbytes_per_sec", 0);
        return limits;
    }

    /** As SPDK says it: what the module implements, and writing zeroes wherever there is writing. */
    private static Map<String, Object> supportedTypes(CoreBdev bdev) {
        Map<String, Object> types = new LinkedHashMap<>();
        for (IoType type : IoType.values()) {
            boolean emulated = type == IoType.WRITE_ZEROES && bdev.isNative(IoType.WRITE);
            types.put(type.rpcName(), bdev.isNative(type) || emulated);
        }
        return types;
    }
}
