package io.cairn.shell;

import io.cairn.operations.ParameterInfo;
import io.cairn.operations.PlainJson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Turns the example of an operation, parameters in JSON, into a command line. */
final class ExampleLine {
    private ExampleLine() {}

    /** Returns the line; empty if there is no example or it is not what an example should be. */
    static String of(String command, List<ParameterInfo> parameters, String json) {
        if (json.isBlank()) {
            return "";
        }
        Map<String, Object> given = new LinkedHashMap<>();
        try {
            if (!(PlainJson.read(json) instanceof Map<?, ?> map)) {
                return "";
            }
            map.forEach((name, value) -> given.put(String.valueOf(name), value));
        } catch (IllegalArgumentException e) {
            return "";
        }
        StringBuilder line = new StringBuilder(command);
        for (ParameterInfo parameter : parameters) {
            if (parameter.required() && given.containsKey(parameter.name())) {
                line.append(' ').append(word(given.remove(parameter.name())));
            }
        }
        given.forEach((name, value) -> {
            line.append(" --").append(name.replace('_', '-'));
            if (!Boolean.TRUE.equals(value)) {
                line.append(value instanceof Boolean ? "=" : " ").append(word(value));
            }
        });
        return line.toString();
    }

    private static String word(Object value) {
        String text = value instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value);
        return text.isEmpty() || text.chars().anyMatch(Character::isWhitespace) ? "\"" + text + "\"" : text;
    }
}
