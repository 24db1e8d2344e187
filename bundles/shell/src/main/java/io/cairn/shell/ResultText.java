package io.cairn.shell;

import io.cairn.operations.PlainJson;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * An operation's result for people: a name as it is, nothing for "true", a line for each text of a list, a table for a list of flat
 * objects, else JSON on several lines.
 */
final class ResultText {
    private ResultText() {}

    /** Returns the lines. */
    static List<String> of(Object result, Style style) {
        if (result == null || Boolean.TRUE.equals(result)) {
            return List.of();
        }
        if (result instanceof List<?> list) {
            if (list.stream().allMatch(ResultText::isScalar)) {
                return list.stream().map(String::valueOf).toList();
            }
            if (list.stream().allMatch(ResultText::isFlat)) {
                return table(list).lines(style);
            }
        }
        return isScalar(result)
                ? List.of(String.valueOf(result))
                : List.of(PlainJson.writePretty(result).split("\n"));
    }

    private static boolean isScalar(Object value) {
        return value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
    }

    private static boolean isFlat(Object value) {
        return value instanceof Map<?, ?> map && map.values().stream().allMatch(ResultText::isScalar);
    }

    private static TextTable table(List<?> maps) {
        Set<String> keys = new LinkedHashSet<>();
        for (Object map : maps) {
            ((Map<?, ?>) map).keySet().forEach(key -> keys.add(String.valueOf(key)));
        }
        TextTable table = new TextTable(List.copyOf(keys));
        for (Object map : maps) {
            List<String> row = new ArrayList<>();
            keys.forEach(key -> row.add(Objects.toString(((Map<?, ?>) map).get(key), "")));
            table.add(row);
        }
        return table;
    }
}
