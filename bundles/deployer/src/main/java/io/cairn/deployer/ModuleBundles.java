package io.cairn.deployer;

import java.io.ByteArrayInputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.Version;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleRevisions;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/** The bundles of modules in a framework. Everything blocks: not for reactors. */
final class ModuleBundles {
    private static final Logger LOG = System.getLogger(ModuleBundles.class.getName());
    private static final Duration LONGEST_REFRESH = Duration.ofSeconds(3);

    private final BundleContext context;

    ModuleBundles(BundleContext context) {
        this.context = context;
    }

    BundleContext context() {
        return context;
    }

    /** Finds the bundle that provides a module; an active one if there are several. */
    Optional<Bundle> of(String module) {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> modules(bundle).contains(module))
                .min(Comparator.comparing(bundle -> bundle.getState() != Bundle.ACTIVE));
    }

    static List<String> modules(Bundle bundle) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        return revision == null
                ? List.of()
                : revision.getDeclaredCapabilities(ModuleJar.NAMESPACE).stream()
                        .map(c -> String.valueOf(c.getAttributes().get(ModuleJar.NAMESPACE)))
                        .toList();
    }

    /**
     * Refuses a jar whose needs nobody meets.
     *
     * @throws RefusedException naming the packages that are missing, and what there is of them
     */
    void refuseUnmetImports(ModuleJar jar) {
        List<String> missing = jar.imports().stream()
                .filter(each -> !each.name().startsWith("java."))
                .filter(each -> exported(each.name()).stream().noneMatch(each.range()::includes))
                .map(each -> each + " (there is " + describe(exported(each.name())) + ")")
                .toList();
        if (!missing.isEmpty()) {
            throw new RefusedException("it needs " + String.join(", ", missing));
        }
    }

    private static String describe(List<Version> versions) {
        return versions.isEmpty()
                ? "none"
                : String.join(", ", versions.stream().map(Version::toString).toList());
    }

    private List<Version> exported(String name) {
        return Arrays.stream(context.getBundles())
                .map(bundle -> bundle.adapt(BundleWiring.class))
                .filter(wiring -> wiring != null)
                .flatMap(wiring -> wiring.getCapabilities(PackageNamespace.PACKAGE_NAMESPACE).stream())
                .filter(c -> name.equals(c.getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE)))
                .map(ModuleBundles::version)
                .toList();
    }

    private static Version version(BundleCapability capability) {
        return capability.getAttributes().get(Constants.VERSION_ATTRIBUTE) instanceof Version version
                ? version
                : Version.emptyVersion;
    }

    /** Gives a bundle other content, stopped meanwhile, and starts it also if it did not run. No other bundle changes its state. */
    void exchange(Bundle bundle, byte[] content) throws BundleException {
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        boolean isUsed = wiring != null && !wiring.getProvidedWires(null).isEmpty();
        if (isUsed) {
            // its old content stays wired until a refresh, which would stop it a second time if it ran
            bundle.stop(Bundle.STOP_TRANSIENT);
        }
        // Stops and starts it too, in one: Karaf's features service starts whatever it finds stopped, and would bring
        // the old content
        // back in between, for the update to stop it once more.
        BundleRevision before = bundle.adapt(BundleRevision.class);
        try {
            bundle.update(new ByteArrayInputStream(content));
        } catch (BundleException e) {
            if (bundle.adapt(BundleRevision.class) == before) {
                throw e;
            }
            // Felix tells so that the new content was not started, such as when it gave way to a refresh of others; the
            // start below tells
            // if it cannot be
            LOG.log(
                    Level.DEBUG,
                    "bundle {0} has its new content and was not started with it: {1}",
                    bundle,
                    e.getMessage());
        }
        if (isUsed && bundle.adapt(BundleRevisions.class).getRevisions().size() > 1) {
            refresh(bundle);
        }
        bundle.start(Bundle.START_TRANSIENT);
    }

    private void refresh(Bundle bundle) throws BundleException {
        CountDownLatch refreshed = new CountDownLatch(1);
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION)
                .adapt(FrameworkWiring.class)
                .refreshBundles(List.of(bundle), event -> {
                    if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                        refreshed.countDown();
                    }
                });
        try {
            if (!refreshed.await(LONGEST_REFRESH.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new BundleException(bundle + " was not refreshed within " + LONGEST_REFRESH);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BundleException("interrupted while " + bundle + " was being refreshed", e);
        }
    }
}
