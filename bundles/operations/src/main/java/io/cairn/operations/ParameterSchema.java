package io.cairn.operations;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * The parameters of an operation in the order of their declaration, read once from the parameter record. Immutable; holds on to
 * the record class, so those who keep schemas give them up with the operation.
 */
public final class ParameterSchema {
    private final List<ParameterInfo> parameters;

    private ParameterSchema(List<ParameterInfo> parameters) {
        this.parameters = List.copyOf(parameters);
    }

    /**
     * Reads a parameter record.
     *
     * @throws IllegalArgumentException if a component has no {@link Param}, a type that is not supported, or a default of
     *     another type: a mistake in the declaration
     */
    public static ParameterSchema of(Class<? extends Record> record) {
        List<ParameterInfo> infos = new ArrayList<>();
        for (RecordComponent component : record.getRecordComponents()) {
            infos.add(describe(record, component));
        }
        return new ParameterSchema(infos);
    }

    /** Returns the parameters in the order of their declaration. */
    public List<ParameterInfo> parameters() {
        return parameters;
    }

    /** Finds a parameter by its name in snake case. */
    public Optional<ParameterInfo> find(String name) {
        return parameters.stream().filter(p -> p.name().equals(name)).findFirst();
    }

    /** Spells a Java name as operations do: {@code blockSize} is {@code block_size}. */
    public static String snakeCase(String javaName) {
        StringBuilder snake = new StringBuilder();
        for (int i = 0; i < javaName.length(); i++) {
            char c = javaName.charAt(i);
            if (Character.isUpperCase(c)) {
                snake.append('_').append(Character.toLowerCase(c));
            } else {
                snake.append(c);
            }
        }
        return snake.toString();
    }

    private static ParameterInfo describe(Class<? extends Record> record, RecordComponent component) {
        Param param = component.getAnnotation(Param.class);
        if (param == null) {
            throw new IllegalArgumentException(where(record, component) + " has no @Param");
        }
        boolean optional = component.getType() == Optional.class;
        Type declared = optional
                ? ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0]
                : component.getGenericType();
        ParameterInfo.Type type = typeOf(declared, where(record, component));
        boolean hasDefault = !param.defaultsTo().equals(Param.NO_DEFAULT);
        if (optional && hasDefault) {
            throw new IllegalArgumentException(
                    where(record, component) + " is Optional and has a default: one is enough");
        }
        return new ParameterInfo(
                snakeCase(component.getName()),
                type,
                param.value(),
                !optional && !hasDefault,
                hasDefault ? Optional.of(param.defaultsTo()) : Optional.empty(),
                declared == int.class || declared == Integer.class
                        ? Math.max(param.min(), Integer.MIN_VALUE)
                        : param.min(),
                declared == int.class || declared == Integer.class
                        ? Math.min(param.max(), Integer.MAX_VALUE)
                        : param.max(),
                choices(declared),
                param.names(),
                param.secret());
    }

    private static ParameterInfo.Type typeOf(Type declared, String where) {
        if (declared == String.class) {
            return ParameterInfo.Type.TEXT;
        }
        if (declared == boolean.class || declared == Boolean.class) {
            return ParameterInfo.Type.BOOLEAN;
        }
        if (declared == int.class || declared == Integer.class || declared == long.class || declared == Long.class) {
            return ParameterInfo.Type.NUMBER;
        }
        if (declared == UUID.class) {
            return ParameterInfo.Type.UUID;
        }
        if (declared instanceof Class<?> c && c.isEnum()) {
            return ParameterInfo.Type.CHOICE;
        }
        if (declared instanceof ParameterizedType list
                && list.getRawType() == List.class
                && list.getActualTypeArguments()[0] == String.class) {
            return ParameterInfo.Type.TEXT_LIST;
        }
        throw new IllegalArgumentException(
                where + " has the type " + declared.getTypeName() + ", which no parameter has");
    }

    private static List<String> choices(Type declared) {
        if (declared instanceof Class<?> c && c.isEnum()) {
            return Arrays.stream(c.getEnumConstants())
                    .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
                    .toList();
        }
        return List.of();
    }

    private static String where(Class<? extends Record> record, RecordComponent component) {
        return record.getName() + "." + component.getName();
    }
}
