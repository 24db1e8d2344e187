package io.cairn.operations.internal;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.PendingEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The saved configuration in memory: SPDK's {@code subsystems} with the owner of each entry, so far as the owner has been here
 * since the start. What nobody owns is kept as it was read. Entries that failed when they were replayed are kept beside the
 * others, under {@code failed}, where SPDK's clients do not look.
 */
final class StoredConfig {
    private static final String SUBSYSTEMS = "subsystems";
    private static final String FAILED = "failed";

    private final Set<String> subsystems = new LinkedHashSet<>();
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Object> rest = new LinkedHashMap<>();

    /** One entry of a subsystem. */
    static final class Item {
        private final String subsystem;
        private final Object plain;
        private final ConfigEntry entry;
        private String owner;
        private String failure;

        private Item(String subsystem, Object plain, ConfigEntry entry) {
            this.subsystem = subsystem;
            this.plain = plain;
            this.entry = entry;
        }

        private static Item of(String subsystem, Object plain) {
            if (plain instanceof Map<?, ?> map && map.get("method") instanceof String method) {
                Object params = map.get("params");
                if (params == null) {
                    return new Item(subsystem, plain, new ConfigEntry(method, Map.of()));
                }
                if (params instanceof Map<?, ?> given) {
                    Map<String, Object> named = new LinkedHashMap<>();
                    given.forEach((key, value) -> named.put(String.valueOf(key), value));
                    return new Item(subsystem, plain, new ConfigEntry(method, named));
                }
            }
            return new Item(subsystem, plain, null);
        }

        /** Returns the call that this entry stands for. */
        ConfigEntry entry() {
            return entry;
        }

        /** Notes that the replay failed, or with null that it succeeded. Returns whether that is news. */
        boolean failed(String reason) {
            boolean news = !Objects.equals(failure, reason);
            failure = reason;
            return news;
        }

        /** Whether a new entry of the same owner says the same thing, so that this failed one has been made up for. */
        private boolean madeUpForBy(ConfigEntry other) {
            if (!entry.method().equals(other.method())) {
                return false;
            }
            Object name = entry.params().get("name");
            return entry.params().equals(other.params())
                    || (name != null && name.equals(other.params().get("name")));
        }
    }

    StoredConfig() {}

    /** Copies, so that the copy can be changed. */
    StoredConfig(StoredConfig other) {
        subsystems.addAll(other.subsystems);
        rest.putAll(other.rest);
        for (Item item : other.items) {
            Item copy = new Item(item.subsystem, item.plain, item.entry);
            copy.owner = item.owner;
            copy.failure = item.failure;
            items.add(copy);
        }
    }

    /**
     * Reads the plain form of a file.
     *
     * @throws IllegalArgumentException if it is not of SPDK's shape; says where
     */
    static StoredConfig read(Object plain) {
        StoredConfig config = new StoredConfig();
        if (!(plain instanceof Map<?, ?> top) || !(top.get(SUBSYSTEMS) instanceof List<?> sections)) {
            throw new IllegalArgumentException("expected an object with a list \"subsystems\"");
        }
        top.forEach((key, value) -> {
            if (!key.equals(SUBSYSTEMS) && !key.equals(FAILED)) {
                config.rest.put(String.valueOf(key), value);
            }
        });
        for (Object section : sections) {
            config.readSection(section);
        }
        if (top.get(FAILED) instanceof List<?> failed) {
            failed.forEach(config::readFailed);
        }
        return config;
    }

    private void readSection(Object section) {
        if (!(section instanceof Map<?, ?> map) || !(map.get("subsystem") instanceof String name)) {
            throw new IllegalArgumentException("expected each of \"subsystems\" to have a text \"subsystem\"");
        }
        subsystems.add(name);
        Object entries = map.get("config");
        if (entries == null) {
            return;
        }
        if (!(entries instanceof List<?> list)) {
            throw new IllegalArgumentException("expected \"config\" of subsystem " + name + " to be a list or null");
        }
        for (Object entry : list) {
            if (entry instanceof List<?> batch) {
                batch.forEach(one -> items.add(Item.of(name, one)));
            } else {
                items.add(Item.of(name, entry));
            }
        }
    }

    private void readFailed(Object failed) {
        if (failed instanceof Map<?, ?> map && map.get("subsystem") instanceof String name) {
            Map<String, Object> call = new LinkedHashMap<>();
            call.put("method", map.get("method"));
            if (map.containsKey("params")) {
                call.put("params", map.get("params"));
            }
            Item item = Item.of(name, call);
            item.failure = String.valueOf(map.get("error"));
            items.add(item);
        }
    }

    /** Returns an entry as SPDK writes it: without {@code params} if there are none. */
    static Map<String, Object> plain(ConfigEntry entry) {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("method", entry.method());
        if (!entry.params().isEmpty()) {
            plain.put("params", PlainValues.of(entry.params()));
        }
        return plain;
    }

    /** Returns the plain form, for a file; later changes of this object do not show in it. */
    Map<String, Object> plain() {
        Map<String, Object> top = new LinkedHashMap<>();
        List<Object> sections = new ArrayList<>();
        for (String subsystem : subsystems) {
            Map<String, Object> section = new LinkedHashMap<>();
            section.put("subsystem", subsystem);
            section.put(
                    "config",
                    items.stream()
                            .filter(item -> item.subsystem.equals(subsystem) && item.failure == null)
                            .map(item -> item.plain)
                            .toList());
            sections.add(section);
        }
        top.put(SUBSYSTEMS, sections);
        List<Object> failed = failed();
        if (!failed.isEmpty()) {
            top.put(FAILED, failed);
        }
        top.putAll(rest);
        return top;
    }

    /** Returns the entries that failed when they were replayed, with the reason. */
    List<Object> failed() {
        List<Object> failed = new ArrayList<>();
        for (Item item : items) {
            if (item.failure != null && item.entry != null) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("subsystem", item.subsystem);
                entry.put("method", item.entry.method());
                entry.put("params", item.entry.params());
                entry.put("error", item.failure);
                failed.add(entry);
            }
        }
        return failed;
    }

    /** Returns the entries that are kept and not in force: failed ones, and calls of methods that nobody offers. */
    List<PendingEntry> pending(Predicate<String> offered) {
        List<PendingEntry> pending = new ArrayList<>();
        for (Item item : items) {
            if (item.entry == null) {
                continue;
            }
            String method = item.entry.method();
            if (!offered.test(method)) {
                String reason =
                        "nobody who is here offers " + method + (item.failure == null ? "" : "; " + item.failure);
                pending.add(new PendingEntry(item.subsystem, item.entry, false, reason));
            } else if (item.failure != null) {
                pending.add(new PendingEntry(item.subsystem, item.entry, true, item.failure));
            }
        }
        return pending;
    }

    /**
     * Forgets failed entries of a method, or of all for null; and those of a named method that nobody offers, whether they have failed
     * or not. Returns how many.
     */
    int forgetFailed(String method, Predicate<String> offered) {
        int before = items.size();
        items.removeIf(item -> item.entry != null
                && (method == null
                        ? item.failure != null
                        : item.entry.method().equals(method) && (item.failure != null || !offered.test(method))));
        return before - items.size();
    }

    /** Returns the subsystems in order. */
    List<String> subsystems() {
        return List.copyOf(subsystems);
    }

    /** Returns the entries of a subsystem in order, failed ones too: what save_config of a client should keep. */
    List<Object> entries(String subsystem) {
        return items.stream()
                .filter(item -> item.subsystem.equals(subsystem))
                .map(item -> item.plain)
                .toList();
    }

    /** Gives an owner the entries of its methods, and returns them in order. What it no longer offers is nobody's again. */
    List<Item> assign(String owner, Collection<String> methods) {
        List<Item> assigned = new ArrayList<>();
        for (Item item : items) {
            if (item.entry != null && methods.contains(item.entry.method())) {
                item.owner = owner;
                assigned.add(item);
            } else if (owner.equals(item.owner)) {
                item.owner = null;
            }
        }
        return assigned;
    }

    /** Puts an owner's present configuration in the place of what it had; failed entries stay unless they are made up for. */
    void replace(String owner, String subsystem, List<ConfigEntry> configuration) {
        subsystems.add(subsystem);
        int place = items.size();
        for (int i = items.size() - 1; i >= 0; i--) {
            Item item = items.get(i);
            boolean goes = owner.equals(item.owner)
                    && (item.failure == null || configuration.stream().anyMatch(item::madeUpForBy));
            if (goes) {
                items.remove(i);
                place = i;
            }
        }
        List<Item> present = new ArrayList<>();
        for (ConfigEntry entry : configuration) {
            Item item = Item.of(subsystem, plain(entry));
            item.owner = owner;
            present.add(item);
        }
        items.addAll(Math.min(place, items.size()), present);
    }
}
