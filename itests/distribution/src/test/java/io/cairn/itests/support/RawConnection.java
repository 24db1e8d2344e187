package io.cairn.itests.support;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** A stream socket on which every wait has a limit, for clients that behave and for those that do not. */
public final class RawConnection implements AutoCloseable {
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;

    private RawConnection(SocketChannel channel) throws IOException {
        this.channel = channel;
        this.selector = Selector.open();
        channel.configureBlocking(false);
        this.key = channel.register(selector, 0);
    }

    /** Connects to a TCP or a Unix address. */
    public static RawConnection open(SocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(
                address instanceof UnixDomainSocketAddress ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
        try {
            channel.connect(address);
            if (!(address instanceof UnixDomainSocketAddress)) {
                // a header and its data are two writes: the second must not wait for the first one's acknowledgement
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            return new RawConnection(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Sends all of it; fails when the other side does not take it in time. */
    public void send(ByteBuffer bytes, Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0) {
                ready(SelectionKey.OP_WRITE, end, "the other side takes no more");
            }
        }
    }

    /**
     * Reads what is there into the buffer, waiting for at least one byte.
     *
     * @return false at the end of the stream
     */
    public boolean receive(ByteBuffer into, Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            int read = channel.read(into);
            if (read != 0) {
                return read > 0;
            }
            ready(SelectionKey.OP_READ, end, "no answer");
        }
    }

    /** Returns whether there is something to read just now, or the end of the stream. */
    public boolean hasInput() throws IOException {
        key.interestOps(SelectionKey.OP_READ);
        boolean ready = selector.selectNow() > 0;
        selector.selectedKeys().clear();
        return ready;
    }

    /** Reads exactly so many bytes. */
    public ByteBuffer receive(int length, Duration limit) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (!receive(bytes, limit)) {
                throw new EOFException("closed after " + bytes.position() + " of " + length + " bytes");
            }
        }
        return bytes.flip();
    }

    /** Reads and drops everything until the other side closes; fails when it does not within the limit. */
    public void awaitEnd(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        ByteBuffer dropped = ByteBuffer.allocate(1 << 16);
        try {
            while (receive(dropped.clear(), Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
                dropped.clear();
            }
        } catch (LimitReached e) {
            throw new AssertionError("not closed within " + limit.toMillis() + " ms", e);
        } catch (IOException e) {
            // A reset is an end, too.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }

    private void ready(int operation, long end, String complaint) throws IOException {
        key.interestOps(operation);
        long millis = (end - System.nanoTime()) / 1_000_000;
        if (millis <= 0 || selector.select(millis) == 0) {
            throw new LimitReached(complaint);
        }
        selector.selectedKeys().clear();
    }

    /** The other side did not do its part in time. */
    public static final class LimitReached extends IOException {
        private static final long serialVersionUID = 1;

        LimitReached(String message) {
            super(message);
        }
    }
}
