package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Makes listeners and connections whose work is done on reactors: by operations on the reactor's ring where its event
 * loop is io_uring's, else by non-blocking channels. Usable from any thread.
 *
 * <p>Addresses are {@link java.net.InetSocketAddress} (resolved) and {@link java.net.UnixDomainSocketAddress}.
 */
public final class StreamNetwork {
    private final Reactors reactors;
    private final StreamOptions options;

    /** With {@link StreamOptions#DEFAULTS}. */
    public StreamNetwork(Reactors reactors) {
        this(reactors, StreamOptions.DEFAULTS);
    }

    /** With the socket options of all that is made here. */
    public StreamNetwork(Reactors reactors, StreamOptions options) {
        this.reactors = Objects.requireNonNull(reactors, "reactors");
        this.options = Objects.requireNonNull(options, "options");
    }

    /**
     * Binds an address and accepts connections on it.
     *
     * <p>A Unix socket's file has mode 0600 from the moment it can be seen. A socket file on which nobody listens any more is
     * replaced; any other file in its place is an error.
     *
     * @param address where to listen; port 0 lets the system choose
     * @param acceptor takes the connections
     * @return the listener; fails with an {@link java.io.IOException} that names the address: in use, no permission,
     *     not a local address. Completes on a reactor or on a thread of {@link Reactors#blocking}
     */
    public CompletionStage<StreamListener> listen(SocketAddress address, StreamAcceptor acceptor) {
        Objects.requireNonNull(acceptor, "acceptor");
        CompletableFuture<StreamListener> result = new CompletableFuture<>();
        Reactor reactor = reactors.next();
        try {
            Transport transport = Transport.of(reactor);
            reactors.blocking().execute(() -> bind(transport, reactor, address, acceptor, result));
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
        return result.minimalCompletionStage();
    }

    private void bind(
            Transport transport,
            Reactor reactor,
            SocketAddress address,
            StreamAcceptor acceptor,
            CompletableFuture<StreamListener> result) {
        try {
            Addresses.check(address);
            AbstractListener listener = transport.bind(reactor, reactors.blocking(), address, options, acceptor);
            reactor.execute(() -> {
                try {
                    listener.start();
                    result.complete(listener);
                } catch (IOException e) {
                    listener.closeHere();
                    result.completeExceptionally(Addresses.named(address, e));
                }
            });
        } catch (IOException e) {
            result.completeExceptionally(Addresses.named(address, e));
        } catch (RuntimeException | LinkageError e) {
            result.completeExceptionally(e);
        }
    }

    /**
     * Connects.
     *
     * @param address the peer's
     * @param reactor where the connection will live
     * @param handler the connection's
     * @return the connection, on its reactor; fails with an {@link java.io.IOException} that names the address
     */
    public CompletionStage<StreamConnection> connect(SocketAddress address, Reactor reactor, StreamHandler handler) {
        Objects.requireNonNull(handler, "handler");
        CompletableFuture<StreamConnection> result = new CompletableFuture<>();
        try {
            Addresses.check(address);
            Transport transport = Transport.of(reactor);
            reactor.execute(() -> transport.connect(reactor, address, options, handler, result));
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
        }
        return result.minimalCompletionStage();
    }
}
