package io.cairn.bdev.testkit;

import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a simulated disk is like. Start with {@link #of} and change what matters.
 *
 * @param name the bdev's name
 * @param blockSize bytes
 * @param numBlocks the size
 * @param uuid the identity; empty: random
 * @param limits what the core must spare it; it complains ({@link SimDisk#violations}) about I/O beyond
 * @param types what it serves by itself: leave types out to test the core's emulation of them
 * @param writeCache whether writes are durable only after a flush
 * @param minLatency the least time that an I/O takes
 * @param maxLatency the most time; between the two is random, so that completions overtake each other
 * @param inlineChance how often (0 to 1) an I/O is completed from inside {@code submitRequest}
 * @param nomemChance how often (0 to 1, below 1) an I/O ends with NOMEM and must be given again
 * @param abortChance how often (0 to 1) an abort finds its victim still abortable
 * @param directChance how often (0 to 1) its memory is given for direct access; in simulations only, where a turn is one step
 * @param unmapKeepsOld whether a read after an unmap may find the old data as well as zeroes, block by block
 */
public record SimSettings(
        String name,
        int blockSize,
        long numBlocks,
        Optional<UUID> uuid,
        IoLimits limits,
        Set<IoType> types,
        boolean writeCache,
        Duration minLatency,
        Duration maxLatency,
        double inlineChance,
        double nomemChance,
        double abortChance,
        double directChance,
        boolean unmapKeepsOld) {
    /** All types that a simulated disk can serve: all that the core carries. */
    public static final Set<IoType> ALL_TYPES = Set.copyOf(EnumSet.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.ABORT,
            IoType.SEEK_HOLE,
            IoType.SEEK_DATA,
            IoType.COPY));

    /** Checks what would make no sense. */
    public SimSettings {
        Objects.requireNonNull(name, "name");
        types = Set.copyOf(types);
        if (!ALL_TYPES.containsAll(types)) {
            throw new IllegalArgumentException("a simulated disk serves " + ALL_TYPES + ", not all of " + types);
        }
        if (minLatency.isNegative() || maxLatency.compareTo(minLatency) < 0) {
            throw new IllegalArgumentException("latency from " + minLatency + " to " + maxLatency);
        }
        if (nomemChance >= 1) {
            throw new IllegalArgumentException("a disk that always answers NOMEM never serves anything");
        }
    }

    /** Returns a disk that serves everything in 1 to 100 µs, with a write cache; nothing goes wrong. */
    public static SimSettings of(String name, int blockSize, long numBlocks) {
        return new SimSettings(
                name,
                blockSize,
                numBlocks,
                Optional.empty(),
                IoLimits.NONE,
                ALL_TYPES,
                true,
                Duration.ofNanos(1_000),
                Duration.ofNanos(100_000),
                0,
                0,
                1,
                0,
                false);
    }

    /** Returns the same with another size. */
    public SimSettings withBlocks(long other) {
        return with(draft -> draft.numBlocks = other);
    }

    /** Returns the same with a UUID. */
    public SimSettings withUuid(UUID other) {
        return with(draft -> draft.uuid = Optional.of(other));
    }

    /** Returns the same with limits. */
    public SimSettings withLimits(IoLimits other) {
        return with(draft -> draft.limits = other);
    }

    /** Returns the same with other types. */
    public SimSettings withTypes(Set<IoType> other) {
        return with(draft -> draft.types = other);
    }

    /** Returns the same without some types. */
    public SimSettings without(IoType... missing) {
        Set<IoType> fewer = EnumSet.copyOf(types);
        for (IoType type : missing) {
            fewer.remove(type);
        }
        return withTypes(fewer);
    }

    /** Returns the same with or without a write cache. */
    public SimSettings withWriteCache(boolean other) {
        return with(draft -> draft.writeCache = other);
    }

    /** Returns the same with other latencies. */
    public SimSettings withLatency(Duration least, Duration most) {
        return with(draft -> {
            draft.minLatency = least;
            draft.maxLatency = most;
        });
    }

    /** Returns the same that completes inline, answers NOMEM and refuses aborts as often as said (0 to 1 each). */
    public SimSettings withChances(double inline, double nomem, double abort) {
        return with(draft -> {
            draft.inlineChance = inline;
            draft.nomemChance = nomem;
            draft.abortChance = abort;
        });
    }

    /** Returns the same that gives its memory for direct access as often as said (0 to 1). */
    public SimSettings withDirectAccess(double chance) {
        return with(draft -> draft.directChance = chance);
    }

    /** Returns the same whose unmap leaves old data or zeroes. */
    public SimSettings withUnmapKeepingOld(boolean other) {
        return with(draft -> draft.unmapKeepsOld = other);
    }

    private SimSettings with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.settings();
    }

    /** What another one is to be like; first, like this one. */
    private static final class Draft {
        private String name;
        private int blockSize;
        private long numBlocks;
        private Optional<UUID> uuid;
        private IoLimits limits;
        private Set<IoType> types;
        private boolean writeCache;
        private Duration minLatency;
        private Duration maxLatency;
        private double inlineChance;
        private double nomemChance;
        private double abortChance;
        private double directChance;
        private boolean unmapKeepsOld;

        Draft(SimSettings from) {
            name = from.name;
            blockSize = from.blockSize;
            numBlocks = from.numBlocks;
            uuid = from.uuid;
            limits = from.limits;
            types = from.types;
            writeCache = from.writeCache;
            minLatency = from.minLatency;
            maxLatency = from.maxLatency;
            inlineChance = from.inlineChance;
            nomemChance = from.nomemChance;
            abortChance = from.abortChance;
            directChance = from.directChance;
            unmapKeepsOld = from.unmapKeepsOld;
        }

        SimSettings settings() {
            return new SimSettings(
                    name,
                    blockSize,
                    numBlocks,
                    uuid,
                    limits,
                    types,
                    writeCache,
                    minLatency,
                    maxLatency,
                    inlineChance,
                    nomemChance,
                    abortChance,
                    directChance,
                    unmapKeepsOld);
        }
    }
}
