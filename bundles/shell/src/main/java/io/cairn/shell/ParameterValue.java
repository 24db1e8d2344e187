package io.cairn.shell;

import io.cairn.operations.ParameterInfo;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Reads a word as the value of a parameter. */
final class ParameterValue {
    /** The word that declarations use where a number counts bytes. */
    private static final Pattern BYTES = Pattern.compile("\\bbytes\\b");

    private ParameterValue() {}

    /**
     * Reads a word.
     *
     * @return a plain value
     * @throws UsageException naming the parameter and what it may be
     */
    static Object of(ParameterInfo parameter, String word) {
        return switch (parameter.type()) {
            case TEXT, UUID -> word;
            case BOOLEAN -> truth(parameter, word);
            case NUMBER -> number(parameter, word);
            case CHOICE -> choice(parameter, word);
            case TEXT_LIST -> word.isEmpty() ? List.of() : List.of(word.split(",", -1));
        };
    }

    /** Returns whether a size with a suffix (4k, 1G) may be given: the parameter's description says that it counts bytes. */
    static boolean countsBytes(ParameterInfo parameter) {
        return parameter.type() == ParameterInfo.Type.NUMBER
                && BYTES.matcher(parameter.description()).find();
    }

    /** Says in words what may be given. */
    static String expected(ParameterInfo parameter) {
        String limits = parameter.type() == ParameterInfo.Type.NUMBER && parameter.max() == Long.MAX_VALUE
                ? "a whole number, at least " + parameter.min()
                : parameter.expected();
        return countsBytes(parameter) ? limits + "; K, M, G, T may follow" : limits;
    }

    private static Boolean truth(ParameterInfo parameter, String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw wrong(parameter, word);
        };
    }

    private static Object number(ParameterInfo parameter, String word) {
        BigInteger number;
        try {
            number = countsBytes(parameter) ? Sizes.parse(word) : new BigInteger(word);
        } catch (NumberFormatException e) {
            throw wrong(parameter, word);
        }
        if (number.compareTo(BigInteger.valueOf(parameter.min())) < 0
                || number.compareTo(BigInteger.valueOf(parameter.max())) > 0) {
            throw wrong(parameter, word);
        }
        return number.longValueExact();
    }

    private static String choice(ParameterInfo parameter, String word) {
        if (!parameter.choices().contains(word)) {
            throw wrong(parameter, word);
        }
        return word;
    }

    private static UsageException wrong(ParameterInfo parameter, String word) {
        String given = parameter.secret() ? "something else" : "'" + word + "'";
        return new UsageException(
                CommandSpec.optionName(parameter) + " is " + given + "; expected " + expected(parameter));
    }
}
