package io.cairn.shell;

import io.cairn.operations.ParameterInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code --help} prints. */
final class HelpText {
    private static final int WIDTH = 78;
    private static final String INDENT = "    ";

    private final CommandSpec spec;
    private final Style style;
    private final List<String> lines = new ArrayList<>();

    private HelpText(CommandSpec spec, Style style) {
        this.spec = spec;
        this.style = style;
    }

    /** Returns the text, line by line. */
    static List<String> of(CommandSpec spec, Style style) {
        HelpText text = new HelpText(spec, style);
        text.write();
        return text.lines;
    }

    private void write() {
        lines.add(style.bold(spec.fullName()));
        wrap(spec.description(), "  ");
        lines.add("");
        lines.add(style.bold("Usage"));
        lines.add("  " + usage());
        List<ParameterInfo> byPosition = spec.positional();
        section("Parameters", byPosition);
        section(
                "Options",
                spec.parameters().stream().filter(p -> !byPosition.contains(p)).toList());
        if (!spec.result().isEmpty() && !spec.result().equals("true")) {
            lines.add("");
            lines.add(style.bold("Result"));
            wrap(spec.result(), "  ");
        }
        if (!spec.example().isEmpty()) {
            lines.add("");
            lines.add(style.bold("Example"));
            lines.add("  " + spec.example());
        }
    }

    private String usage() {
        StringBuilder usage = new StringBuilder(spec.fullName());
        List<ParameterInfo> byPosition = spec.positional();
        for (ParameterInfo parameter : byPosition) {
            String word = CommandSpec.optionName(parameter).toUpperCase(Locale.ROOT);
            usage.append(' ').append(parameter.required() ? word : "[" + word + "]");
        }
        if (spec.parameters().size() > byPosition.size()) {
            usage.append(" [options]");
        }
        return usage.toString();
    }

    private void section(String title, List<ParameterInfo> parameters) {
        if (parameters.isEmpty()) {
            return;
        }
        lines.add("");
        lines.add(style.bold(title));
        for (ParameterInfo parameter : parameters) {
            boolean flag = parameter.type() == ParameterInfo.Type.BOOLEAN;
            String name = "--" + CommandSpec.optionName(parameter);
            lines.add("  " + style.bold(name) + (flag ? "" : "  " + ParameterValue.expected(parameter))
                    + absent(parameter));
            wrap(parameter.description(), INDENT);
        }
    }

    private static String absent(ParameterInfo parameter) {
        if (parameter.required()) {
            return " (required)";
        }
        return parameter
                .defaultsTo()
                .filter(value -> !value.isEmpty())
                .map(value -> " (default: " + value + ")")
                .orElse("");
    }

    private void wrap(String text, String indent) {
        StringBuilder line = new StringBuilder(indent);
        for (String word : text.split("\\s+")) {
            if (line.length() > indent.length() && line.length() + word.length() > WIDTH) {
                lines.add(line.toString().stripTrailing());
                line = new StringBuilder(indent);
            }
            line.append(word).append(' ');
        }
        lines.add(line.toString().stripTrailing());
    }
}
