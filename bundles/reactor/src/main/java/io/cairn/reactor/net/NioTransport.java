package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Streams on the JDK's non-blocking channels. */
final class NioTransport implements Transport {
    @Override
    public AbstractListener bind(
            Reactor reactor, Executor blocking, SocketAddress address, StreamOptions options, StreamAcceptor acceptor)
            throws IOException {
        ServerSocketChannel channel = address instanceof UnixDomainSocketAddress
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (address instanceof UnixDomainSocketAddress unix) {
                UnixSocketFile file =
                        UnixSocketFile.create(unix.getPath(), temporary -> channel.bind(temporary, options.backlog()));
                return new NioListener(reactor, blocking, address, file, acceptor, options, channel);
            }
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(address, options.backlog());
            return new NioListener(reactor, blocking, channel.getLocalAddress(), null, acceptor, options, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void connect(
            Reactor reactor,
            SocketAddress address,
            StreamOptions options,
            StreamHandler handler,
            CompletableFuture<StreamConnection> result) {
        try {
            SocketChannel channel = address instanceof UnixDomainSocketAddress
                    ? SocketChannel.open(StandardProtocolFamily.UNIX)
                    : SocketChannel.open();
            try {
                channel.configureBlocking(false);
                if (channel.connect(address)) {
                    complete(reactor, channel, options, handler, result);
                } else {
                    new Connecting(reactor, channel, address, options, handler, result).start();
                }
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            result.completeExceptionally(Addresses.named(address, e));
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private static void complete(
            Reactor reactor,
            SocketChannel channel,
            StreamOptions options,
            StreamHandler handler,
            CompletableFuture<StreamConnection> result)
            throws IOException {
        NioConnection connection = open(reactor, channel, options);
        connection.attach(handler);
        result.complete(connection);
    }

    /** Makes a connection of a connected channel. On the reactor. */
    static NioConnection open(Reactor reactor, SocketChannel channel, StreamOptions options) throws IOException {
        SocketAddress remote = channel.getRemoteAddress();
        if (remote instanceof InetSocketAddress && options.noDelay()) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        NioConnection connection = new NioConnection(reactor, channel, channel.getLocalAddress(), remote);
        connection.register();
        return connection;
    }

    /** A client's channel until it is connected. */
    private static final class Connecting extends NioSelectableChannelIoHandle<SocketChannel> {
        private final Reactor reactor;
        private final SocketChannel channel;
        private final SocketAddress address;
        private final StreamOptions options;
        private final StreamHandler handler;
        private final CompletableFuture<StreamConnection> result;
        private IoRegistration registration;

        Connecting(
                Reactor reactor,
                SocketChannel channel,
                SocketAddress address,
                StreamOptions options,
                StreamHandler handler,
                CompletableFuture<StreamConnection> result) {
            super(channel);
            this.reactor = reactor;
            this.channel = channel;
            this.address = address;
            this.options = options;
            this.handler = handler;
            this.result = result;
        }

        void start() throws IOException {
            registration = Registrations.register(reactor, this);
            registration.submit(NioIoOps.CONNECT);
            reactor.ioSubmitted();
        }

        @Override
        protected void handle(SocketChannel ignored, SelectionKey key) {
            try {
                if (channel.finishConnect()) {
                    // the selector knows the channel once: let it forget this handle before the connection's comes
                    registration.cancel();
                    reactor.defer(this::connected);
                }
            } catch (IOException e) {
                result.completeExceptionally(Addresses.named(address, e));
                close();
            }
        }

        private void connected() {
            try {
                complete(reactor, channel, options, handler, result);
            } catch (IOException e) {
                NioConnection.closeQuietly(channel);
                result.completeExceptionally(Addresses.named(address, e));
            }
        }

        @Override
        public void close() {
            registration.cancel();
            NioConnection.closeQuietly(channel);
            reactor.ioSubmitted();
            result.completeExceptionally(new IOException(address + ": " + reactor.name() + " ends"));
        }
    }
}
