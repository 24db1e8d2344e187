package io.cairn.deployer;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * A bundle keeps its version when it gets other content, and says the content's own in a header.
 *
 * <p>Who installed a bundle knows it by symbolic name and version. Karaf's features service takes a bundle of its own under any other version than
 * its feature's for one that is not wanted, and at the next operation on any feature stops it and puts it back, without a hold.
 */
final class KeptIdentity {
    /** The version of the content, in a bundle whose own is another one. */
    static final String VERSION_HEADER = "Cairn-Module-Version";

    private KeptIdentity() {}

    /** Returns the version of what a bundle holds. */
    static Version versionOf(Bundle bundle) {
        // as they are written, not translated
        String said = bundle.getHeaders("").get(VERSION_HEADER);
        return said == null ? bundle.getVersion() : Version.parseVersion(said);
    }

    /** Returns the version of what a jar holds. */
    static Version versionIn(Attributes main) {
        String said = main.getValue(VERSION_HEADER);
        String version = said == null ? main.getValue(Constants.BUNDLE_VERSION) : said;
        return Version.parseVersion(version == null ? null : version.trim());
    }

    /**
     * Makes the content that a bundle gets of a jar: the same, but with the bundle's version. The bundle's name says what it is upgraded to, for
     * those who list bundles.
     *
     * @param jar a whole and sound one
     */
    static byte[] keptBy(Bundle bundle, byte[] jar) throws IOException {
        Manifest manifest = manifest(jar);
        Attributes main = manifest.getMainAttributes();
        Version version = versionIn(main);
        Version kept = bundle.getVersion();
        if (kept.equals(Version.parseVersion(main.getValue(Constants.BUNDLE_VERSION)))) {
            return jar;
        }
        String suffix = ", upgraded to " + version;
        String name = Objects.requireNonNullElse(main.getValue(Constants.BUNDLE_NAME), bundle.getSymbolicName());
        String own = name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : name;
        // without it none of the others would be written
        main.putIfAbsent(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_VERSION, kept.toString());
        if (version.equals(kept)) {
            // what another bundle held comes to one that has its version
            main.putValue(Constants.BUNDLE_NAME, own);
            main.remove(new Attributes.Name(VERSION_HEADER));
        } else {
            main.putValue(Constants.BUNDLE_NAME, own + suffix);
            main.putValue(VERSION_HEADER, version.toString());
        }
        return withManifest(jar, manifest);
    }

    private static Manifest manifest(byte[] jar) throws IOException {
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
                    return new Manifest(in);
                }
            }
        }
        throw new IOException("there is no " + JarFile.MANIFEST_NAME);
    }

    private static byte[] withManifest(byte[] jar, Manifest manifest) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(jar.length);
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar));
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            // first, as jar tools want it
            out.putNextEntry(new ZipEntry(JarFile.MANIFEST_NAME));
            manifest.write(out);
            Set<String> written = new HashSet<>(Set.of(JarFile.MANIFEST_NAME));
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (written.add(entry.getName())) {
                    ZipEntry copy = new ZipEntry(entry.getName());
                    copy.setTime(entry.getTime());
                    out.putNextEntry(copy);
                    in.transferTo(out);
                }
            }
        }
        return bytes.toByteArray();
    }
}
