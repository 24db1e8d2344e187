package io.cairn.itests.support;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A bundle made of classes of the tests: a module such as an author might deliver, good or bad. */
public final class ModuleJar {
    private static final String COMPONENT = "OSGI-INF/module.xml";

    private final String symbolicName;
    private final List<Class<?>> classes = new ArrayList<>();
    private String version = "1.0.0";
    private String spi = "[1.0,2)";
    private String module = "";
    private Class<?> component;

    private ModuleJar(String symbolicName) {
        this.symbolicName = symbolicName;
    }

    /** A bundle with nothing in it. */
    public static ModuleJar named(String symbolicName) {
        return new ModuleJar(symbolicName);
    }

    /** Sets the bundle's version; 1.0.0 without. */
    public ModuleJar version(String number) {
        version = number;
        return this;
    }

    /** Sets which versions of the SPI the bundle imports. */
    public ModuleJar spi(String range) {
        spi = range;
        return this;
    }

    /** Declares the module and the class that is offered as its service; what that is made of goes with it. */
    public ModuleJar module(String name, Class<?> offered, Class<?>... others) {
        module = name;
        component = offered;
        classes.add(offered);
        classes.addAll(Arrays.asList(others));
        return this;
    }

    /** Writes the bundle under its name, at once and whole, so that a watched folder never sees a part of it. */
    public Path write(Path folder) throws IOException {
        Path part = Files.createTempFile("module", ".part");
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(part), manifest())) {
            if (component != null) {
                jar.putNextEntry(new JarEntry(COMPONENT));
                jar.write(componentXml().getBytes(StandardCharsets.UTF_8));
            }
            for (Class<?> type : classes) {
                add(jar, type);
            }
        }
        Path copy =
                Files.copy(part, folder.resolveSibling(symbolicName + ".part"), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(part);
        return Files.move(copy, folder.resolve(symbolicName + "-" + version + ".jar"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void add(JarOutputStream jar, Class<?> type) throws IOException {
        String file = type.getName().replace('.', '/') + ".class";
        jar.putNextEntry(new JarEntry(file));
        try (InputStream bytes = type.getClassLoader().getResourceAsStream(file)) {
            bytes.transferTo(jar);
        }
        for (Class<?> nested : type.getDeclaredClasses()) {
            add(jar, nested);
        }
    }

    private Manifest manifest() {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", symbolicName);
        main.putValue("Bundle-Version", version);
        if (component != null) {
            main.putValue("Service-Component", COMPONENT);
            main.putValue(
                    "Import-Package",
                    String.join(
                            ",",
                            "io.cairn.bdev;version=\"[1.0,2)\"",
                            "io.cairn.bdev.spi;version=\"" + spi + "\"",
                            "io.cairn.operations;version=\"[1.0,2)\"",
                            "io.cairn.reactor;version=\"[1.0,2)\""));
            main.putValue(
                    "Provide-Capability",
                    "osgi.service;objectClass:List<String>=\"io.cairn.bdev.spi.BdevModule\","
                            + "io.cairn.bdev.module;io.cairn.bdev.module=" + module);
            main.putValue(
                    "Require-Capability",
                    "osgi.extender;filter:=\"(&(osgi.extender=osgi.component)(version>=1.5.0)(!(version>=2.0.0)))\"");
        }
        return manifest;
    }

    private String componentXml() {
        return """
                <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="%1$s">
                  <service><provide interface="io.cairn.bdev.spi.BdevModule"/></service>
                  <implementation class="%1$s"/>
                </scr:component>
                """
                .formatted(component.getName());
    }
}
