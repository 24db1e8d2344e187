package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** What of the deploy folder is taken, and what is refused, in a real framework. Upgrades have their own tests. */
class DeployFolderTest {
    private static final String NO_MODULE = "";

    @TempDir
    private Path folder;

    private Framework framework;
    private Path deploy;
    private DeployFolder deployFolder;

    @BeforeEach
    void startFramework() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(Map.of(
                        Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString()));
        framework.start();
        deploy = Files.createDirectory(folder.resolve("deploy"));
        ModuleBundles bundles = new ModuleBundles(framework.getBundleContext());
        deployFolder = new DeployFolder(framework.getBundleContext(), bundles, null);
    }

    @AfterEach
    void stopFramework() throws Exception {
        framework.stop();
        framework.waitForStop(10_000);
    }

    private static byte[] jar(String name, String version, String module) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, name);
        main.putValue(Constants.BUNDLE_VERSION, version);
        if (!module.equals(NO_MODULE)) {
            main.putValue(Constants.PROVIDE_CAPABILITY, "io.cairn.bdev.module;io.cairn.bdev.module=" + module);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            ZipEntry entry = new ZipEntry("content");
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(7);
            CRC32 checksum = new CRC32();
            checksum.update("content".getBytes(StandardCharsets.US_ASCII));
            entry.setCrc(checksum.getValue());
            jar.putNextEntry(entry);
            jar.write("content".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    private File deployed(String file, byte[] jar) throws IOException {
        return Files.write(deploy.resolve(file), jar).toFile();
    }

    private Bundle install(String location, byte[] jar) throws Exception {
        Bundle bundle = framework.getBundleContext().installBundle(location, new ByteArrayInputStream(jar));
        bundle.start();
        return bundle;
    }

    /** File Install would update a bundle of that name, wherever it came from, and uninstall it when the file goes. */
    @Test
    void aBundleThatIsThereFromElsewhereIsRefusedAndStays() throws Exception {
        Bundle core = install("mvn:org.core", jar("org.core", "1.0.0", NO_MODULE));
        File file = deployed("core.jar", jar("org.core", "2.0.0", NO_MODULE));
        assertThat(deployFolder.canHandle(file)).isTrue();
        assertThatThrownBy(() -> deployFolder.install(file))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("core.jar is not deployed: bundle org.core 1.0.0 is there already");
        deployFolder.uninstall(file);
        assertThat(core.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(core.getVersion()).hasToString("1.0.0");
    }

    @Test
    void bundlesOfOthersAreLeftToFileInstall() throws Exception {
        File file = deployed("other.jar", jar("org.other", "1.0.0", NO_MODULE));
        assertThat(deployFolder.canHandle(file)).isFalse();
        install(file.toURI().toString(), Files.readAllBytes(file.toPath()));
        assertThat(deployFolder.canHandle(deployed("other-2.jar", jar("org.other", "2.0.0", NO_MODULE))))
                .isFalse();
    }

    @Test
    void aModuleInABundleOfAnothersNameIsRefused() throws Exception {
        install("mvn:org.m", jar("org.m", "1.0.0", "m"));
        File file = deployed("lying.jar", jar("org.m", "2.0.0", "else"));
        assertThat(deployFolder.canHandle(file)).isTrue();
        assertThatThrownBy(() -> deployFolder.install(file)).hasMessageContaining("bundle org.m 1.0.0 is there");
    }

    @Test
    void aJarThatCannotBeReadIsTakenAndRefused() throws Exception {
        File none = deployed("none.jar", "this is no jar".getBytes(StandardCharsets.US_ASCII));
        assertThat(deployFolder.canHandle(none)).isTrue();
        assertThatThrownBy(() -> deployFolder.install(none))
                .hasMessageContaining("none.jar is not deployed: it is damaged");
        assertThat(deployFolder.canHandle(deployed("none.txt", new byte[0]))).isFalse();
        assertThat(deployFolder.canHandle(
                        Files.createDirectory(deploy.resolve("folder.jar")).toFile()))
                .isFalse();

        File version = deployed("version.jar", jar("org.m", "abc.x", "m"));
        assertThat(deployFolder.canHandle(version)).isTrue();
        assertThatThrownBy(() -> deployFolder.install(version))
                .hasMessageContaining("version.jar is not deployed: it is damaged");

        byte[] flipped = jar("org.m", "1.0.0", "m");
        int at = new String(flipped, StandardCharsets.ISO_8859_1).indexOf("contentcontent") + "content".length();
        flipped[at] ^= 1;
        File content = deployed("flipped.jar", flipped);
        assertThat(deployFolder.canHandle(content)).isTrue();
        assertThatThrownBy(() -> deployFolder.install(content))
                .hasMessageContaining("flipped.jar is not deployed: it is damaged: the content of content");
        assertThat(framework.getBundleContext().getBundles()).hasSize(1);
    }
}
