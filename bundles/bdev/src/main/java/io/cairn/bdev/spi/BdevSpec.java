package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What a module declares of a bdev when it registers it.
 *
 * @param name unique; 1 to 255 bytes without control characters
 * @param aliases further names
 * @param uuid the identity; empty: a random one is made
 * @param productName for people
 * @param blockSize bytes; at least 1
 * @param numBlocks at least 1
 * @param limits what the module wants to be spared
 * @param hasWriteCache whether FLUSH means something
 * @param types what the backend itself implements: an explicit list, nothing else is ever given to it
 * @param baseNames the bdevs that it is built on
 */
public record BdevSpec(
        String name,
        List<String> aliases,
        Optional<UUID> uuid,
        String productName,
        int blockSize,
        long numBlocks,
        IoLimits limits,
        boolean hasWriteCache,
        Set<IoType> types,
        List<String> baseNames) {
    /** Copies what could change. */
    public BdevSpec {
        Objects.requireNonNull(name, "name");
        aliases = List.copyOf(aliases);
        Objects.requireNonNull(uuid, "uuid");
        Objects.requireNonNull(productName, "productName");
        Objects.requireNonNull(limits, "limits");
        types = Set.copyOf(types);
        baseNames = List.copyOf(baseNames);
    }

    /** Returns a physical bdev's spec without aliases, limits and write cache and with a random UUID. */
    public static BdevSpec physical(String name, String productName, int blockSize, long numBlocks, Set<IoType> types) {
        return new BdevSpec(
                name,
                List.of(),
                Optional.empty(),
                productName,
                blockSize,
                numBlocks,
                IoLimits.NONE,
                false,
                types,
                List.of());
    }

    /**
     * Returns a virtual bdev's spec: geometry, limits and write cache of its base, and the types that the module implements
     * and the base offers.
     *
     * @param allowed what the module implements: an explicit list
     */
    public static BdevSpec over(Bdev base, String name, String productName, Set<IoType> allowed) {
        Set<IoType> types = EnumSet.noneOf(IoType.class);
        types.addAll(allowed);
        types.retainAll(base.supportedTypes());
        return new BdevSpec(
                name,
                List.of(),
                Optional.empty(),
                productName,
                base.blockSize(),
                base.numBlocks(),
                base.limits(),
                base.hasWriteCache(),
                types,
                List.of(base.name()));
    }

    /** Returns the same with another size in blocks. */
    public BdevSpec withNumBlocks(long other) {
        return new BdevSpec(
                name, aliases, uuid, productName, blockSize, other, limits, hasWriteCache, types, baseNames);
    }

    /** Returns the same with other aliases. */
    public BdevSpec withAliases(List<String> other) {
        return new BdevSpec(
                name, other, uuid, productName, blockSize, numBlocks, limits, hasWriteCache, types, baseNames);
    }

    /** Returns the same with a UUID. */
    public BdevSpec withUuid(UUID other) {
        return new BdevSpec(
                name,
                aliases,
                Optional.of(other),
                productName,
                blockSize,
                numBlocks,
                limits,
                hasWriteCache,
                types,
                baseNames);
    }

    /** Returns the same with other limits. */
    public BdevSpec withLimits(IoLimits other) {
        return new BdevSpec(
                name, aliases, uuid, productName, blockSize, numBlocks, other, hasWriteCache, types, baseNames);
    }

    /** Returns the same with or without a write cache. */
    public BdevSpec withWriteCache(boolean other) {
        return new BdevSpec(name, aliases, uuid, productName, blockSize, numBlocks, limits, other, types, baseNames);
    }

    /** Returns the same, built on other bdevs. */
    public BdevSpec withBases(List<String> other) {
        return new BdevSpec(
                name, aliases, uuid, productName, blockSize, numBlocks, limits, hasWriteCache, types, other);
    }
}
