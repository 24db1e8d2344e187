package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Keeps all that happens on a connection, and reads all that comes in reads of one size. */
class RecordingHandler implements StreamHandler {
    final IoBuffer buffer = IoBuffer.allocate(64 << 10);
    final CompletableFuture<byte[]> allReceived = new CompletableFuture<>();
    final CompletableFuture<Ending> ended = new CompletableFuture<>();
    final List<Object> released = new ArrayList<>();
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final int minimum;
    private final int length;

    /** How a connection ended; the cause is null for a close. */
    record Ending(IOException cause, int released) {}

    RecordingHandler(int minimum, int length) {
        this.minimum = minimum;
        this.length = length;
    }

    void readOn(StreamConnection connection) {
        connection.read(buffer, 7, minimum, length);
    }

    @Override
    public void received(StreamConnection connection, int bytes) {
        connection.reactor().requireCurrent();
        for (int i = 0; i < bytes; i++) {
            content.write(buffer.bytes().get(7 + i));
        }
        if (bytes < minimum) {
            allReceived.complete(content.toByteArray());
            endOfInput(connection);
        } else {
            readOn(connection);
        }
    }

    void endOfInput(StreamConnection connection) {
        connection.close();
    }

    @Override
    public void released(StreamConnection connection, Object cookie) {
        if (ended.isDone()) {
            throw new AssertionError("released after the end");
        }
        released.add(cookie);
    }

    @Override
    public void closed(StreamConnection connection, IOException cause) {
        allReceived.completeExceptionally(new IOException("closed", cause));
        if (!ended.complete(new Ending(cause, released.size()))) {
            throw new AssertionError("closed twice");
        }
    }
}
