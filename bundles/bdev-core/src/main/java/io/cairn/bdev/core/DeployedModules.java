package io.cairn.bdev.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;

/** The bundles of a framework that carry a module. */
final class DeployedModules implements ModuleBundles {
    private static final String NAMESPACE = "io.cairn.bdev.module";

    /** The version of the module in a bundle that has kept its own in a live upgrade. */
    private static final String VERSION_HEADER = "Cairn-Module-Version";

    private final BundleContext context;

    DeployedModules(BundleContext context) {
        this.context = context;
    }

    static ModuleOrigin origin(Bundle bundle) {
        return new ModuleOrigin(
                bundle.getBundleId(),
                Objects.requireNonNullElse(bundle.getSymbolicName(), bundle.getLocation()),
                Objects.requireNonNullElseGet(bundle.getHeaders("").get(VERSION_HEADER), () -> bundle.getVersion()
                        .toString()));
    }

    @Override
    public List<ModuleBundle> all() {
        List<ModuleBundle> all = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            BundleRevision revision = bundle.adapt(BundleRevision.class);
            if (revision != null) {
                for (BundleCapability capability : revision.getDeclaredCapabilities(NAMESPACE)) {
                    all.add(new ModuleBundle(
                            String.valueOf(capability.getAttributes().get(NAMESPACE)),
                            origin(bundle),
                            bundle.getState() == Bundle.ACTIVE,
                            problem(bundle, revision)));
                }
            }
        }
        return all;
    }

    private String problem(Bundle bundle, BundleRevision revision) {
        return switch (bundle.getState()) {
            case Bundle.INSTALLED -> {
                List<String> missing = missing(revision);
                yield missing.isEmpty()
                        ? "it is not resolved"
                        : "it does not resolve: it needs " + String.join("; ", missing);
            }
            case Bundle.RESOLVED -> "it is stopped";
            case Bundle.STARTING -> "it is starting";
            case Bundle.STOPPING -> "it is stopping";
            default -> "it is active but offers no module: a dependency of its component is missing";
        };
    }

    /** What a bundle requires and nobody in the framework offers. */
    private List<String> missing(BundleRevision revision) {
        List<BundleRevision> others = Arrays.stream(context.getBundles())
                .map(bundle -> bundle.adapt(BundleRevision.class))
                .filter(Objects::nonNull)
                .toList();
        List<String> missing = new ArrayList<>();
        for (BundleRequirement requirement : revision.getDeclaredRequirements(null)) {
            String effective = requirement.getDirectives().getOrDefault(Constants.EFFECTIVE_DIRECTIVE, "resolve");
            boolean optional = Constants.RESOLUTION_OPTIONAL.equals(
                    requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE));
            if (!optional && effective.equals("resolve") && !isMet(requirement, others)) {
                missing.add(text(requirement, others));
            }
        }
        return missing;
    }

    private static boolean isMet(BundleRequirement requirement, List<BundleRevision> others) {
        return others.stream()
                .flatMap(revision -> revision.getDeclaredCapabilities(requirement.getNamespace()).stream())
                .anyMatch(requirement::matches);
    }

    /** For a package: its name, the versions that would do, and what is there instead. */
    private static String text(BundleRequirement requirement, List<BundleRevision> others) {
        String filter = requirement.getDirectives().getOrDefault(Constants.FILTER_DIRECTIVE, "");
        if (!requirement.getNamespace().equals(BundleRevision.PACKAGE_NAMESPACE)) {
            return requirement.getNamespace() + " " + filter;
        }
        List<String> instead = new ArrayList<>();
        for (BundleRevision revision : others) {
            for (BundleCapability capability : revision.getDeclaredCapabilities(BundleRevision.PACKAGE_NAMESPACE)) {
                String name = String.valueOf(capability.getAttributes().get(BundleRevision.PACKAGE_NAMESPACE));
                if (names(filter, name)) {
                    instead.add("version " + capability.getAttributes().get(Constants.VERSION_ATTRIBUTE));
                }
            }
        }
        return "package " + filter
                + (instead.isEmpty() ? ", which nobody exports" : "; here is " + String.join(", ", instead));
    }

    private static boolean names(String filter, String packageName) {
        return filter.contains("(" + BundleRevision.PACKAGE_NAMESPACE + "=" + packageName + ")");
    }
}
