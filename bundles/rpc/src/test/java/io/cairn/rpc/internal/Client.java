package io.cairn.rpc.internal;

import io.cairn.operations.PlainJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A client that sends bytes as a test wants them and reads answers line by line. */
final class Client implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocate(1 << 16).flip();

    Client(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    Client send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    Client send(byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
        return this;
    }

    /** Sends as much as the server takes and does not mind that it closes. */
    void trySend(byte[] bytes) {
        try {
            send(bytes);
        } catch (IOException e) {
            // closed by the server, as it may
        }
    }

    /** Returns the next line without its end, or empty if the server has closed. */
    Optional<String> line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            while (input.hasRemaining()) {
                byte b = input.get();
                if (b == '\n') {
                    return Optional.of(line.toString(StandardCharsets.UTF_8));
                }
                line.write(b);
            }
            input.clear();
            int read;
            try {
                read = channel.read(input);
            } catch (IOException reset) {
                read = -1;
            }
            input.flip();
            if (read < 0) {
                return Optional.empty();
            }
        }
    }

    Object answer() throws IOException {
        return PlainJson.read(line().orElseThrow());
    }

    Object result() throws IOException {
        Map<?, ?> answer = (Map<?, ?>) answer();
        if (!answer.containsKey("result")) {
            throw new AssertionError("no result: " + answer);
        }
        return answer.get("result");
    }

    Map<?, ?> error() throws IOException {
        Map<?, ?> answer = (Map<?, ?>) answer();
        return (Map<?, ?>) answer.get("error");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
