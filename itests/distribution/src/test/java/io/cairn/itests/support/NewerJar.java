package io.cairn.itests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The next version of a bundle of ours: the same classes under a higher version. */
public final class NewerJar {
    private NewerJar() {}

    /** The version of the Nth upgrade. */
    public static String version(int number) {
        return "0.1.0.upgrade" + number;
    }

    /** Writes the bundle with the version of the Nth upgrade into a folder. */
    public static Path of(Path jar, Path folder, int number) throws IOException {
        Path newer = folder.resolve(jar.getFileName().toString().replace(".jar", "-" + number + ".jar"));
        try (JarInputStream in = new JarInputStream(Files.newInputStream(jar))) {
            Manifest manifest = in.getManifest();
            manifest.getMainAttributes().putValue("Bundle-Version", version(number));
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(newer), manifest)) {
                for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    in.transferTo(out);
                }
            }
        }
        return newer;
    }
}
