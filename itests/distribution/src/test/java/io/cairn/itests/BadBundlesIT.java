package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Bundles that are no good are refused with the reason, and nothing that runs is disturbed. */
@ExtendWith(SharedDistribution.class)
class BadBundlesIT {
    private static final String BUNDLE = "io.cairn.example.readonly";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Pattern ID = Pattern.compile("Bundle ID: (\\d+)");

    @TempDir
    private Path folder;

    private final List<String> installed = new ArrayList<>();
    private RunningDistribution cairn;
    private Set<String> before;
    private Stack stack;

    @BeforeEach
    void look(RunningDistribution distribution) throws IOException {
        cairn = distribution;
        before = bundles();
        stack = new Stack(cairn.rpc());
        stack.malloc("badDisk", 1 << 20);
        assertThat(modules()).doesNotContain("readonly");
    }

    @AfterEach
    void nothingWasDisturbed() {
        for (String id : installed) {
            cairn.shell().run("bundle:uninstall " + id);
        }
        assertThat(bundles()).isEqualTo(before);
        assertThat(rpc().call("bdev_why", Map.of("name", "badDisk"))
                        .path("state")
                        .asString())
                .isEqualTo("ready");
        stack.close();
    }

    @Test
    void aBundleThatIsNoModule() throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Bundle-ManifestVersion", "2");
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", "org.example.nothing");
        manifest.getMainAttributes().putValue("Bundle-Version", "1.0.0");
        Path jar = folder.resolve("nothing.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            out.finish();
        }
        install("bundle:install -s", jar);
        assertThat(bundles()).anyMatch(bundle -> bundle.contains("org.example.nothing") && bundle.contains("Active"));
        assertThat(rpc().call("bdev_get_modules").toString()).doesNotContain("org.example.nothing");
    }

    @Test
    void aModuleThatNeedsANewerSpi() throws IOException {
        Path jar = variant(
                "newer.jar",
                main -> main.putValue(
                        "Import-Package",
                        main.getValue("Import-Package")
                                .replaceAll(
                                        "io\\.cairn\\.bdev\\.spi;version=\"[^\"]*\"",
                                        "io.cairn.bdev.spi;version=\"[9.0,10)\"")));
        install("bundle:install", jar);

        JsonNode module = module("readonly", 0);
        assertThat(module.path("state").asString()).isEqualTo("failed");
        assertThat(module.path("reason").asString())
                .contains("it does not resolve", "io.cairn.bdev.spi", "9.0.0", "here is version 1.");
        assertThat(module.path("bundle").path("symbolic_name").asString()).isEqualTo(BUNDLE);
    }

    @Test
    void twoVersionsOfOneModuleAndATakenName() throws IOException {
        install("bundle:install -s", cairn.jar(BUNDLE));
        Await.untilTrue("module readonly", LIMIT, () -> modules().contains("readonly"));
        rpc().call("bdev_readonly_create", Map.of("name", "badView", "base_bdev_name", "badDisk"));

        install("bundle:install -s", variant("next.jar", main -> main.putValue("Bundle-Version", "9.9.0")));
        refused(1, BUNDLE + " 9.9.0");
        install(
                "bundle:install -s",
                variant("twin.jar", main -> main.putValue("Bundle-SymbolicName", "org.example.twin")));
        refused(2, "org.example.twin");

        assertThat(cairn.shell().run("bdev:modules")).contains("9.9.0", "org.example.twin", "is there already");
        assertThat(module("readonly", 0).path("bdevs").toString()).isEqualTo("[\"badView\"]");
        assertThat(cairn.shell().run("bdev:why badView")).contains("badView: ready");
        rpc().call("bdev_readonly_delete", Map.of("name", "badView"));
        assertThat(cairn.log())
                .contains("module readonly of bundle org.example.twin")
                .contains("a module called readonly is there already, of bundle " + BUNDLE);
    }

    /** Nobody takes what is no jar at all for its own: it must be said all the same, once, and without a stack. */
    @Test
    void aDamagedJarAndOneThatNeedsMoreInTheDeployFolder() throws IOException {
        Path newer = variant(
                "newer.jar",
                main -> main.putValue(
                        "Import-Package",
                        main.getValue("Import-Package")
                                .replaceAll(
                                        "io\\.cairn\\.bdev\\.spi;version=\"[^\"]*\"",
                                        "io.cairn.bdev.spi;version=\"[9.0,10)\"")));
        Path damaged = Files.writeString(cairn.deployFolder().resolve("damaged.jar"), "this is no jar");
        Path refused = cairn.deployFolder().resolve("needs-more.jar");
        Files.copy(newer, refused);
        Await.untilTrue("two refusals", LIMIT, () -> all().contains("damaged.jar") && all().contains("needs-more.jar"));
        assertThat(module("damaged.jar", 0).path("state").asString()).isEqualTo("failed");
        assertThat(module("damaged.jar", 0).path("reason").asString())
                .contains("damaged.jar is not deployed: it is damaged");
        assertThat(module("needs-more.jar", 0).path("reason").asString())
                .contains("needs-more.jar is not deployed: it needs io.cairn.bdev.spi [9.0.0,10.0.0)");
        assertThat(cairn.shell().run("bdev:modules")).contains("damaged.jar is not deployed", "needs-more.jar");
        assertThat(cairn.wholeLog().lines().filter(line -> line.contains("damaged.jar")))
                .hasSize(1)
                .allMatch(line -> line.contains("WARN"));
        assertThat(cairn.wholeLog()).doesNotContain("Failed to install artifact");

        Files.delete(damaged);
        Files.delete(refused);
        Await.untilTrue("none", LIMIT, () -> !all().contains("damaged.jar") && !all().contains("needs-more.jar"));
    }

    /** File Install alone would exchange the core under everything that runs, and uninstall it when the file goes again. */
    @Test
    void aBundleOfTheDistributionInTheDeployFolder() throws IOException {
        Path core = cairn.deployFolder().resolve("core.jar");
        Files.copy(cairn.jar("io.cairn.bdev"), core);
        Await.untilTrue("a refusal", LIMIT, () -> all().contains("core.jar"));
        assertThat(module("core.jar", 0).path("reason").asString())
                .contains("core.jar is not deployed: bundle io.cairn.bdev", "is there already");
        assertThat(bundles()).isEqualTo(before);

        Files.delete(core);
        Await.untilTrue("none", LIMIT, () -> !all().contains("core.jar"));
        assertThat(bundles()).isEqualTo(before);
    }

    private String all() {
        return rpc().call("bdev_get_modules").toString();
    }

    @Test
    void aModuleWhoseBundleGivesItAnotherName() throws IOException {
        install(
                "bundle:install -s",
                variant(
                        "other.jar",
                        main -> main.putValue(
                                "Provide-Capability",
                                main.getValue("Provide-Capability")
                                        .replace("=\"readonly\"", "=\"else\"")
                                        .replace("=readonly", "=else"))));
        Await.untilTrue("module readonly", LIMIT, () -> modules().contains("readonly"));
        assertThat(module("readonly", 0).path("reason").asString()).contains("its bundle calls it else");
        assertThat(rpc().call("bdev_get_modules").toString()).doesNotContain("\"name\":\"else\"");
    }

    @Test
    void aModuleThatIsStoppedIsNamed() throws IOException {
        install("bundle:install -s", cairn.jar(BUNDLE));
        Await.untilTrue("module readonly", LIMIT, () -> modules().contains("readonly"));
        rpc().call("bdev_readonly_create", Map.of("name", "badView", "base_bdev_name", "badDisk"));
        cairn.shell().run("bundle:stop " + installed.get(0));

        assertThat(module("readonly", 0).path("state").asString()).isEqualTo("stopped");
        JsonNode why = rpc().call("bdev_why", Map.of("name", "badView"));
        assertThat(why.path("state").asString()).isEqualTo("absent");
        assertThat(why.path("reasons").get(0).path("reason").asString()).isEqualTo("module_missing");
        assertThat(why.path("reasons").get(0).path("text").asString()).contains("it is stopped", BUNDLE);
        assertThat(rpc().call("framework_get_failed_config").toString()).contains("bdev_readonly_create", "badView");
        JsonNode departed = last("module_depart");
        assertThat(departed.path("ctx").asString()).isEqualTo("readonly");

        cairn.shell().run("bundle:start " + installed.get(0));
        Await.untilTrue("badView again", LIMIT, () -> Stack.uuids(rpc()).containsKey("badView"));
        assertThat(rpc().call("framework_get_failed_config").toString()).doesNotContain("badView");
        assertThat(last("module_arrive").path("id").asLong())
                .isGreaterThan(departed.path("id").asLong());
        rpc().call("bdev_readonly_delete", Map.of("name", "badView"));
    }

    private void refused(int place, String bundle) {
        JsonNode module = module("readonly", place);
        assertThat(module.path("state").asString()).isEqualTo("failed");
        assertThat(module.path("reason").asString())
                .contains(
                        "a module called readonly is there already", "bundle " + BUNDLE, "the one of bundle " + bundle);
    }

    private RpcClient rpc() {
        return stack.rpc();
    }

    private JsonNode last(String type) {
        JsonNode last = null;
        for (JsonNode one : rpc().call("notify_get_notifications")) {
            if (one.path("type").asString().equals(type)) {
                last = one;
            }
        }
        assertThat(last).isNotNull();
        return last;
    }

    /** The module in a place among those of its name. */
    private JsonNode module(String name, int place) {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode module : rpc().call("bdev_get_modules")) {
            if (module.path("name").asString().equals(name)) {
                found.add(module);
            }
        }
        assertThat(found).hasSizeGreaterThan(place);
        return found.get(place);
    }

    /** The names of the modules that are here. */
    private List<String> modules() {
        List<String> names = new ArrayList<>();
        for (JsonNode module : rpc().call("bdev_get_modules")) {
            if (module.path("state").asString().equals("here")) {
                names.add(module.path("name").asString());
            }
        }
        return names;
    }

    private void install(String command, Path jar) {
        String said = cairn.shell().run(command + " " + jar.toUri());
        Matcher id = ID.matcher(said);
        assertThat(id.find()).as(said).isTrue();
        installed.add(id.group(1));
    }

    /** The example module's bundle with another manifest. */
    private Path variant(String name, Consumer<Attributes> change) throws IOException {
        Path made = folder.resolve(name);
        try (JarFile jar = new JarFile(cairn.jar(BUNDLE).toFile())) {
            Manifest manifest = new Manifest(jar.getManifest());
            change.accept(manifest.getMainAttributes());
            try (OutputStream file = Files.newOutputStream(made);
                    JarOutputStream out = new JarOutputStream(file, manifest)) {
                for (JarEntry entry : jar.stream().toList()) {
                    if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        try (InputStream in = jar.getInputStream(entry)) {
                            in.transferTo(out);
                        }
                    }
                }
            }
        }
        return made;
    }

    private Set<String> bundles() {
        return cairn.shell()
                .run("bundle:list -t 0 -s --no-format")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && Character.isDigit(line.charAt(0)))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
