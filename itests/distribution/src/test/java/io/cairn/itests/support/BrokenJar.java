package io.cairn.itests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A newer version of a bundle of ours that is whole as a jar and good for nothing: a class is missing. */
public final class BrokenJar {
    private BrokenJar() {}

    /**
     * Writes the bundle with the version {@code 0.1.0.broken} into a folder.
     *
     * @param simpleName the class that it lacks
     */
    public static Path without(Path jar, Path folder, String simpleName) throws IOException {
        Path broken = folder.resolve("without-" + simpleName + ".jar");
        boolean left = false;
        try (JarInputStream in = new JarInputStream(Files.newInputStream(jar))) {
            Manifest manifest = in.getManifest();
            manifest.getMainAttributes().putValue("Bundle-Version", "0.1.0.broken");
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(broken), manifest)) {
                for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
                    if (entry.getName().endsWith("/" + simpleName + ".class")) {
                        left = true;
                    } else {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        in.transferTo(out);
                    }
                }
            }
        }
        if (!left) {
            throw new IllegalArgumentException(jar + " has no class " + simpleName);
        }
        return broken;
    }
}
