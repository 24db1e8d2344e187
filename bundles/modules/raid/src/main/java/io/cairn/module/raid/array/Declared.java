package io.cairn.module.raid.array;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an array's bdev has declared to those above it. They rely on it, so that it is the same after an upgrade even if the members that it came from
 * are away then; what the members themselves want, their own cores see to.
 */
record Declared(IoLimits limits, boolean writeCache, Set<IoType> types) {
    private static final String LIMITS = "limits";
    private static final String WRITE_CACHE = "write cache";
    private static final String TYPES = "types";

    /** Copies what could change. */
    Declared {
        types = Set.copyOf(types);
    }

    static Declared of(BdevSpec spec) {
        return new Declared(spec.limits(), spec.hasWriteCache(), spec.types());
    }

    /** Returns a specification that declares this again, and the types that the members have beside these. */
    BdevSpec again(BdevSpec spec) {
        Set<IoType> all = EnumSet.noneOf(IoType.class);
        all.addAll(types);
        all.addAll(spec.types());
        return new BdevSpec(
                spec.name(),
                spec.aliases(),
                spec.uuid(),
                spec.productName(),
                spec.blockSize(),
                spec.numBlocks(),
                limits,
                writeCache,
                all,
                spec.baseNames());
    }

    /** Spells this in the JDK's types. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put(
                LIMITS,
                List.of(
                        (long) limits.physicalBlockSize(),
                        (long) limits.requiredAlignment(),
                        limits.optimalIoBoundary(),
                        limits.splitOnBoundary() ? 1L : 0L,
                        limits.writeUnitBlocks(),
                        limits.maxReadWriteBlocks(),
                        (long) limits.maxSegments(),
                        limits.maxUnmapBlocks(),
                        limits.maxWriteZeroesBlocks(),
                        limits.maxCopyBlocks(),
                        limits.preferredWriteAlignment(),
                        limits.preferredWriteGranularity(),
                        limits.optimalWriteSize(),
                        limits.preferredUnmapAlignment(),
                        limits.preferredUnmapGranularity()));
        plain.put(WRITE_CACHE, writeCache);
        plain.put(TYPES, types.stream().map(IoType::name).sorted().toList());
        return plain;
    }

    /** Reads what {@link #plain} spelled; empty if it is not there, or of another form. */
    static Optional<Declared> from(Object plain) {
        if (!(plain instanceof Map<?, ?> map)
                || !(map.get(LIMITS) instanceof List<?> numbers)
                || numbers.size() != 15
                || !(map.get(WRITE_CACHE) instanceof Boolean cache)
                || !(map.get(TYPES) instanceof List<?> names)) {
            return Optional.empty();
        }
        List<Long> n = new ArrayList<>();
        numbers.forEach(number -> n.add((Long) number));
        IoLimits limits = new IoLimits(
                n.get(0).intValue(),
                n.get(1).intValue(),
                n.get(2),
                n.get(3) != 0,
                n.get(4),
                n.get(5),
                n.get(6).intValue(),
                n.get(7),
                n.get(8),
                n.get(9),
                n.get(10),
                n.get(11),
                n.get(12),
                n.get(13),
                n.get(14));
        Set<IoType> types = EnumSet.noneOf(IoType.class);
        names.forEach(name -> types.add(IoType.valueOf((String) name)));
        return Optional.of(new Declared(limits, cache, types));
    }
}
