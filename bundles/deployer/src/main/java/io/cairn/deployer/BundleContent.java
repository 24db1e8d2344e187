package io.cairn.deployer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.osgi.framework.Bundle;

/** Makes a jar of what a bundle holds now: the file that it came from may be another one by now, or gone. */
final class BundleContent {
    private BundleContent() {}

    /** Returns the jar. */
    static byte[] of(Bundle bundle) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            // first, as jar tools want it
            add(zip, bundle, JarFile.MANIFEST_NAME);
            addFolder(zip, bundle, "/");
        }
        return bytes.toByteArray();
    }

    private static void addFolder(ZipOutputStream zip, Bundle bundle, String folder) throws IOException {
        Enumeration<String> paths = bundle.getEntryPaths(folder);
        if (paths == null) {
            return;
        }
        for (String path : Collections.list(paths)) {
            if (path.endsWith("/")) {
                addFolder(zip, bundle, path);
            } else if (!path.equals(JarFile.MANIFEST_NAME)) {
                add(zip, bundle, path);
            }
        }
    }

    private static void add(ZipOutputStream zip, Bundle bundle, String path) throws IOException {
        URL url = bundle.getEntry(path);
        if (url == null) {
            return;
        }
        zip.putNextEntry(new ZipEntry(path));
        try (InputStream in = url.openStream()) {
            in.transferTo(zip);
        }
        zip.closeEntry();
    }
}
