package io.cairn.itests.support;

/** A call that the server answered with an error. */
public final class RpcError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int code;

    RpcError(String method, int code, String message) {
        super(method + ": " + code + " " + message);
        this.code = code;
    }

    /** The JSON-RPC error code. */
    public int code() {
        return code;
    }
}
