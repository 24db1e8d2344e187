package io.cairn.deployer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;

/**
 * What a jar says of itself.
 *
 * @param symbolicName the bundle's name
 * @param version the version of what it holds
 * @param modules the names of the bdev modules that it provides
 * @param imports the packages that it cannot do without
 */
record ModuleJar(String symbolicName, Version version, List<String> modules, List<Import> imports) {
    /** The capability that names a module. */
    static final String NAMESPACE = "io.cairn.bdev.module";

    /** A package in a range of versions. */
    record Import(String name, VersionRange range) {
        @Override
        public String toString() {
            return name + " " + range;
        }
    }

    /**
     * Reads a jar, every byte of it, so that what is cut off or damaged is found.
     *
     * @throws RefusedException it is no bundle, or damaged (how)
     */
    static ModuleJar read(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                check(zip, entry);
            }
            return of(zip).orElseThrow(() -> new RefusedException("it has no manifest of a bundle"));
        } catch (IOException | IllegalArgumentException e) {
            throw new RefusedException("it is damaged: " + e.getMessage(), e);
        }
    }

    /** {@link ZipFile} itself compares no checksums. */
    private static void check(ZipFile zip, ZipEntry entry) throws IOException {
        CRC32 checksum = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), checksum)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        if (entry.getCrc() != -1 && entry.getCrc() != checksum.getValue()) {
            throw new ZipException("the content of " + entry.getName() + " does not have its checksum");
        }
    }

    /**
     * Looks what a file says of itself, without reading all of it.
     *
     * @return empty if it does not say that it is a bundle
     * @throws RefusedException it cannot be told
     */
    static Optional<ModuleJar> peek(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return of(zip);
        } catch (IOException | IllegalArgumentException e) {
            throw new RefusedException("it is damaged: " + e.getMessage(), e);
        }
    }

    private static Optional<ModuleJar> of(ZipFile zip) throws IOException {
        ZipEntry entry = zip.getEntry(JarFile.MANIFEST_NAME);
        if (entry == null) {
            return Optional.empty();
        }
        Attributes main;
        try (InputStream in = zip.getInputStream(entry)) {
            main = new Manifest(in).getMainAttributes();
        }
        List<Header.Clause> name = Header.parse(main.getValue(Constants.BUNDLE_SYMBOLICNAME));
        if (name.isEmpty() || name.get(0).names().isEmpty()) {
            return Optional.empty();
        }
        List<String> modules = new ArrayList<>();
        for (Header.Clause clause : Header.parse(main.getValue(Constants.PROVIDE_CAPABILITY))) {
            if (clause.names().contains(NAMESPACE)) {
                modules.add(clause.attributes().getOrDefault(NAMESPACE, ""));
            }
        }
        List<Import> imports = new ArrayList<>();
        for (Header.Clause clause : Header.parse(main.getValue(Constants.IMPORT_PACKAGE))) {
            if (!Constants.RESOLUTION_OPTIONAL.equals(clause.directives().get(Constants.RESOLUTION_DIRECTIVE))) {
                VersionRange range =
                        new VersionRange(clause.attributes().getOrDefault(Constants.VERSION_ATTRIBUTE, "0"));
                clause.names().forEach(each -> imports.add(new Import(each, range)));
            }
        }
        return Optional.of(new ModuleJar(
                name.get(0).names().get(0), KeptIdentity.versionIn(main), List.copyOf(modules), List.copyOf(imports)));
    }
}
