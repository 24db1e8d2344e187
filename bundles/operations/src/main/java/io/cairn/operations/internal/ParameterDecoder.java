package io.cairn.operations.internal;

import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.ParameterInfo;
import io.cairn.operations.ParameterSchema;
import io.cairn.operations.PlainJson;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Makes an operation's parameter record of plain values, by SPDK's rules: nothing unknown, nothing missing, nothing mistyped, no
 * null, whole numbers in any spelling ({@code 1}, {@code 1.0}, {@code 1e3}), no NUL in text, choices spelled exactly.
 */
final class ParameterDecoder<P extends Record> {
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    /** More digits than any number that a parameter can hold; a greater exponent need not be multiplied out. */
    private static final int MOST_DIGITS = 40;

    private static final int MOST_SHOWN = 80;

    private final String operation;
    private final int decodeError;
    private final boolean takesNothing;
    private final Constructor<P> constructor;
    private final List<Slot> slots;

    /** A parameter and how its decoded value enters the record. */
    private record Slot(ParameterInfo info, Class<?> component, Class<?> value, Object absent) {}

    /** Reads the declaration; one that cannot work is refused here, not at the first call. */
    ParameterDecoder(Operation<P, ?> operation) {
        this.operation = operation.name();
        this.decodeError = operation.decodeError();
        Class<P> record = operation.parameters();
        takesNothing = record.getRecordComponents().length == 0;
        List<ParameterInfo> infos = ParameterSchema.of(record).parameters();
        RecordComponent[] components = record.getRecordComponents();
        slots = new ArrayList<>();
        for (int i = 0; i < components.length; i++) {
            slots.add(slot(infos.get(i), components[i]));
        }
        constructor = constructorOf(record, components);
    }

    /**
     * Decodes.
     *
     * @param params plain values, or null if there are none
     * @throws OperationException with the operation's code, naming the parameter, what was given and what is expected
     */
    P decode(Map<String, ?> params) {
        if (takesNothing && params != null) {
            throw refused("", "unknown", "takes no parameters, but was given " + shown(params), "no parameters");
        }
        Map<String, ?> given = params == null ? Map.of() : params;
        for (String name : given.keySet()) {
            requireKnown(name);
        }
        Object[] values = new Object[slots.size()];
        for (int i = 0; i < values.length; i++) {
            Slot slot = slots.get(i);
            String name = slot.info.name();
            if (given.containsKey(name)) {
                Object value = decode(slot, given.get(name));
                values[i] = slot.component == Optional.class ? Optional.of(value) : value;
            } else if (slot.info.required()) {
                throw refused(
                        name,
                        "missing",
                        "parameter " + name + " is missing; expected " + slot.info.expected(),
                        slot.info.expected());
            } else {
                values[i] = slot.absent;
            }
        }
        return construct(values);
    }

    private void requireKnown(String name) {
        if (slots.stream().noneMatch(slot -> slot.info.name().equals(name))) {
            List<String> known = slots.stream().map(slot -> slot.info.name()).toList();
            throw refused(
                    name,
                    "unknown",
                    "unknown parameter " + shown(name) + "; it has " + String.join(", ", known),
                    String.join(", ", known));
        }
    }

    private Object decode(Slot slot, Object given) {
        if (given == null) {
            throw wrong(slot, "null", "null (leave it out instead)");
        }
        return switch (slot.info.type()) {
            case TEXT -> text(slot, given);
            case BOOLEAN -> {
                if (!(given instanceof Boolean)) {
                    throw mistyped(slot, given);
                }
                yield given;
            }
            case NUMBER -> number(slot, given);
            case UUID -> {
                String text = text(slot, given);
                if (!UUID_TEXT.matcher(text).matches()) {
                    throw mistyped(slot, given);
                }
                yield UUID.fromString(text);
            }
            case CHOICE -> {
                int index = slot.info.choices().indexOf(text(slot, given));
                if (index < 0) {
                    throw mistyped(slot, given);
                }
                yield slot.value.getEnumConstants()[index];
            }
            case TEXT_LIST -> {
                if (!(given instanceof List<?> elements)) {
                    throw mistyped(slot, given);
                }
                List<String> texts = new ArrayList<>();
                for (Object element : elements) {
                    texts.add(text(slot, element));
                }
                yield List.copyOf(texts);
            }
        };
    }

    private String text(Slot slot, Object given) {
        if (!(given instanceof String text)) {
            throw mistyped(slot, given);
        }
        if (text.indexOf('\0') >= 0) {
            throw wrong(slot, "nul", "a text with a NUL character");
        }
        return text;
    }

    private Object number(Slot slot, Object given) {
        BigDecimal exact = exactly(given);
        if (exact == null || !whole(exact)) {
            throw mistyped(slot, given);
        }
        long digits = (long) exact.precision() - exact.scale();
        if (exact.signum() != 0 && digits > MOST_DIGITS) {
            throw outOfRange(slot, given);
        }
        BigInteger number = exact.signum() == 0 ? BigInteger.ZERO : exact.toBigIntegerExact();
        if (number.compareTo(BigInteger.valueOf(slot.info.min())) < 0
                || number.compareTo(BigInteger.valueOf(slot.info.max())) > 0) {
            throw outOfRange(slot, given);
        }
        if (slot.value == int.class || slot.value == Integer.class) {
            return number.intValueExact();
        }
        return number.longValueExact();
    }

    private static boolean whole(BigDecimal number) {
        // without multiplying out: 1e1000000000 is short to send and long to write
        return number.signum() == 0
                || number.scale() <= 0
                || number.stripTrailingZeros().scale() <= 0;
    }

    private static BigDecimal exactly(Object given) {
        if (given instanceof Long || given instanceof Integer || given instanceof Short || given instanceof Byte) {
            return BigDecimal.valueOf(((Number) given).longValue());
        }
        if (given instanceof BigInteger big) {
            return new BigDecimal(big);
        }
        if (given instanceof BigDecimal decimal) {
            return decimal;
        }
        if (given instanceof Double d && Double.isFinite(d)) {
            return BigDecimal.valueOf(d);
        }
        return null;
    }

    private OperationException outOfRange(Slot slot, Object given) {
        return wrong(slot, "range", show(slot, given));
    }

    private OperationException mistyped(Slot slot, Object given) {
        return wrong(slot, "type", show(slot, given));
    }

    private OperationException wrong(Slot slot, String reason, String given) {
        String expected = slot.info.expected();
        return refused(
                slot.info.name(),
                reason,
                "parameter " + slot.info.name() + " is " + given + "; expected " + expected,
                expected);
    }

    private OperationException refused(String parameter, String reason, String message, String expected) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("operation", operation);
        if (!parameter.isEmpty()) {
            data.put("parameter", cut(parameter));
        }
        data.put("reason", reason);
        data.put("expected", expected);
        return new OperationException(decodeError, operation + ": " + message, data);
    }

    private static String show(Slot slot, Object given) {
        return slot.info.secret() ? "something else (not shown: it is secret)" : shown(given);
    }

    private static String shown(Object given) {
        try {
            return cut(given instanceof BigDecimal number ? number.toString() : PlainJson.write(given));
        } catch (IllegalArgumentException e) {
            return "a " + given.getClass().getName();
        }
    }

    private static String cut(String text) {
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "…";
    }

    private P construct(Object[] values) {
        try {
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof OperationException refusal) {
                throw refusal;
            }
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                throw refused("", "value", refusal.getMessage(), "other values");
            }
            throw new IllegalStateException(operation + ": its parameters cannot be made", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(operation + ": its parameters cannot be made", e);
        }
    }

    private static Slot slot(ParameterInfo info, RecordComponent component) {
        Class<?> type = component.getType();
        Class<?> value = type;
        if (type == Optional.class
                && component.getGenericType() instanceof java.lang.reflect.ParameterizedType optional
                && optional.getActualTypeArguments()[0] instanceof Class<?> inner) {
            value = inner;
        }
        Object absent = type == Optional.class
                ? Optional.empty()
                : info.defaultsTo().map(text -> parse(info, type, text)).orElse(null);
        return new Slot(info, type, value, absent);
    }

    /** Reads a default. Its limits are not checked: a default may stand for "none given". */
    private static Object parse(ParameterInfo info, Class<?> type, String text) {
        try {
            return switch (info.type()) {
                case TEXT -> text;
                case BOOLEAN -> {
                    if (!text.equals("true") && !text.equals("false")) {
                        throw new IllegalArgumentException("neither true nor false");
                    }
                    yield Boolean.valueOf(text);
                }
                case NUMBER -> {
                    if (type == int.class || type == Integer.class) {
                        yield Integer.valueOf(text);
                    }
                    yield Long.valueOf(text);
                }
                case UUID -> UUID.fromString(text);
                case CHOICE -> type.getEnumConstants()[choice(info, text)];
                case TEXT_LIST -> text.isEmpty() ? List.of() : List.of(text.split(","));
            };
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the default \"" + text + "\" of parameter " + info.name() + " is wrong", e);
        }
    }

    private static int choice(ParameterInfo info, String text) {
        int index = info.choices().indexOf(text.toLowerCase(Locale.ROOT));
        if (index < 0) {
            throw new IllegalArgumentException("not one of " + info.choices());
        }
        return index;
    }

    private static <P extends Record> Constructor<P> constructorOf(Class<P> record, RecordComponent[] components) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<P> canonical = record.getDeclaredConstructor(types);
            // parameter records are nested in the module that declares them and seldom public
            canonical.setAccessible(true);
            return canonical;
        } catch (NoSuchMethodException e) {
            throw new IllegalArgumentException(record.getName() + " has no canonical constructor", e);
        }
    }
}
