package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleRevisions;

/** The exchange of what a bundle holds, in a real framework in which others are at work too. */
class ModuleBundlesTest {
    @TempDir
    private Path folder;

    private final List<String> started = new CopyOnWriteArrayList<>();
    private Framework framework;
    private Bundle bundle;
    private ModuleBundles bundles;

    @BeforeEach
    void startFramework() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(Map.of(
                        Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString()));
        framework.start();
        bundle = install("org.m", jar("org.m", "1.0.0", "m", ""));
        bundle.start();
        bundles = new ModuleBundles(framework.getBundleContext());
        listen(event -> {
            if (event.getType() == BundleEvent.STARTED && event.getBundle() == bundle) {
                started.add(bundle.getVersion().toString());
            }
        });
    }

    @AfterEach
    void stopFramework() throws Exception {
        framework.stop();
        framework.waitForStop(10_000);
    }

    private Bundle install(String location, byte[] jar) throws BundleException {
        return framework.getBundleContext().installBundle(location, new ByteArrayInputStream(jar));
    }

    private void listen(SynchronousBundleListener listener) {
        framework.getBundleContext().addBundleListener(listener);
    }

    private static byte[] jar(String name, String version, String module, String required) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, name);
        main.putValue(Constants.BUNDLE_VERSION, version);
        main.putValue(Constants.PROVIDE_CAPABILITY, "io.cairn.bdev.module;io.cairn.bdev.module=" + module);
        if (!required.isEmpty()) {
            main.putValue(
                    Constants.REQUIRE_CAPABILITY,
                    "io.cairn.bdev.module;filter:=\"(io.cairn.bdev.module=" + required + ")\"");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new JarOutputStream(bytes, manifest).close();
        return bytes.toByteArray();
    }

    /** As Karaf's features service does with what belongs to a feature and does not run. */
    @Test
    void nobodyCanStartTheOldContentAgainInBetween() throws Exception {
        Thread features = new Thread(() -> {
            try {
                bundle.start();
            } catch (BundleException e) {
                throw new IllegalStateException(e);
            }
        });
        listen(event -> {
            if (event.getType() == BundleEvent.STOPPED && features.getState() == Thread.State.NEW) {
                features.start();
                // it has started the bundle, or waits until it may
                while (!Set.of(Thread.State.WAITING, Thread.State.TERMINATED).contains(features.getState())) {
                    Thread.onSpinWait();
                }
            }
        });

        bundles.exchange(bundle, jar("org.m", "2.0.0", "m", ""));

        features.join();
        assertThat(started).containsExactly("2.0.0");
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(bundle.adapt(BundleRevisions.class).getRevisions()).hasSize(1);
    }

    @Test
    void whatOthersAreWiredToIsStartedOnce() throws Exception {
        Bundle user = install("org.u", jar("org.u", "1.0.0", "u", "m"));
        user.start();

        bundles.exchange(bundle, jar("org.m", "2.0.0", "m", ""));

        assertThat(started).containsExactly("2.0.0");
        assertThat(bundle.adapt(BundleRevisions.class).getRevisions()).hasSize(1);
        assertThat(user.getState()).isEqualTo(Bundle.ACTIVE);
    }

    @Test
    void whatTheFrameworkDoesNotTakeStaysAsItIs() throws Exception {
        install("org.m/2", jar("org.m", "2.0.0", "m", ""));
        assertThatThrownBy(() -> bundles.exchange(bundle, jar("org.m", "2.0.0", "m", "")))
                .isInstanceOf(BundleException.class);
        assertThat(bundle.getVersion()).hasToString("1.0.0");
    }

    @Test
    void whatCannotBeResolvedIsToldByItsStart() {
        assertThatThrownBy(() -> bundles.exchange(bundle, jar("org.m", "2.0.0", "m", "nobody")))
                .isInstanceOf(BundleException.class)
                .hasMessageContaining("io.cairn.bdev.module=nobody");
        assertThat(bundle.getVersion()).hasToString("2.0.0");
        assertThat(started).isEmpty();
    }

    @Test
    void whatDoesNotRunIsStarted() throws Exception {
        bundle.stop();
        bundles.exchange(bundle, jar("org.m", "2.0.0", "m", ""));
        assertThat(started).containsExactly("2.0.0");
    }
}
