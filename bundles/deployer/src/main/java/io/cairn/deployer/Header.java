package io.cairn.deployer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A manifest header of clauses: {@code a;b;version="[1,2)";resolution:=optional, c}. */
final class Header {
    /**
     * One clause.
     *
     * @param names its paths
     * @param attributes by name without the type
     * @param directives by name
     */
    record Clause(List<String> names, Map<String, String> attributes, Map<String, String> directives) {}

    private Header() {}

    /** Takes a header apart; null is an empty one. */
    static List<Clause> parse(String header) {
        List<Clause> clauses = new ArrayList<>();
        for (String clause : split(header == null ? "" : header, ',')) {
            List<String> names = new ArrayList<>();
            Map<String, String> attributes = new LinkedHashMap<>();
            Map<String, String> directives = new LinkedHashMap<>();
            for (String part : split(clause, ';')) {
                int equals = part.indexOf('=');
                if (equals < 0) {
                    names.add(part);
                } else if (part.charAt(Math.max(0, equals - 1)) == ':') {
                    directives.put(part.substring(0, equals - 1).trim(), unquoted(part.substring(equals + 1)));
                } else {
                    String name = part.substring(0, equals).trim();
                    int type = name.indexOf(':');
                    attributes.put(type < 0 ? name : name.substring(0, type), unquoted(part.substring(equals + 1)));
                }
            }
            clauses.add(new Clause(names, attributes, directives));
        }
        return clauses;
    }

    private static List<String> split(String text, char at) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            }
            if (c == at && !quoted) {
                add(parts, part);
            } else {
                part.append(c);
            }
        }
        add(parts, part);
        return parts;
    }

    private static void add(List<String> parts, StringBuilder part) {
        String text = part.toString().trim();
        part.setLength(0);
        if (!text.isEmpty()) {
            parts.add(text);
        }
    }

    private static String unquoted(String value) {
        String text = value.trim();
        return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
    }
}
