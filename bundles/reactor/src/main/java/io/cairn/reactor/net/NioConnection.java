package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * A connection on a JDK channel. Every system call ends at once, so that memory is never in the kernel's hands between
 * two calls.
 */
final class NioConnection extends AbstractConnection {
    private static final Logger LOG = System.getLogger(StreamConnection.class.getName());
    private static final int READS_PER_EVENT = 16;
    private static final int SENDS_PER_TURN = 16;
    private static final int PIECES = 64;

    private final SocketChannel channel;
    /** Views with a position and a limit of our own, kept while the same buffers come again. */
    private final ByteBuffer[] views = new ByteBuffer[PIECES];

    private final IoBuffer[] viewed = new IoBuffer[PIECES];
    private ByteBuffer readView;
    private IoBuffer readViewed;
    private IoRegistration registration;
    private int interest;

    NioConnection(Reactor reactor, SocketChannel channel, SocketAddress local, SocketAddress remote) {
        super(reactor, local, remote);
        this.channel = channel;
    }

    void register() throws IOException {
        registration = Registrations.register(reactor(), new Handle());
    }

    @Override
    void receive() {
        setInterest(interest | SelectionKey.OP_READ);
    }

    @Override
    boolean isSending() {
        return (interest & SelectionKey.OP_WRITE) != 0;
    }

    @Override
    boolean isBusy() {
        return false;
    }

    private void setInterest(int wanted) {
        if (wanted != interest) {
            interest = wanted;
            registration.submit(NioIoOps.valueOf(wanted));
            reactor().ioSubmitted();
        }
    }

    private void readable() {
        if (!isReading()) {
            // asked for no more: the peer has to wait
            setInterest(interest & ~SelectionKey.OP_READ);
            return;
        }
        try {
            int wanted;
            int got;
            int rounds = 0;
            do {
                wanted = wantedLength();
                got = channel.read(readView(wantedBuffer(), wantedOffset(), wanted));
                if (got != 0) {
                    received(Math.max(got, 0));
                }
                // a read that was not filled has emptied the socket
            } while (got == wanted && isReading() && !isClosed() && ++rounds < READS_PER_EVENT);
        } catch (IOException e) {
            fail(e);
        }
    }

    private ByteBuffer readView(IoBuffer buffer, int offset, int length) {
        if (readViewed != buffer) {
            readViewed = buffer;
            readView = buffer.bytes().duplicate();
        }
        return readView.limit(offset + length).position(offset);
    }

    @Override
    void send() {
        try {
            boolean all = true;
            for (int i = 0; all && output().count() > 0 && i < SENDS_PER_TURN; i++) {
                all = sendOnce();
            }
        } catch (IOException e) {
            fail(e);
        }
        if (!isClosed()) {
            if (output().count() > 0) {
                setInterest(interest | SelectionKey.OP_WRITE);
            } else {
                setInterest(interest & ~SelectionKey.OP_WRITE);
                endOutputIfAsked();
            }
        }
    }

    /** One gathering write; false if the socket is full. */
    private boolean sendOnce() throws IOException {
        OutputQueue output = output();
        int pieces = Math.min(PIECES, output.count());
        long bytes = 0;
        for (int i = 0; i < pieces; i++) {
            IoBuffer buffer = output.buffer(i);
            if (viewed[i] != buffer) {
                viewed[i] = buffer;
                views[i] = buffer.bytes().duplicate();
            }
            int offset = output.offset(i);
            int length = output.length(i);
            views[i].limit(offset + length).position(offset);
            bytes += length;
        }
        long sent = pieces == 1 ? channel.write(views[0]) : channel.write(views, 0, pieces);
        sent(sent);
        return sent == bytes;
    }

    @Override
    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    void abort() {
        // nothing is in flight
    }

    @Override
    void destroy() {
        registration.cancel();
        closeQuietly(channel);
        // the descriptor lives until the selector has run
        reactor().ioSubmitted();
    }

    static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception e) {
            LOG.log(Level.DEBUG, "closing " + channel, e);
        }
    }

    private final class Handle extends NioSelectableChannelIoHandle<SocketChannel> {
        Handle() {
            super(channel);
        }

        @Override
        protected void handle(SocketChannel ignored, SelectionKey key) {
            int ready = key.readyOps();
            if ((ready & SelectionKey.OP_READ) != 0 && !isClosed()) {
                readable();
            }
            if ((ready & SelectionKey.OP_WRITE) != 0 && !isClosed()) {
                send();
            }
        }

        @Override
        public void close() {
            closeAtOnce();
        }
    }
}
