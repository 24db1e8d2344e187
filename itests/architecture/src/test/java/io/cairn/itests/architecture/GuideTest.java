package io.cairn.itests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The module author's guide shows code that exists, and names types that exist. */
class GuideTest {
    private static final Path TOP = Path.of(System.getProperty("repository.dir"));
    private static final Path GUIDE = TOP.resolve("docs/module-author-guide.md");
    private static final Pattern BLOCK =
            Pattern.compile("(?:<!-- (\\S+) -->\\n)?```(\\w*)\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

    /** A Java block without the name of its source would not be compared with anything. */
    @Test
    void codeIsTheSourcesCode() throws IOException {
        List<MatchResult> blocks =
                BLOCK.matcher(Files.readString(GUIDE)).results().toList();
        List<String> wrong = new ArrayList<>();
        int compared = 0;
        for (MatchResult block : blocks) {
            String source = block.group(1);
            if (source != null) {
                compared++;
                if (!isExcerpt(block.group(3).lines().toList(), Files.readAllLines(TOP.resolve(source)))) {
                    wrong.add("not in " + source + ":\n" + block.group(3));
                }
            } else if (Set.of("java", "xml").contains(block.group(2))) {
                wrong.add("from no source:\n" + block.group(3));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(compared).isGreaterThan(5);
    }

    /** In the tables' columns for Cairn, every word that looks like a type is one. */
    @Test
    void typesInTablesExist() throws IOException {
        Set<String> unknown = new TreeSet<>();
        Set<String> types = types();
        int rows = 0;
        for (String line : Files.readAllLines(GUIDE)) {
            String[] cells = line.split("\\|", -1);
            if (line.startsWith("|") && cells.length == 4 && !line.startsWith("|---")) {
                rows++;
                Pattern.compile("`@?([A-Z][A-Za-z]+)[^`]*`")
                        .matcher(cells[2])
                        .results()
                        .map(match -> match.group(1))
                        .filter(type -> !types.contains(type) && !type.equals("Component"))
                        .forEach(unknown::add);
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(rows).isGreaterThan(30);
    }

    @Test
    void aDifferenceIsSeen() {
        List<String> source = List.of("class A {", "    int a;", "", "    int b;", "}");
        assertThat(isExcerpt(List.of("int a;", "", "int b;"), source)).isTrue();
        assertThat(isExcerpt(List.of("int a;", "int b;"), source)).isFalse();
        assertThat(isExcerpt(List.of("int c;"), source)).isFalse();
        assertThat(isExcerpt(List.of(), source)).isFalse();
    }

    /** Whether the lines stand in the source one after another, all of them indented by the same number of blanks more. */
    private static boolean isExcerpt(List<String> lines, List<String> source) {
        for (int at = 0; !lines.isEmpty() && at + lines.size() <= source.size(); at++) {
            int first = at;
            int indentation = source.get(first).length() - lines.get(0).length();
            if (indentation >= 0) {
                String blanks = " ".repeat(indentation);
                List<String> indented = lines.stream()
                        .map(line -> line.isEmpty() ? line : blanks + line)
                        .toList();
                if (indented.equals(source.subList(first, first + lines.size()))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Set<String> types() throws IOException {
        try (Stream<Path> files = Files.walk(TOP.resolve("bundles"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - ".java".length()))
                    .collect(Collectors.toSet());
        }
    }
}
