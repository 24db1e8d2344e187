package io.cairn.shell;

import io.cairn.operations.ParameterInfo;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the words behind a command's name: parameters by position and {@code --name value}, {@code --name=value}, {@code --flag}. What
 * is behind {@code --} is by position, dashes or not.
 */
final class CommandLineParser {
    private static final String OPTION = "--";

    private final CommandSpec spec;
    private final Map<String, Object> values = new LinkedHashMap<>();

    private CommandLineParser(CommandSpec spec) {
        this.spec = spec;
    }

    /**
     * Reads words.
     *
     * @return plain values by the parameters' names; only what was given
     * @throws UsageException naming the parameter
     */
    static Map<String, Object> parse(CommandSpec spec, List<String> words) {
        CommandLineParser parser = new CommandLineParser(spec);
        parser.read(words);
        return parser.values;
    }

    private void read(List<String> words) {
        List<String> byPosition = new ArrayList<>();
        Iterator<String> rest = words.iterator();
        while (rest.hasNext()) {
            String word = rest.next();
            if (word.equals(OPTION)) {
                rest.forEachRemaining(byPosition::add);
            } else if (word.startsWith(OPTION)) {
                readOption(word.substring(OPTION.length()), rest);
            } else {
                byPosition.add(word);
            }
        }
        // what has a name is out of the line of those that are known by their place
        Iterator<ParameterInfo> places = spec.positional().stream()
                .filter(p -> !values.containsKey(p.name()))
                .toList()
                .iterator();
        for (String word : byPosition) {
            if (!places.hasNext()) {
                throw new UsageException("'" + word + "' is one word too many; " + hint());
            }
            ParameterInfo parameter = places.next();
            values.put(parameter.name(), ParameterValue.of(parameter, word));
        }
        requireAll();
    }

    private void readOption(String option, Iterator<String> rest) {
        int equals = option.indexOf('=');
        String spelled = equals < 0 ? option : option.substring(0, equals);
        ParameterInfo parameter = spec.option(spelled)
                .orElseThrow(() -> new UsageException("there is no option " + OPTION + spelled + "; " + hint()));
        String word;
        if (equals >= 0) {
            word = option.substring(equals + 1);
        } else if (parameter.type() == ParameterInfo.Type.BOOLEAN) {
            word = "true";
        } else if (rest.hasNext()) {
            word = rest.next();
        } else {
            throw new UsageException(
                    "option " + OPTION + spelled + " needs a value: " + ParameterValue.expected(parameter));
        }
        put(parameter, ParameterValue.of(parameter, word));
    }

    private void put(ParameterInfo parameter, Object value) {
        Object before = values.put(parameter.name(), value);
        if (before == null) {
            return;
        }
        if (before instanceof List<?> some && value instanceof List<?> more) {
            List<Object> both = new ArrayList<>(some);
            both.addAll(more);
            values.put(parameter.name(), both);
            return;
        }
        throw new UsageException(OPTION + CommandSpec.optionName(parameter) + " is given twice");
    }

    private void requireAll() {
        List<String> missing = spec.parameters().stream()
                .filter(p -> p.required() && !values.containsKey(p.name()))
                .map(p -> CommandSpec.optionName(p) + " (" + ParameterValue.expected(p) + ")")
                .toList();
        if (!missing.isEmpty()) {
            throw new UsageException("missing: " + String.join(", ", missing) + "; " + hint());
        }
    }

    private String hint() {
        return "see " + spec.fullName() + " --help";
    }
}
