package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;

/** A listener on a JDK channel. */
final class NioListener extends AbstractListener {
    private static final Logger LOG = System.getLogger(StreamListener.class.getName());
    private static final int ACCEPTS_PER_EVENT = 64;

    private final ServerSocketChannel channel;
    private final StreamOptions options;
    private IoRegistration registration;

    NioListener(
            Reactor reactor,
            Executor blocking,
            SocketAddress address,
            UnixSocketFile file,
            StreamAcceptor acceptor,
            StreamOptions options,
            ServerSocketChannel channel) {
        super(reactor, blocking, address, file, acceptor);
        this.channel = channel;
        this.options = options;
    }

    @Override
    void start() throws IOException {
        registration = Registrations.register(reactor(), new Handle());
        resume();
    }

    @Override
    void resume() {
        registration.submit(NioIoOps.ACCEPT);
        reactor().ioSubmitted();
    }

    @Override
    void stop() {
        if (registration != null) {
            registration.cancel();
        }
        NioConnection.closeQuietly(channel);
        // the descriptor lives until the selector has run
        reactor().ioSubmitted();
        if (registration == null) {
            socketClosed();
        } else {
            reactor().eventLoop().orElseThrow().execute(this::socketClosed);
        }
    }

    private void accept() {
        try {
            for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
                SocketChannel accepted = channel.accept();
                if (accepted == null) {
                    return;
                }
                place(reactor -> open(reactor, accepted), () -> NioConnection.closeQuietly(accepted));
            }
        } catch (IOException e) {
            registration.submit(NioIoOps.NONE);
            pause(e);
        }
    }

    private NioConnection open(Reactor reactor, SocketChannel accepted) {
        try {
            accepted.configureBlocking(false);
            return NioTransport.open(reactor, accepted, options);
        } catch (IOException e) {
            // the client may have gone already
            LOG.log(Level.DEBUG, "lost a new connection", e);
            NioConnection.closeQuietly(accepted);
            return null;
        }
    }

    private final class Handle extends NioSelectableChannelIoHandle<ServerSocketChannel> {
        Handle() {
            super(channel);
        }

        @Override
        protected void handle(ServerSocketChannel ignored, SelectionKey key) {
            if (!isClosing()) {
                accept();
            }
        }

        @Override
        public void close() {
            closeHere();
        }
    }
}
