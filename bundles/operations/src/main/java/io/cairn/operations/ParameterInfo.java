package io.cairn.operations;

import java.util.List;
import java.util.Optional;

/**
 * What there is to know about one parameter of an operation, for those who decode, show or complete it.
 *
 * @param name in snake case, as callers spell it
 * @param type the kind of value
 * @param description what it is, with the unit
 * @param required whether it must be given
 * @param defaultsTo what an absent one means, as text; empty if it is required or just absent
 * @param min the least number that decodes; for {@link Type#NUMBER} only
 * @param max the greatest number that decodes; for {@link Type#NUMBER} only
 * @param choices the values that decode, exactly; for {@link Type#CHOICE} only
 * @param names what a text names
 * @param secret whether the value is never shown, logged or saved
 */
public record ParameterInfo(
        String name,
        Type type,
        String description,
        boolean required,
        Optional<String> defaultsTo,
        long min,
        long max,
        List<String> choices,
        Param.Names names,
        boolean secret) {

    /** Copies the choices. */
    public ParameterInfo {
        choices = List.copyOf(choices);
    }

    /** The kinds of values. */
    public enum Type {
        /** Text without NUL. */
        TEXT("text"),
        /** True or false. */
        BOOLEAN("true or false"),
        /** A whole number. */
        NUMBER("a whole number"),
        /** A UUID of 36 characters. */
        UUID("a UUID of 36 characters"),
        /** One of a fixed set of texts. */
        CHOICE("one of"),
        /** A list of texts. */
        TEXT_LIST("a list of texts");

        private final String words;

        Type(String words) {
            this.words = words;
        }
    }

    /** Says in words what a caller may give. */
    public String expected() {
        return switch (type) {
            case NUMBER -> type.words + " from " + min + " to " + max;
            case CHOICE -> type.words + " " + String.join(", ", choices);
            default -> type.words;
        };
    }
}
