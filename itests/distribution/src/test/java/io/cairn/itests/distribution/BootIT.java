package io.cairn.itests.distribution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.cairn.paxexam.jupiter.PaxExamTest;
import java.util.Arrays;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.features.Feature;
import org.apache.karaf.features.FeaturesService;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** The distribution boots into its working, empty state. */
@PaxExamTest(configuration = Distribution.class)
class BootIT {
    @Inject
    private BundleContext context;

    @Inject
    private FeaturesService features;

    @Test
    void everyBundleIsActive() {
        List<String> others = Arrays.stream(context.getBundles())
                .filter(bundle -> bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null)
                .filter(bundle -> bundle.getState() != Bundle.ACTIVE)
                .map(bundle -> bundle.getSymbolicName() + " is in state " + bundle.getState())
                .toList();
        assertEquals(List.of(), others);
    }

    /** One by one: a feature that came with another one could not be uninstalled. {@code cairn} is all of them, for a Karaf of one's own. */
    @Test
    void everyFeatureButTheExampleIsInstalledByName() throws Exception {
        List<Feature> cairn = Arrays.stream(features.listFeatures())
                .filter(feature -> feature.getName().startsWith("cairn"))
                .toList();
        assertTrue(cairn.size() > 10);
        for (Feature feature : cairn) {
            boolean ours = !feature.getName().startsWith("cairn-example")
                    && !feature.getName().equals("cairn");
            assertEquals(ours, features.isInstalled(feature), feature.getName());
            assertEquals(ours, features.isRequired(feature), feature.getName());
        }
    }

    @Test
    void ioUringsNativeCodeIsAttached() {
        Bundle host = bundle("io.netty.transport-classes-io_uring");
        assertTrue(host.findEntries("META-INF/native", "*.so", false) != null);
    }

    @Test
    void managementIsNotBooted() throws Exception {
        assertFalse(features.isInstalled(features.getFeature("management")));
    }

    private Bundle bundle(String name) {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> name.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no bundle " + name));
    }
}
