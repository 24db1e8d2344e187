package io.cairn.rpc.internal;

import io.cairn.operations.OperationException;
import io.cairn.operations.PlainJson;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** Writes answers as SPDK does: compact, members in its order. */
final class Answers {
    static final int PARSE_ERROR = -32700;
    static final int INVALID_REQUEST = -32600;
    private static final int INTERNAL_ERROR = -32603;

    private Answers() {}

    static String result(Object id, Object result) {
        return begin(id)
                .append(",\"result\":")
                .append(PlainJson.write(result))
                .append('}')
                .toString();
    }

    static String error(Object id, int code, String message) {
        return error(id, code, message, Map.of());
    }

    static String error(Object id, int code, String message, Map<String, Object> data) {
        StringBuilder answer = begin(id)
                .append(",\"error\":{\"code\":")
                .append(code)
                .append(",\"message\":")
                .append(PlainJson.write(message));
        if (!data.isEmpty()) {
            answer.append(",\"data\":").append(PlainJson.write(data));
        }
        return answer.append("}}").toString();
    }

    /** Writes what a call failed with. */
    static String error(Object id, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof OperationException refusal) {
            return error(id, refusal.code(), refusal.getMessage(), refusal.data());
        }
        return error(id, INTERNAL_ERROR, "internal error: " + cause);
    }

    static String tooLong(Object id, int bytes, int limit) {
        return error(id, INTERNAL_ERROR, "the answer has " + bytes + " bytes; at most " + limit + " can be sent");
    }

    /** For a call of a batch that was made: its answer does not fit beside the others. */
    static String noRoom(Object id, int bytes, int limit) {
        return error(
                id,
                INTERNAL_ERROR,
                "the answer has " + bytes + " bytes; with the batch's others more than " + limit
                        + ", which is what can be sent");
    }

    /** For a call of a batch that was not made. */
    static String notCalled(Object id, int limit) {
        return error(id, INTERNAL_ERROR, "not called: the batch's answers have more than " + limit + " bytes already");
    }

    private static StringBuilder begin(Object id) {
        return new StringBuilder("{\"jsonrpc\":\"2.0\",\"id\":").append(PlainJson.write(id));
    }
}
