package io.cairn.module.raid.array;

import io.cairn.bdev.BdevException;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.reactor.Errno;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * An array as its user asked for it.
 *
 * @param name the array's name
 * @param level the level
 * @param stripKb the strip in KiB; 0 on raid1
 * @param bases name, alias or UUID of the member in each slot
 * @param uuid the array's; empty: a random one
 * @param superblock whether the members say what they belong to
 */
public record Definition(
        String name, RaidLevel level, long stripKb, List<String> bases, Optional<UUID> uuid, boolean superblock) {
    private static final int KIB = 1024;
    /** The most bytes that a bdev's name has. */
    private static final int LONGEST_BDEV_NAME = 255;

    /** Copies what could change. */
    public Definition {
        bases = List.copyOf(bases);
    }

    /**
     * Checks what can be checked without the bases.
     *
     * @throws BdevException EINVAL naming the parameter; EPERM a base is named twice (SPDK's code: its second claim fails)
     */
    public void check() {
        checkName(name);
        if (uuid.filter(Slot.NOBODY::equals).isPresent()) {
            throw invalid("its UUID is nil");
        }
        if (!level.hasStrips() && stripKb != 0) {
            throw invalid("strip_size_kb " + stripKb + ": " + level + " has no strips, it must be 0");
        }
        if (level.hasStrips() && Long.bitCount(stripKb) != 1) {
            throw invalid("strip_size_kb " + stripKb + " is not a power of two");
        }
        if (bases.size() < level.minMembers()) {
            throw invalid(level + " needs at least " + level.minMembers() + " base bdevs, not " + bases.size());
        }
        if (bases.size() > SuperblockCodec.MAX_SLOTS) {
            throw invalid(bases.size() + " base bdevs are more than " + SuperblockCodec.MAX_SLOTS);
        }
        Set<String> seen = new HashSet<>();
        for (String base : bases) {
            if (base.isEmpty()) {
                throw invalid("The base bdev name cannot be empty");
            }
            baseNameFault(base).ifPresent(fault -> {
                throw invalid("the name of base bdev " + seen.size() + " " + fault);
            });
            if (base.equals(name)) {
                throw invalid("it cannot be its own base bdev");
            }
            if (!seen.add(base)) {
                throw twice(base);
            }
        }
    }

    /** Returns what stands for the member in a slot that has none any more, where arrays are made again by their definition: as in SPDK. */
    static String removed(int slot) {
        return "removed_base_bdev_" + slot;
    }

    /** Says why no bdev can be called so: a name has 1 to 255 bytes. Empty if one can. */
    static Optional<String> baseNameFault(String base) {
        int bytes = base.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0) {
            return Optional.of("is empty");
        }
        return bytes <= LONGEST_BDEV_NAME
                ? Optional.empty()
                : Optional.of("has " + bytes + " bytes; " + LONGEST_BDEV_NAME + " are the most");
    }

    /**
     * Refuses what no array can be called.
     *
     * @throws BdevException EINVAL it is empty, or too long
     */
    static void checkName(String name) {
        if (name.isEmpty()) {
            throw new BdevException(Errno.EINVAL, "raid bdev '': its name is empty");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SuperblockCodec.MAX_NAME_BYTES) {
            throw new BdevException(
                    Errno.EINVAL,
                    "raid bdev '" + name + "': its name has " + bytes + " bytes; " + SuperblockCodec.MAX_NAME_BYTES
                            + " are the most");
        }
    }

    /** Returns the refusal of a base that is named twice. */
    BdevException twice(String base) {
        return new BdevException(Errno.EPERM, "raid bdev '" + name + "': base bdev '" + base + "' is there twice");
    }

    /**
     * Returns the strip in blocks.
     *
     * @throws BdevException EINVAL it is smaller than a block, or no whole number of blocks
     */
    public long stripBlocks(int blockSize) {
        if (!level.hasStrips()) {
            return 0;
        }
        long bytes = stripKb * KIB;
        if (bytes < blockSize || bytes % blockSize != 0) {
            throw invalid("a strip of " + stripKb + " KiB is not made of whole blocks of " + blockSize + " bytes");
        }
        return bytes / blockSize;
    }

    /** Returns the same with a UUID: a new one, if it has none. */
    Definition identified() {
        return uuid.isPresent()
                ? this
                : new Definition(name, level, stripKb, bases, Optional.of(UUID.randomUUID()), superblock);
    }

    /** Returns the UUID of one that is {@link #identified}. */
    UUID id() {
        return uuid.orElseThrow();
    }

    /** Returns whether it was found on its members, which say who they are. */
    boolean isFound() {
        return bases.isEmpty();
    }

    /** Returns the refusal of something that is wrong with this array, or does not fit it, for a cause. */
    BdevException invalid(String cause) {
        return refusal(Errno.EINVAL, cause);
    }

    /** Returns the refusal of something that this array is asked for. */
    BdevException refusal(Errno errno, String cause) {
        return new BdevException(errno, "raid bdev '" + name + "': " + cause);
    }
}
