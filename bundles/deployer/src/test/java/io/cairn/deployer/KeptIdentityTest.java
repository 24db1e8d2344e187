package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** What a bundle is after it got other content, in a real framework. */
class KeptIdentityTest {
    private static final String LOCATION = "mvn:org/m/1.0.0";

    @TempDir
    private Path folder;

    private Framework framework;
    private Bundle bundle;

    @BeforeEach
    void installFirst() throws Exception {
        startFramework();
        bundle = framework.getBundleContext().installBundle(LOCATION, new ByteArrayInputStream(jar("1.0.0")));
    }

    private void startFramework() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(Map.of(
                        Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString()));
        framework.start();
    }

    @AfterEach
    void stopFramework() throws Exception {
        framework.stop();
        framework.waitForStop(10_000);
    }

    private static byte[] jar(String version) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, "org.m");
        main.putValue(Constants.BUNDLE_NAME, "Module m");
        main.putValue(Constants.BUNDLE_VERSION, version);
        main.putValue(Constants.PROVIDE_CAPABILITY, "io.cairn.bdev.module;io.cairn.bdev.module=m;since=" + version);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            jar.putNextEntry(new ZipEntry("org/"));
            jar.putNextEntry(new ZipEntry("org/content.txt"));
            jar.write(version.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private void give(byte[] jar) throws Exception {
        bundle.update(new ByteArrayInputStream(KeptIdentity.keptBy(bundle, jar)));
    }

    private String content() throws IOException {
        try (var in = bundle.getEntry("org/content.txt").openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aBundleKeepsItsVersionAndSaysTheContentsOwn() throws Exception {
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("1.0.0");

        give(jar("2.0.0"));

        assertThat(bundle.getVersion()).hasToString("1.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
        assertThat(bundle.getHeaders().get(Constants.BUNDLE_NAME)).isEqualTo("Module m, upgraded to 2.0.0");
        assertThat(bundle.getHeaders().get(Constants.PROVIDE_CAPABILITY)).endsWith("since=2.0.0");
        assertThat(content()).isEqualTo("2.0.0");
    }

    @Test
    void aJarWithoutAManifestVersionKeepsItsHeaders() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("META-INF/MANIFEST.MF"));
            String manifest =
                    """
                    Bundle-ManifestVersion: 2
                    Bundle-SymbolicName: org.m
                    Bundle-Version: 2.0.0
                    Provide-Capability: io.cairn.bdev.module;io.cairn.bdev.module=m

                    """;
            zip.write(manifest.getBytes(StandardCharsets.UTF_8));
        }

        give(bytes.toByteArray());

        assertThat(bundle.getSymbolicName()).isEqualTo("org.m");
        assertThat(bundle.getVersion()).hasToString("1.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
        assertThat(bundle.getHeaders().get(Constants.PROVIDE_CAPABILITY)).contains("io.cairn.bdev.module=m");
    }

    @Test
    void theNextOneIsToldFromTheFirst() throws Exception {
        give(jar("2.0.0"));
        give(jar("3.0.0"));

        assertThat(bundle.getVersion()).hasToString("1.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("3.0.0");
        assertThat(bundle.getHeaders().get(Constants.BUNDLE_NAME)).isEqualTo("Module m, upgraded to 3.0.0");
    }

    @Test
    void theFirstOneComesBackAsItWas() throws Exception {
        byte[] first = jar("1.0.0");
        give(jar("2.0.0"));

        assertThat(KeptIdentity.keptBy(bundle, first)).isEqualTo(first);
        give(first);

        assertThat(KeptIdentity.versionOf(bundle)).hasToString("1.0.0");
        assertThat(bundle.getHeaders().get(Constants.BUNDLE_NAME)).isEqualTo("Module m");
        assertThat(bundle.getHeaders().get(KeptIdentity.VERSION_HEADER)).isNull();
    }

    @Test
    void whatTheBundleHoldsIsWhatItWas() throws Exception {
        give(jar("2.0.0"));
        byte[] held = BundleContent.of(bundle);

        assertThat(KeptIdentity.keptBy(bundle, held)).isEqualTo(held);
        assertThat(ModuleJar.read(Files.write(folder.resolve("held.jar"), held)).version())
                .hasToString("2.0.0");
    }

    @Test
    void whatAnotherBundleHeldComesUnderItsOwnVersion() throws Exception {
        give(jar("2.0.0"));
        byte[] held = BundleContent.of(bundle);
        bundle.uninstall();
        bundle = framework.getBundleContext().installBundle("mvn:org/m/2.0.0", new ByteArrayInputStream(jar("2.0.0")));

        give(held);

        assertThat(bundle.getVersion()).hasToString("2.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
        assertThat(bundle.getHeaders().get(KeptIdentity.VERSION_HEADER)).isNull();
        assertThat(bundle.getHeaders().get(Constants.BUNDLE_NAME)).isEqualTo("Module m");

        bundle.uninstall();
        bundle = framework.getBundleContext().installBundle("mvn:org/m/1.5.0", new ByteArrayInputStream(jar("1.5.0")));
        give(held);
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
        assertThat(bundle.getHeaders().get(Constants.BUNDLE_NAME)).isEqualTo("Module m, upgraded to 2.0.0");
    }

    @Test
    void aRestartChangesNothing() throws Exception {
        give(jar("2.0.0"));
        stopFramework();
        startFramework();

        bundle = framework.getBundleContext().getBundle(LOCATION);
        assertThat(bundle.getVersion()).hasToString("1.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
        assertThat(content()).isEqualTo("2.0.0");
    }

    @Test
    void aJarWithoutAManifestIsRefused() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes)) {
            jar.putNextEntry(new ZipEntry("org/content.txt"));
        }
        assertThatThrownBy(() -> KeptIdentity.keptBy(bundle, bytes.toByteArray()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("META-INF/MANIFEST.MF");
    }
}
