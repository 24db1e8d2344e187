package io.cairn.itests.distribution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.cairn.itests.support.Await;
import io.cairn.operations.OperationException;
import io.cairn.operations.Operations;
import io.cairn.paxexam.jupiter.PaxExamTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.karaf.features.Feature;
import org.apache.karaf.features.FeaturesService;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;

/**
 * Each feature is installed alone on a core without modules, and removed again: its own bundles work, and no other bundle
 * notices.
 */
@PaxExamTest(configuration = MinimalDistribution.class)
class ModuleFeatureIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** An operation that tells that the feature's bundle is here, by the feature's name. */
    private static final Map<String, String> OPERATIONS = new TreeMap<>(Map.of(
            "cairn-null", "bdev_null_create",
            "cairn-malloc", "bdev_malloc_create",
            "cairn-aio", "bdev_aio_create",
            "cairn-passthru", "bdev_passthru_create",
            "cairn-split", "bdev_split_create",
            "cairn-delay", "bdev_delay_create",
            "cairn-raid", "bdev_raid_create",
            "cairn-error", "bdev_error_create",
            "cairn-nbd", "nbd_export_create",
            "cairn-example-readonly", "bdev_readonly_create"));

    /** Features that bring no operations: they are faces of those that are there. */
    private static final Set<String> FACES = Set.of("cairn-rpc", "cairn-shell", "cairn-events");

    @Inject
    private BundleContext context;

    @Inject
    private FeaturesService features;

    @Inject
    private ServiceComponentRuntime components;

    @Inject
    private Operations operations;

    /** A new module's feature is added to this test, or this fails. */
    @Test
    void everyFeatureIsTestedHere() throws Exception {
        Set<String> tested = new TreeSet<>(OPERATIONS.keySet());
        tested.addAll(FACES);
        tested.addAll(List.of("cairn", "cairn-core"));
        Set<String> there = Arrays.stream(features.listFeatures())
                .map(Feature::getName)
                .filter(name -> name.startsWith("cairn"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(there, tested);
    }

    @Test
    void everyModuleComesAndGoesAlone() throws Exception {
        for (Map.Entry<String, String> module : OPERATIONS.entrySet()) {
            assertFalse(offers(module.getValue()), module + " before it is installed");
            comesAndGoes(
                    module.getKey(),
                    () -> Await.untilTrue("operation of " + module, LIMIT, () -> offers(module.getValue())));
            assertFalse(offers(module.getValue()), module + " after it was removed");
        }
    }

    @Test
    void everyFaceComesAndGoesAlone() throws Exception {
        for (String face : FACES) {
            comesAndGoes(face, () -> {});
        }
    }

    private void comesAndGoes(String name, Runnable whileThere) throws Exception {
        Feature feature = features.getFeature(name);
        Map<Long, String> before = bundles();
        try (Watch watch = new Watch(before.keySet())) {
            features.installFeature(name, feature.getVersion());
            Map<Long, String> with = bundles();
            List<Bundle> own = Arrays.stream(context.getBundles())
                    .filter(bundle -> !before.containsKey(bundle.getBundleId()))
                    .toList();
            assertFalse(own.isEmpty(), name + " brought no bundle");
            with.keySet().retainAll(before.keySet());
            assertEquals(before, with, "bundles that are not " + name + "'s, while it is installed");
            for (Bundle bundle : own) {
                assertTrue(isFragment(bundle) || bundle.getState() == Bundle.ACTIVE, name + ": " + describe(bundle));
            }
            Await.untilTrue(
                    "component of " + name + " that is satisfied: " + unsatisfied(own), LIMIT, () -> unsatisfied(own)
                            .isEmpty());
            whileThere.run();

            features.uninstallFeature(name, feature.getVersion());
            assertEquals(before, bundles(), "bundles after " + name + " was removed");
            assertEquals(List.of(), watch.seen(), "what happened to bundles that are not " + name + "'s");
        }
    }

    private List<String> unsatisfied(List<Bundle> bundles) {
        return components.getComponentDescriptionDTOs(bundles.toArray(Bundle[]::new)).stream()
                .flatMap(description -> components.getComponentConfigurationDTOs(description).stream())
                .filter(configuration -> configuration.state != ComponentConfigurationDTO.ACTIVE
                        && configuration.state != ComponentConfigurationDTO.SATISFIED)
                .map(configuration -> configuration.description.name + " is in state " + configuration.state)
                .toList();
    }

    /** A call without parameters does nothing, but tells whether there is such an operation. */
    private boolean offers(String operation) {
        try {
            operations.call(operation, Map.of()).toCompletableFuture().join();
            return true;
        } catch (CompletionException e) {
            return ((OperationException) e.getCause()).code() != -32601;
        }
    }

    private Map<Long, String> bundles() {
        return Arrays.stream(context.getBundles())
                .collect(Collectors.toMap(Bundle::getBundleId, ModuleFeatureIT::describe, (a, b) -> a, TreeMap::new));
    }

    private static String describe(Bundle bundle) {
        return bundle.getSymbolicName() + " in state " + bundle.getState();
    }

    private static boolean isFragment(Bundle bundle) {
        return bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
    }

    /** Writes down what happens to the given bundles, and whether anything is refreshed. */
    private final class Watch implements SynchronousBundleListener, FrameworkListener, AutoCloseable {
        private final Set<Long> watched;
        private final Queue<String> seen = new ConcurrentLinkedQueue<>();

        Watch(Set<Long> watched) {
            this.watched = watched;
            context.addBundleListener(this);
            context.addFrameworkListener(this);
        }

        List<String> seen() {
            return List.copyOf(seen);
        }

        @Override
        public void bundleChanged(BundleEvent event) {
            if (watched.contains(event.getBundle().getBundleId())) {
                seen.add(event.getBundle().getSymbolicName() + ": bundle event " + event.getType());
            }
        }

        @Override
        public void frameworkEvent(FrameworkEvent event) {
            if (event.getType() == FrameworkEvent.ERROR) {
                seen.add("framework error: " + event.getThrowable());
            }
        }

        @Override
        public void close() {
            context.removeBundleListener(this);
            context.removeFrameworkListener(this);
        }
    }
}
