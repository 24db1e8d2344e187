package io.cairn.operations.internal;

import io.cairn.operations.ParameterSchema;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes plain values of what handlers return: records become maps with names in snake case (an empty {@code Optional} is left
 * out), enums lower case, UUIDs text.
 */
final class PlainValues {
    private PlainValues() {}

    static Object of(Object value) {
        if (value == null
                || value instanceof String
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof BigInteger
                || value instanceof BigDecimal) {
            return value;
        }
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value instanceof Double d) {
            return Double.isFinite(d) ? BigDecimal.valueOf(d) : null;
        }
        if (value instanceof Float f) {
            return Float.isFinite(f) ? new BigDecimal(f.toString()) : null;
        }
        if (value instanceof Optional<?> optional) {
            return of(optional.orElse(null));
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> plain = new LinkedHashMap<>();
            map.forEach((key, inner) -> plain.put(String.valueOf(key), of(inner)));
            return plain;
        }
        if (value instanceof Iterable<?> elements) {
            List<Object> plain = new ArrayList<>();
            elements.forEach(element -> plain.add(of(element)));
            return plain;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT);
        }
        if (value instanceof UUID uuid) {
            return uuid.toString();
        }
        if (value instanceof Record record) {
            return ofRecord(record);
        }
        throw new IllegalArgumentException(
                "a result of type " + value.getClass().getName() + " is not a plain value");
    }

    private static Map<String, Object> ofRecord(Record record) {
        Map<String, Object> plain = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            Object value = read(record, component);
            if (!(value instanceof Optional<?> optional) || optional.isPresent()) {
                plain.put(ParameterSchema.snakeCase(component.getName()), of(value));
            }
        }
        return plain;
    }

    private static Object read(Record record, RecordComponent component) {
        try {
            Method accessor = component.getAccessor();
            // result records are nested in the module that declares them and seldom public
            accessor.setAccessible(true);
            return accessor.invoke(record);
        } catch (InvocationTargetException | IllegalAccessException e) {
            throw new IllegalArgumentException("the result " + component + " cannot be read", e);
        }
    }
}
