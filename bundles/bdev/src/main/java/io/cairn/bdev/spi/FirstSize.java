package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The size that a base had when a {@link VirtualDefinition} was first built on it: what parts and UUIDs are derived from, so that they
 * stay the same when the base grows and the definition is built again, after an upgrade of the module ({@link BdevModule#handOver}) or
 * when the base was away. It is not saved: after a restart the base's present size is the first one. App thread.
 */
public final class FirstSize {
    private static final String BASE = "base";
    private static final String BLOCKS = "blocks";

    private UUID base;
    private long blocks;

    /** Returns the first size of a base in blocks; its present one if it is another base, or smaller than it was. */
    public long of(Bdev present) {
        return present.uuid().equals(base) && present.numBlocks() >= blocks ? blocks : present.numBlocks();
    }

    /** The definition can be built on a base: {@link #of} returns this size of it from now on, as it did before if it did. */
    public void keep(Bdev present) {
        blocks = of(present);
        base = present.uuid();
    }

    /** Returns what is kept as values that outlive the module; an empty map if nothing is. */
    public Map<String, Object> plain() {
        Map<String, Object> plain = new HashMap<>();
        if (base != null) {
            plain.put(BASE, base);
            plain.put(BLOCKS, blocks);
        }
        return plain;
    }

    /** Keeps what {@link #plain} told; anything else changes nothing. */
    public void set(Object plain) {
        if (plain instanceof Map<?, ?> map
                && map.get(BASE) instanceof UUID ofBase
                && map.get(BLOCKS) instanceof Long firstBlocks) {
            base = ofBase;
            blocks = firstBlocks;
        }
    }
}
