package io.cairn.export.nbd.session;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.net.StreamConnection;
import io.cairn.reactor.net.StreamHandler;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;

/** A connection in a simulation: what the client sends arrives in fragments, what the server sends is kept. */
final class FakeConnection implements StreamConnection {
    private final Reactor reactor;
    private final ArrayDeque<Byte> toServer = new ArrayDeque<>();
    private final ByteArrayOutputStream fromServer = new ByteArrayOutputStream();
    private final ArrayDeque<Piece> line = new ArrayDeque<>();
    private StreamHandler handler;
    private int longestFragment = Integer.MAX_VALUE;
    private IoBuffer target;
    private int targetOffset;
    private int targetMinimum;
    private int targetLength;
    private int fill;
    private boolean clientEnded;
    private boolean clientReads = true;
    private boolean pumping;
    private boolean closing;
    private boolean closed;
    private boolean told;
    private long unsent;

    /** What is in line. */
    private static final class Piece {
        private final byte[] copy;
        private final IoBuffer buffer;
        private final int offset;
        private final int length;
        private final Object cookie;

        Piece(byte[] copy, IoBuffer buffer, int offset, int length, Object cookie) {
            this.copy = copy;
            this.buffer = buffer;
            this.offset = offset;
            this.length = length;
            this.cookie = cookie;
        }
    }

    FakeConnection(Reactor reactor) {
        this.reactor = reactor;
    }

    void handler(StreamHandler by) {
        handler = by;
        pump();
    }

    /** Sets the most bytes that arrive at once. */
    void fragments(int longest) {
        longestFragment = longest;
    }

    void clientSends(byte[] bytes) {
        for (byte b : bytes) {
            toServer.add(b);
        }
        pump();
    }

    void clientEnds() {
        clientEnded = true;
        pump();
    }

    void clientReads(boolean does) {
        clientReads = does;
        pump();
    }

    byte[] take() {
        byte[] bytes = fromServer.toByteArray();
        fromServer.reset();
        return bytes;
    }

    int unconsumed() {
        return toServer.size();
    }

    boolean isOver() {
        return told;
    }

    boolean isReading() {
        return target != null;
    }

    private void pump() {
        if (!pumping) {
            pumping = true;
            reactor.execute(this::turn);
        }
    }

    private void turn() {
        pumping = false;
        if (handler == null || told) {
            return;
        }
        if (clientReads || closed) {
            boolean some = !line.isEmpty();
            Piece piece;
            while ((piece = line.pollFirst()) != null) {
                unsent -= piece.length;
                if (!closed) {
                    byte[] bytes = piece.copy;
                    if (bytes == null) {
                        bytes = new byte[piece.length];
                        piece.buffer.bytes().get(piece.offset, bytes);
                    }
                    fromServer.writeBytes(bytes);
                }
                if (piece.cookie != null) {
                    handler.released(this, piece.cookie);
                }
            }
            if (some && !closed) {
                handler.sent(this);
            }
        }
        if (closing && line.isEmpty() && !closed) {
            closed = true;
        }
        if (closed) {
            if (line.isEmpty()) {
                told = true;
                target = null;
                handler.closed(this, null);
            } else {
                pump();
            }
            return;
        }
        if (target != null) {
            int count = Math.min(Math.min(toServer.size(), targetLength - fill), longestFragment);
            for (int i = 0; i < count; i++) {
                target.bytes().put(targetOffset + fill++, toServer.poll());
            }
            if (fill >= targetMinimum || (clientEnded && toServer.isEmpty())) {
                target = null;
                handler.received(this, fill);
                pump();
            } else if (!toServer.isEmpty()) {
                pump();
            }
        }
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public SocketAddress localAddress() {
        return new InetSocketAddress(0);
    }

    @Override
    public SocketAddress remoteAddress() {
        return new InetSocketAddress(0);
    }

    @Override
    public void read(IoBuffer buffer, int offset, int minimum, int length) {
        if (target != null) {
            throw new IllegalStateException("a read is outstanding");
        }
        if (minimum < 1 || length < minimum || offset < 0 || offset + length > buffer.capacity()) {
            throw new IndexOutOfBoundsException(offset + " " + minimum + " " + length + " in " + buffer.capacity());
        }
        if (closed) {
            return;
        }
        target = buffer;
        targetOffset = offset;
        targetMinimum = minimum;
        targetLength = length;
        fill = 0;
        pump();
    }

    @Override
    public void write(IoBuffer buffer, int offset, int length, Object cookie) {
        queue(new Piece(null, buffer, offset, length, cookie));
    }

    @Override
    public void writeCopy(IoBuffer bytes, int offset, int length) {
        byte[] copy = new byte[length];
        bytes.bytes().get(offset, copy);
        queue(new Piece(copy, null, 0, length, null));
    }

    private void queue(Piece piece) {
        if (piece.length < 1) {
            throw new IllegalArgumentException("nothing to write");
        }
        if (closing && !closed) {
            throw new IllegalStateException("written after closeWhenSent");
        }
        line.add(piece);
        unsent += piece.length;
        pump();
    }

    @Override
    public long unsentBytes() {
        return unsent;
    }

    @Override
    public void shutdownOutput() {
        throw new UnsupportedOperationException("not used");
    }

    @Override
    public void closeWhenSent() {
        closing = true;
        pump();
    }

    @Override
    public void close() {
        closed = true;
        pump();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }
}
