package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.Comparator;
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
    private final Map<String, Kept> kept = new HashMap<>();

    /**
     * A name that is kept for a module's bdev to come, also while the module is away. Knows the module by its name only: what has been
     * uninstalled must not be reachable.
     *
     * @param life tells one stay of the module from the next, which takes its names over
     * @param waiting why the bdev is not there
     */
    record Kept(String module, Object life, String holder, Waiting waiting) {}

    /** Why what a name is kept for is not there: its base, and what went wrong on it; empty if nothing is known. */
    static final class Waiting {
        private String baseName = "";
        private String why = "";
        private List<String> lacking = List.of();

        String baseName() {
            return baseName;
        }

        String why() {
            return why;
        }

        boolean isFor(String name) {
            return baseName.equals(name) || lacking.contains(name);
        }
    }

    /** Returns what a name is kept for. */
    Optional<Kept> keeper(String name) {
        return Optional.ofNullable(kept.get(name));
    }

    /** Returns what names are kept for that would take a bdev if it came; each once. */
    List<Kept> waitingFor(String name) {
        return kept.values().stream()
                .distinct()
                .filter(each -> each.waiting().isFor(name))
                .sorted(Comparator.comparing(Kept::holder))
                .toList();
    }

    /** Keeps names for a module, or none. Returns what gives them back. */
    BdevHost.Reservation reserve(ModuleHost module, List<String> names, String holder) {
        Kept wanted = new Kept(module.name(), module.life(), holder, new Waiting());
        for (String name : names) {
            CoreBdev bdev = byAnyName.get(name);
            if (bdev != null && bdev.module() != module && !Upgrade.waitsFor(bdev, module.name())) {
                throw new BdevException(
                        Errno.EEXIST,
                        "the name " + name + " for " + holder + " is taken by bdev " + bdev.name() + " of module "
                                + bdev.moduleName());
            }
            Kept other = kept.get(name);
            if (other != null
                    && (other.life() == module.life() || !other.module().equals(module.name()))) {
                throw new BdevException(Errno.EEXIST, "the name " + name + " is kept for " + other.holder());
            }
        }
        names.forEach(name -> kept.put(name, wanted));
        return new BdevHost.Reservation() {
            @Override
            public void release() {
                names.forEach(name -> kept.remove(name, wanted));
            }

            @Override
            public void waiting(String baseName, String why) {
                wanted.waiting().baseName = baseName;
                wanted.waiting().why = why;
            }

            @Override
            public void lacks(List<String> baseNames) {
                wanted.waiting().lacking = List.copyOf(baseNames);
            }
        };
    }

    private void refuseKept(CoreBdev bdev, String name) {
        Kept keeper = kept.get(name);
        if (keeper != null && !keeper.module().equals(bdev.moduleName())) {
            throw new BdevException(
                    Errno.EEXIST,
                    "bdev " + bdev.name() + " cannot be registered: the name " + name + " is kept for "
                            + keeper.holder());
        }
    }

    /** Takes all of a bdev's names, or none. */
    void add(CoreBdev bdev) {
        List<String> all = namesOf(bdev);
        for (String name : all) {
            refuseKept(bdev, name);
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
