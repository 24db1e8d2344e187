package io.cairn.shell;

import io.cairn.operations.Operation;
import io.cairn.operations.ParameterInfo;
import io.cairn.operations.ParameterSchema;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command as people see it. Holds nothing of the bundle that offers an operation: Karaf remembers commands longer than they
 * are registered, and a class that is reachable from one would never be unloaded.
 *
 * @param scope what is before the colon
 * @param name what is after it
 * @param description what it does
 * @param parameters in order; the required ones are given by position or by name, the others by name
 * @param result what comes back, in words; may be empty
 * @param example a command line; may be empty
 */
record CommandSpec(
        String scope, String name, String description, List<ParameterInfo> parameters, String result, String example) {
    /** Operations whose command has a shorter name than theirs. */
    private static final Map<String, String> SHORT_NAMES = Map.of("bdev_upgrade_module", "upgrade");

    CommandSpec {
        parameters = List.copyOf(parameters);
    }

    /** Describes the command of an operation: {@code bdev_null_create} is {@code bdev:null-create}. */
    static CommandSpec of(Operation<?, ?> operation) {
        String[] names = operation.name().split("_", 2);
        String scope = names.length == 2 ? names[0] : "cairn";
        String name = SHORT_NAMES.getOrDefault(operation.name(), names[names.length - 1].replace('_', '-'));
        List<ParameterInfo> parameters =
                ParameterSchema.of(operation.parameters()).parameters();
        return new CommandSpec(
                scope,
                name,
                operation.description(),
                parameters,
                operation.result(),
                ExampleLine.of(scope + ":" + name, parameters, operation.example()));
    }

    /** Describes a command that is written by hand. */
    static CommandSpec of(String name, String description, Class<? extends Record> parameters, String example) {
        return new CommandSpec(
                "bdev", name, description, ParameterSchema.of(parameters).parameters(), "", example);
    }

    /** Returns scope and name. */
    String fullName() {
        return scope + ":" + name;
    }

    /** Finds a parameter by its name as an option, without the dashes in front. */
    Optional<ParameterInfo> option(String spelled) {
        return parameters.stream()
                .filter(p -> optionName(p).equals(spelled) || p.name().equals(spelled))
                .findFirst();
    }

    /**
     * Returns the parameters that may be given by position: the required ones and, if there is just one other, that one; if none is
     * required the first one.
     */
    List<ParameterInfo> positional() {
        List<ParameterInfo> required =
                parameters.stream().filter(ParameterInfo::required).toList();
        if (!required.isEmpty()
                && parameters.size() == required.size() + 1
                && parameters.stream().filter(p -> !p.required()).allMatch(CommandSpec::isWord)) {
            return parameters;
        }
        return required.isEmpty()
                ? parameters.stream().limit(1).filter(CommandSpec::isWord).toList()
                : required;
    }

    private static boolean isWord(ParameterInfo parameter) {
        return parameter.type() != ParameterInfo.Type.BOOLEAN;
    }

    /** Spells a parameter's name as options are: {@code block_size} is {@code block-size}. */
    static String optionName(ParameterInfo parameter) {
        return parameter.name().replace('_', '-');
    }
}
