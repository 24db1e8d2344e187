package io.cairn.operations;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON as plain values: {@code String}, {@code Boolean}, {@code Long} or, beyond it, {@code BigInteger}, {@code BigDecimal} for
 * a number with a fraction or an exponent, {@code List}, {@code Map} in order, null. Stateless; from any thread.
 */
public final class PlainJson {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private PlainJson() {}

    /**
     * Reads one JSON value.
     *
     * @throws IllegalArgumentException if the text is not exactly one JSON value, says a key twice in one object or is nested
     *     deeper than 500; the message says where
     */
    public static Object read(String json) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new IllegalArgumentException("there is no JSON value");
            }
            Object value = value(parser, first);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("there is more after the JSON value");
            }
            return value;
        } catch (JacksonException e) {
            String where = e.getLocation() == null
                    ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ")";
            throw new IllegalArgumentException(e.getOriginalMessage() + where, e);
        }
    }

    /** Returns the plain value of the number that the parser stands at. */
    private static Object number(JsonParser parser, JsonToken token) {
        if (token == JsonToken.VALUE_NUMBER_FLOAT) {
            return parser.getDecimalValue();
        }
        BigInteger big;
        switch (parser.getNumberType()) {
            case INT, LONG -> {
                return parser.getLongValue();
            }
            default -> big = parser.getBigIntegerValue();
        }
        return big.bitLength() < Long.SIZE ? (Object) big.longValue() : big;
    }

    /** Writes a plain value without white space. */
    public static String write(Object plain) {
        StringBuilder out = new StringBuilder();
        write(out, plain, "", false);
        return out.toString();
    }

    /** Writes a plain value for people: one element a line, indented by two. */
    public static String writePretty(Object plain) {
        StringBuilder out = new StringBuilder();
        write(out, plain, "\n", true);
        return out.toString();
    }

    private static Object value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    map.put(name, value(parser, parser.nextToken()));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                    list.add(value(parser, next));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> number(parser, token);
        };
    }

    private static void write(StringBuilder out, Object plain, String newLine, boolean pretty) {
        if (plain == null || plain instanceof Boolean) {
            out.append(plain);
        } else if (plain instanceof String text) {
            quote(out, text);
        } else if (plain instanceof Number number) {
            writeNumber(out, number);
        } else if (plain instanceof Map<?, ?> map) {
            String inner = pretty ? newLine + "  " : "";
            String separator = "";
            out.append('{');
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(separator).append(inner);
                quote(out, String.valueOf(entry.getKey()));
                out.append(pretty ? ": " : ":");
                write(out, entry.getValue(), inner, pretty);
                separator = ",";
            }
            out.append(map.isEmpty() ? "" : newLine).append('}');
        } else if (plain instanceof Iterable<?> list) {
            String inner = pretty ? newLine + "  " : "";
            String separator = "";
            out.append('[');
            for (Object element : list) {
                out.append(separator).append(inner);
                write(out, element, inner, pretty);
                separator = ",";
            }
            out.append(separator.isEmpty() ? "" : newLine).append(']');
        } else {
            throw new IllegalArgumentException(plain.getClass().getName() + " is not a plain value");
        }
    }

    private static void writeNumber(StringBuilder out, Number number) {
        boolean endless = (number instanceof Double d && !Double.isFinite(d))
                || (number instanceof Float f && !Float.isFinite(f));
        if (endless) {
            out.append("null");
        } else if (number instanceof BigDecimal
                || number instanceof BigInteger
                || number instanceof Double
                || number instanceof Float
                || number instanceof Long
                || number instanceof Integer
                || number instanceof Short
                || number instanceof Byte) {
            out.append(number);
        } else {
            throw new IllegalArgumentException(number.getClass().getName() + " is not a plain value");
        }
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || loneSurrogate(text, i)) {
                        out.append("\\u")
                                .append(HEX[c >> 12])
                                .append(HEX[(c >> 8) & 15])
                                .append(HEX[(c >> 4) & 15])
                                .append(HEX[c & 15]);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** Half a character cannot be written in UTF-8; as an escape it survives. */
    private static boolean loneSurrogate(String text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }
}
