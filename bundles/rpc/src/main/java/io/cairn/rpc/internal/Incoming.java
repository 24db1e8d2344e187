package io.cairn.rpc.internal;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One JSON value that should be a request. */
sealed interface Incoming {
    /** Returns what the answer refers to: text, a number, or null. */
    Object id();

    /**
     * A request.
     *
     * @param params a {@link JsonObject}, a list, or null if absent
     */
    record Request(Object id, String method, Object params) implements Incoming {
        /** Returns whether the caller wants no result; an error is answered nevertheless, as SPDK does. */
        boolean notification() {
            return id == null;
        }
    }

    /** What is no request. */
    record Invalid(Object id, String reason) implements Incoming {}

    /** Looks at a value. */
    static Incoming of(Object value) {
        if (!(value instanceof JsonObject object)) {
            return new Invalid(null, "a request is an object");
        }
        Map<String, Object> members = object.members();
        Object id = members.get("id");
        if (!(id == null
                || id instanceof String
                || id instanceof Long
                || id instanceof BigInteger
                || id instanceof BigDecimal)) {
            return new Invalid(null, "\"id\" must be a text, a number or null");
        }
        if (object.duplicate().isPresent()) {
            return new Invalid(id, "\"" + object.duplicate().get() + "\" is there twice");
        }
        for (String name : members.keySet()) {
            if (!Set.of("jsonrpc", "method", "params", "id").contains(name)) {
                return new Invalid(id, "unknown member \"" + name + "\"");
            }
        }
        if (members.containsKey("jsonrpc") && !"2.0".equals(members.get("jsonrpc"))) {
            return new Invalid(id, "\"jsonrpc\" must be \"2.0\"");
        }
        if (!(members.get("method") instanceof String method)) {
            return new Invalid(id, "\"method\" must be a text");
        }
        Object params = members.get("params");
        if (!(params == null || params instanceof JsonObject || params instanceof List)) {
            return new Invalid(id, "\"params\" must be an object, a list or null");
        }
        return new Request(id, method, params);
    }
}
