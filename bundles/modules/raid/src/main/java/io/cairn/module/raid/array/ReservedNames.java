package io.cairn.module.raid.array;

import io.cairn.operations.ConfigEntry;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Which array each name is reserved for. A disk may carry an array that was deleted, or is somebody else's, under the name of one that is used: which of them is seen
 * first must not decide which one clients get. App thread.
 */
final class ReservedNames {
    private final Map<String, UUID> arrays = new LinkedHashMap<>();
    /** Bdevs with the superblock of an array that has no right to its name. */
    private final Map<String, Set<UUID>> passedOver = new HashMap<>();

    /** Reserves a name; whom it was reserved for before does not have it any more. */
    void reserve(String name, UUID array) {
        arrays.put(name, array);
    }

    /** A name is nobody's any more. */
    void release(String name) {
        arrays.remove(name);
    }

    /** Returns the array, other than one, that a name is reserved for; empty if the one may have it. */
    Optional<UUID> other(String name, UUID array) {
        return Optional.ofNullable(arrays.get(name)).filter(reserved -> !reserved.equals(array));
    }

    /** A bdev was not taken for the name of its array. */
    void passOver(String name, UUID bdev) {
        passedOver.computeIfAbsent(name, first -> new LinkedHashSet<>()).add(bdev);
    }

    /** Returns the bdevs that were not taken for a name, and forgets them: they are looked at again. */
    List<UUID> takePassedOver(String name) {
        Set<UUID> bdevs = passedOver.remove(name);
        return bdevs == null ? List.of() : List.copyOf(bdevs);
    }

    /**
     * Returns what makes all this again.
     *
     * @param created arrays whose creation is saved, which reserves their names
     */
    List<ConfigEntry> configuration(Set<UUID> created) {
        return arrays.entrySet().stream()
                .filter(entry -> !created.contains(entry.getValue()))
                .map(entry -> new ConfigEntry(
                        "bdev_raid_reserve_name",
                        Map.of("name", entry.getKey(), "uuid", entry.getValue().toString())))
                .toList();
    }
}
