package io.cairn.itests.support;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One connection to the JSON-RPC socket; one call at a time. */
public final class RpcClient implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final RawConnection connection;
    private final ByteBuffer input = ByteBuffer.allocate(1 << 16).limit(0);
    private int lastId;

    private RpcClient(RawConnection connection) {
        this.connection = connection;
    }

    /** Connects. */
    public static RpcClient connect(Path socket) throws IOException {
        return new RpcClient(RawConnection.open(UnixDomainSocketAddress.of(socket)));
    }

    /** Calls a method without parameters. */
    public JsonNode call(String method) {
        return call(method, Map.of());
    }

    /**
     * Calls a method.
     *
     * @return the result
     * @throws RpcError if the server answers with an error
     */
    public JsonNode call(String method, Map<String, ?> params) {
        lastId++;
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("jsonrpc", "2.0");
        request.put("id", lastId);
        request.put("method", method);
        // An empty object is refused by methods that have no parameters.
        if (!params.isEmpty()) {
            request.put("params", params);
        }
        try {
            connection.send(ByteBuffer.wrap(JSON.writeValueAsBytes(request)), LIMIT);
            JsonNode answer = JSON.readTree(line());
            if (answer.path("id").asInt(-1) != lastId) {
                throw new IOException("answer to another request: " + answer);
            }
            if (answer.has("error")) {
                JsonNode error = answer.get("error");
                throw new RpcError(
                        method,
                        error.path("code").asInt(),
                        error.path("message").asString());
            }
            return answer.get("result");
        } catch (IOException e) {
            throw new UncheckedIOException(method + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The server ends each answer with a line feed, and JSON text has none inside unless somebody formats it. */
    private String line() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (true) {
            while (input.hasRemaining()) {
                byte b = input.get();
                if (b == '\n') {
                    return text.toString(StandardCharsets.UTF_8);
                }
                text.write(b);
            }
            if (!connection.receive(input.clear(), LIMIT)) {
                throw new EOFException("the server closed the connection");
            }
            input.flip();
        }
    }
}
