package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.ModuleRefusals;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipOutputStream;
import org.apache.felix.fileinstall.ArtifactInstaller;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportingFolderTest {
    @TempDir
    private Path folder;

    private final Map<String, String> refused = new LinkedHashMap<>();
    private final List<String> done = new ArrayList<>();
    private Exception failure;

    private final ArtifactInstaller modules = new ArtifactInstaller() {
        @Override
        public boolean canHandle(File file) {
            return file.getName().startsWith("module");
        }

        @Override
        public void install(File file) throws Exception {
            does("install", file);
        }

        @Override
        public void update(File file) throws Exception {
            does("update", file);
        }

        @Override
        public void uninstall(File file) throws Exception {
            does("uninstall", file);
        }

        private void does(String what, File file) throws Exception {
            if (failure != null) {
                throw failure;
            }
            done.add(what + " " + file.getName());
        }
    };

    private final ReportingFolder reporting = new ReportingFolder(modules, new ModuleRefusals() {
        @Override
        public void refused(String source, String reason) {
            refused.put(source, reason);
        }

        @Override
        public void forget(String source) {
            refused.remove(source);
        }
    });

    private File jar(String name) throws IOException {
        Path jar = folder.resolve(name);
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new java.util.zip.ZipEntry("a"));
        }
        return jar.toFile();
    }

    @Test
    void takesWhatTheModulesFolderTakes() throws Exception {
        assertThat(reporting.canHandle(jar("module.jar"))).isTrue();
        assertThat(reporting.canHandle(jar("somebodys.jar"))).isFalse();
    }

    @Test
    void whatIsRefusedIsNotedAndNotThrownUntilItIsTakenOrGone() throws Exception {
        File module = jar("module.jar");
        failure = new RefusedException("module.jar is not deployed: it needs more");
        reporting.install(module);
        assertThat(refused).containsExactly(Map.entry("module.jar", "module.jar is not deployed: it needs more"));
        failure = new IOException("it went away");
        reporting.update(module);
        assertThat(refused)
                .containsExactly(
                        Map.entry("module.jar", "module.jar is not deployed: java.io.IOException: it went away"));
        failure = null;
        reporting.update(module);
        assertThat(refused).isEmpty();
        assertThat(done).containsExactly("update module.jar");
        failure = new RefusedException("no");
        reporting.install(module);
        failure = null;
        reporting.uninstall(module);
        assertThat(refused).isEmpty();
        assertThat(done).containsExactly("update module.jar", "uninstall module.jar");
    }
}
