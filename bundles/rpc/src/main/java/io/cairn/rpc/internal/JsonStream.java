package io.cairn.rpc.internal;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.async.ByteArrayFeeder;
import tools.jackson.core.json.JsonFactory;

/**
 * Cuts a stream of bytes into JSON values, one after another without any separator, as they come. Bounded: a value has at most
 * so many bytes, so many values inside and such a depth.
 */
final class JsonStream implements AutoCloseable {
    private final JsonParser parser;
    private final ByteArrayFeeder feeder;
    private final Limits limits;
    private final Deque<Open> open = new ArrayDeque<>();
    private long valueStart;
    private int values;
    private byte[] chunk = new byte[0];
    private long chunkStart;
    private int chunkLength;
    private boolean insideScalar;

    /** An object or a list that has begun and not ended. */
    private static final class Open {
        private final JsonObject object;
        private final List<Object> list;
        private String name;

        Open(JsonObject object, List<Object> list) {
            this.object = object;
            this.list = list;
        }

        void add(Object value) {
            if (object == null) {
                list.add(value);
            } else {
                object.add(name, value);
            }
            if (value instanceof JsonObject inner && object != null) {
                inner.anyDuplicate().ifPresent(key -> object.noteInner(name + "." + key));
            }
        }

        Object value() {
            return object == null ? list : object;
        }
    }

    /** A complete value; a type of its own because null is a value. */
    record Value(Object plain) {}

    /** The bytes are not JSON, or more than a request may have. Nothing more can be read from this stream. */
    static final class NotJson extends Exception {
        private static final long serialVersionUID = 1L;

        NotJson(String message) {
            super(message);
        }
    }

    JsonStream(Limits limits) {
        this.limits = limits;
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(limits.depth())
                        .maxStringLength(limits.requestBytes())
                        .maxNameLength(limits.requestBytes())
                        .build())
                .build();
        parser = factory.createNonBlockingByteArrayParser(ObjectReadContext.empty());
        feeder = (ByteArrayFeeder) parser.nonBlockingInputFeeder();
    }

    /** Returns whether all bytes given so far have been looked at, so that {@link #feed} may be called. */
    boolean hungry() {
        return feeder.needMoreInput();
    }

    /** Gives bytes; the array is the stream's until it is {@link #hungry} again. */
    void feed(byte[] bytes) throws NotJson {
        chunk = bytes;
        chunkStart += chunkLength;
        chunkLength = bytes.length;
        try {
            feeder.feedInput(bytes, 0, bytes.length);
        } catch (JacksonException e) {
            throw notJson(e);
        }
    }

    /** Returns whether a value has begun and not ended; white space begins nothing. For when there are no more bytes. */
    boolean insideValue() {
        return !open.isEmpty() || insideScalar;
    }

    /** Returns the next complete value, or empty if more bytes are needed for it. */
    Optional<Value> next() throws NotJson {
        try {
            while (true) {
                JsonToken token = parser.nextToken();
                if (position() - valueStart > limits.requestBytes()) {
                    throw new NotJson("a request has more than " + limits.requestBytes() + " bytes");
                }
                if (token == null || token == JsonToken.NOT_AVAILABLE) {
                    insideScalar = insideScalar || (open.isEmpty() && beganSomething());
                    return Optional.empty();
                }
                values++;
                if (values > limits.requestValues()) {
                    throw new NotJson("a request has more than " + limits.requestValues() + " JSON values");
                }
                Optional<Value> complete = take(token);
                if (complete.isPresent()) {
                    valueStart = position();
                    values = 0;
                    insideScalar = false;
                    return complete;
                }
            }
        } catch (JacksonException e) {
            throw notJson(e);
        }
    }

    @Override
    public void close() {
        parser.close();
    }

    private Optional<Value> take(JsonToken token) {
        Object value;
        switch (token) {
            case START_OBJECT -> {
                open.push(new Open(new JsonObject(), null));
                return Optional.empty();
            }
            case START_ARRAY -> {
                open.push(new Open(null, new ArrayList<>()));
                return Optional.empty();
            }
            case PROPERTY_NAME -> {
                open.element().name = parser.currentName();
                return Optional.empty();
            }
            case END_OBJECT, END_ARRAY -> value = open.pop().value();
            case VALUE_STRING -> value = parser.getString();
            case VALUE_TRUE -> value = true;
            case VALUE_FALSE -> value = false;
            case VALUE_NULL -> value = null;
            case VALUE_NUMBER_INT -> value = integer();
            default -> value = parser.getDecimalValue();
        }
        if (open.isEmpty()) {
            return Optional.of(new Value(value));
        }
        open.element().add(value);
        return Optional.empty();
    }

    private Object integer() {
        if (parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            return parser.getLongValue();
        }
        BigInteger big = parser.getBigIntegerValue();
        return big.bitLength() < Long.SIZE ? (Object) big.longValue() : big;
    }

    private boolean beganSomething() {
        for (int i = (int) Math.max(0, valueStart - chunkStart); i < chunkLength; i++) {
            if (chunk[i] != ' ' && chunk[i] != '\n' && chunk[i] != '\r' && chunk[i] != '\t') {
                return true;
            }
        }
        return false;
    }

    private long position() {
        return parser.currentLocation().getByteOffset();
    }

    private static NotJson notJson(JacksonException e) {
        return new NotJson(e.getOriginalMessage());
    }
}
