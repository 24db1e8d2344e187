package io.cairn.itests.architecture;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A rule about the text of source files.
 *
 * @param name what the rule says
 * @param where which files it is about, as paths from the top of the repository
 * @param forbidden what must not occur in a line
 * @param inComments whether comments count too
 */
record SourceRule(String name, Predicate<String> where, Pattern forbidden, boolean inComments) {
    private static final Pattern JAVA = Pattern.compile("(bundles|itests|karaf-assembly)/.*\\.java");
    private static final Pattern IO_PATH =
            Pattern.compile("bundles/(reactor|bdev|bdev-core|modules/[^/]+|exports/[^/]+)/src/main/.*");
    /** Locks that no I/O passes: a reactor's end, and a channel's last counts when it is closed. */
    private static final Set<String> LOCKS_OFF_THE_PATH = Set.of(
            "bundles/reactor/src/main/java/io/cairn/reactor/ThreadReactor.java",
            "bundles/bdev-core/src/main/java/io/cairn/bdev/core/Retired.java");

    // Assembled here, so that this file keeps its own rule.
    private static final Pattern LEFT_OVER =
            Pattern.compile("\\b(" + "TO" + "DO|FIX" + "ME|XX" + "X)\\b|for " + "now\\b");

    /** All of them. */
    static List<SourceRule> all() {
        return List.of(
                new SourceRule("no work is left behind", JAVA.asMatchPredicate(), LEFT_OVER, true),
                new SourceRule(
                        "nobody sleeps",
                        JAVA.asMatchPredicate(),
                        Pattern.compile("\\bThread\\s*\\.\\s*sleep\\s*\\(|\\b[A-Z]+\\.sleep\\s*\\("),
                        false),
                new SourceRule(
                        "no locks on the I/O path",
                        path -> IO_PATH.matcher(path).matches() && !LOCKS_OFF_THE_PATH.contains(path),
                        Pattern.compile("\\bsynchronized\\b|\\bReentrant\\w*Lock\\b"),
                        false),
                new SourceRule(
                        "tests print nothing",
                        path -> path.contains("/src/test/"),
                        Pattern.compile("\\bSystem\\s*\\.\\s*(out|err)\\b"),
                        false),
                new SourceRule(
                        "tests are neither retried nor switched off",
                        path -> path.contains("/src/test/"),
                        Pattern.compile("@Disabled\\b|@RetryingTest\\b|rerunFailingTests"),
                        false));
    }

    /** The places in a file that break the rule. */
    List<String> violations(String path, List<String> lines) {
        List<String> violations = new ArrayList<>();
        if (!where.test(path)) {
            return violations;
        }
        for (int i = 0; i < lines.size(); i++) {
            String line = inComments ? lines.get(i) : code(lines.get(i));
            if (forbidden.matcher(line).find()) {
                violations.add(name + ": " + path + ":" + (i + 1) + ": " + line.strip());
            }
        }
        return violations;
    }

    /** A line without its strings and comments; block comments are known by the star that starts each line. */
    private static String code(String line) {
        String stripped = line.strip();
        if (stripped.startsWith("*") || stripped.startsWith("/*")) {
            return "";
        }
        return line.replaceAll("\"(\\\\.|[^\"\\\\])*\"", "\"\"").replaceAll("//.*", "");
    }
}
