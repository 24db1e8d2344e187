package io.cairn.operations;

import io.cairn.reactor.Errno;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An operation was refused. Carries SPDK's code, a message that names the object and the cause, and details for programs
 * ({@code error.data}: {@code errno}, {@code reason}, {@code bdev}, {@code module}).
 */
public final class OperationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final transient Map<String, Object> data;

    /** Makes a refusal with JSON-RPC's or SPDK's code. */
    public OperationException(int code, String message, Map<String, Object> data) {
        super(message);
        this.code = code;
        this.data = Collections.unmodifiableMap(new LinkedHashMap<>(data));
    }

    /** Makes a refusal with a code and a message. */
    public OperationException(int code, String message) {
        this(code, message, Map.of());
    }

    /** Makes a refusal with the negative errno as its code and the errno's name in the data. */
    public static OperationException errno(Errno errno, String message) {
        return new OperationException(errno.code(), message, Map.of("errno", errno.name()));
    }

    /** Returns the code. */
    public int code() {
        return code;
    }

    /** Returns the details; never null. */
    public Map<String, Object> data() {
        return data == null ? Map.of() : data;
    }
}
