package io.cairn.itests.architecture;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The house of {@code DESIGN} in a table: each bundle, its package root, and the bundles that it may know. Everything
 * that is not said here is forbidden.
 */
final class Layers {
    private static final Set<String> SPI = Set.of("io.cairn.bdev", "io.cairn.reactor", "io.cairn.operations");

    /** Bundles that offer packages to others; nobody else exports anything. */
    static final Set<String> API_BUNDLES =
            Set.of("io.cairn.reactor", "io.cairn.bdev", "io.cairn.operations", "io.cairn.bdev.testkit");

    /** A bundle, where its packages are, and whom it may know. */
    record Layer(String bundle, String packageRoot, Set<String> mayKnow) {}

    private static final Map<String, Layer> LAYERS = new TreeMap<>();

    static {
        add("io.cairn.reactor", Set.of());
        add("io.cairn.operations", Set.of("io.cairn.reactor"));
        // A module offers its operations through the SPI, which therefore knows how they are declared.
        add("io.cairn.bdev", Set.of("io.cairn.reactor", "io.cairn.operations"));
        add("io.cairn.bdev.core", SPI);
        add("io.cairn.bdev.testkit", with(SPI, "io.cairn.bdev.core"));
        add("io.cairn.module.null", "io.cairn.module.nullbdev", SPI);
        for (String module : List.of("malloc", "aio", "passthru", "split", "delay", "raid", "error")) {
            add("io.cairn.module." + module, SPI);
        }
        add("io.cairn.example.readonly", SPI);
        add("io.cairn.export.nbd", SPI);
        add("io.cairn.events", Set.of("io.cairn.bdev", "io.cairn.reactor"));
        add("io.cairn.deployer", SPI);
        add("io.cairn.rpc", Set.of("io.cairn.operations", "io.cairn.reactor"));
        add("io.cairn.shell", SPI);
    }

    private Layers() {}

    static List<Layer> all() {
        return new ArrayList<>(LAYERS.values());
    }

    static Layer of(String bundle) {
        return Optional.ofNullable(LAYERS.get(bundle))
                .orElseThrow(() -> new AssertionError(bundle + " is in no layer: add it to Layers"));
    }

    /** The bundle that a package belongs to: the one with the longest root that it is under. */
    static Optional<Layer> owner(String packageName) {
        return LAYERS.values().stream()
                .filter(layer -> (packageName + ".").startsWith(layer.packageRoot() + "."))
                .max(Comparator.comparingInt(layer -> layer.packageRoot().length()));
    }

    static boolean isModule(String bundle) {
        return bundle.startsWith("io.cairn.module.") || bundle.startsWith("io.cairn.example.");
    }

    private static void add(String bundle, Set<String> mayKnow) {
        add(bundle, bundle, mayKnow);
    }

    private static void add(String bundle, String root, Set<String> mayKnow) {
        LAYERS.put(bundle, new Layer(bundle, root, mayKnow));
    }

    private static Set<String> with(Set<String> some, String more) {
        List<String> all = new ArrayList<>(some);
        all.add(more);
        return Set.copyOf(all);
    }
}
