package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The one name space of names, aliases and UUIDs. App thread. */
final class NameSpace {
    private final Map<String, CoreBdev> byAnyName = new HashMap<>();
    private final Map<String, CoreBdev> byName = new LinkedHashMap<>();

    /** Takes all of a bdev's names, or none. */
    void add(CoreBdev bdev) {
        List<String> all = namesOf(bdev);
        for (String name : all) {
            CoreBdev other = byAnyName.get(name);
            if (other != null) {
                throw new BdevException(
                        Errno.EEXIST,
                        "bdev " + bdev.name() + " cannot be registered: " + name + " is taken by bdev " + other.name()
                                + " of module " + other.moduleName());
            }
        }
        all.forEach(name -> byAnyName.put(name, bdev));
        byName.put(bdev.name(), bdev);
    }

    void remove(CoreBdev bdev) {
        namesOf(bdev).forEach(name -> byAnyName.remove(name, bdev));
        byName.remove(bdev.name(), bdev);
    }

    /** Finds by name, alias or UUID in any case. */
    Optional<CoreBdev> find(String name) {
        CoreBdev bdev = byAnyName.get(name);
        if (bdev == null && name.length() == 36) {
            bdev = byAnyName.get(name.toLowerCase(Locale.ROOT));
        }
        return Optional.ofNullable(bdev);
    }

    /** Finds, or says that there is none. */
    CoreBdev require(String name) {
        return find(name).orElseThrow(() -> new BdevException(Errno.ENODEV, "no bdev is called " + name));
    }

    /** Returns all bdevs in the order of their registration. */
    List<CoreBdev> all() {
        return List.copyOf(byName.values());
    }

    private static List<String> namesOf(CoreBdev bdev) {
        List<String> all = new ArrayList<>(bdev.aliases());
        all.add(bdev.name());
        return all;
    }
}
