package io.cairn.itests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Style rules that no compiler knows. */
class SourceRulesTest {
    private static final Path TOP = Path.of(System.getProperty("repository.dir"));

    @Test
    void sourcesKeepTheRules() throws IOException {
        List<Path> files = sources();
        assertThat(files).hasSizeGreaterThan(20);
        List<String> violations = new ArrayList<>();
        for (Path file : files) {
            List<String> lines = Files.readAllLines(file);
            for (SourceRule rule : SourceRule.all()) {
                violations.addAll(rule.violations(TOP.relativize(file).toString(), lines));
            }
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void mistakesAreSeen() {
        List<String> lines = List.of(
                "// TO" + "DO later",
                "Thread." + "sleep(10);",
                "synchron" + "ized (this) {",
                "\"in a text: Thread." + "sleep(1)\"",
                " * synchron" + "ized in Javadoc");
        String path = "bundles/modules/aio/src/main/java/X.java";
        assertThat(SourceRule.all().stream().flatMap(rule -> rule.violations(path, lines).stream()))
                .containsExactly(
                        "no work is left behind: " + path + ":1: " + lines.get(0),
                        "nobody sleeps: " + path + ":2: " + lines.get(1),
                        "no locks on the I/O path: " + path + ":3: " + lines.get(2));
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String folder : List.of("bundles", "itests", "karaf-assembly")) {
            try (Stream<Path> files = Files.walk(TOP.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .filter(file -> !file.toString().contains("/target/"))
                        .forEach(sources::add);
            }
        }
        return sources;
    }
}
