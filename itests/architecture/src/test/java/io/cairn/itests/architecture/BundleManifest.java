package io.cairn.itests.architecture;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

/** What the OSGi headers of a bundle say, as far as the rules ask. */
record BundleManifest(String name, Map<String, String> exports, Map<String, String> imports, boolean dynamicImports) {

    static BundleManifest of(Attributes headers) {
        return new BundleManifest(
                String.valueOf(headers.getValue("Bundle-SymbolicName")),
                clauses(headers.getValue("Export-Package")),
                clauses(headers.getValue("Import-Package")),
                headers.getValue("DynamicImport-Package") != null);
    }

    /** Every bundle of this project on the class path. */
    static List<BundleManifest> ofThisProject() {
        List<BundleManifest> found = new ArrayList<>();
        try {
            ClassLoader loader = BundleManifest.class.getClassLoader();
            for (URL url : Collections.list(loader.getResources("META-INF/MANIFEST.MF"))) {
                try (InputStream in = url.openStream()) {
                    BundleManifest manifest = of(new Manifest(in).getMainAttributes());
                    if (manifest.name().startsWith("io.cairn.")) {
                        found.add(manifest);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    /** What breaks the rules of the house, in words; empty if nothing does. */
    List<String> violations() {
        List<String> violations = new ArrayList<>();
        Layers.Layer own = Layers.of(name);
        if (!exports.isEmpty() && !Layers.API_BUNDLES.contains(name)) {
            violations.add(name + " exports " + exports.keySet() + ", but is no API");
        }
        exports.forEach((exported, attributes) -> {
            if (exported.contains(".internal")) {
                violations.add(name + " exports its implementation " + exported);
            }
            if (!attributes.contains("version=")) {
                violations.add(name + " exports " + exported + " without a version");
            }
        });
        if (dynamicImports) {
            violations.add(name + " imports dynamically");
        }
        imports.forEach((imported, attributes) -> {
            // what only some JVMs have is no bundle that may come later: decision 0013
            boolean ofTheJvm = imported.startsWith("jdk.incubator.");
            if (Layers.isModule(name) && !ofTheJvm && attributes.contains("resolution:=")) {
                violations.add(name + " imports " + imported + " optionally");
            }
            Layers.owner(imported)
                    .filter(other -> !other.equals(own) && !own.mayKnow().contains(other.bundle()))
                    .ifPresent(other -> violations.add(name + " imports " + imported + " of " + other.bundle()));
        });
        return violations;
    }

    private static Map<String, String> clauses(String header) {
        Map<String, String> clauses = new LinkedHashMap<>();
        if (header == null) {
            return clauses;
        }
        StringBuilder clause = new StringBuilder();
        boolean quoted = false;
        for (char c : (header + ",").toCharArray()) {
            if (c == '"') {
                quoted = !quoted;
            }
            if (c == ',' && !quoted) {
                int end = clause.indexOf(";");
                clauses.put(end < 0 ? clause.toString() : clause.substring(0, end), clause.toString());
                clause.setLength(0);
            } else {
                clause.append(c);
            }
        }
        return clauses;
    }
}
