package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoEventLoop;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One way of doing a stream's I/O. */
interface Transport {
    /** Binds and listens, without accepting yet. May block. */
    AbstractListener bind(
            Reactor reactor, Executor blocking, SocketAddress address, StreamOptions options, StreamAcceptor acceptor)
            throws IOException;

    /** Begins to connect. On the connection's reactor. */
    void connect(
            Reactor reactor,
            SocketAddress address,
            StreamOptions options,
            StreamHandler handler,
            CompletableFuture<StreamConnection> result);

    /** Returns the way that fits a reactor's event loop. */
    static Transport of(Reactor reactor) {
        IoEventLoop loop = reactor.eventLoop()
                .orElseThrow(() -> new UnsupportedOperationException(reactor.name() + " has no network"));
        if (loop.isCompatible(IoUringIoHandle.class)) {
            return new RingTransport();
        }
        if (loop.isCompatible(NioIoHandle.class)) {
            return new NioTransport();
        }
        throw new UnsupportedOperationException("no streams on " + loop);
    }
}
