package io.cairn.export.nbd;

import io.cairn.export.nbd.session.ExportCatalog;
import io.cairn.export.nbd.session.SessionHost;
import io.cairn.export.nbd.session.SessionLimits;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import io.cairn.reactor.net.StreamAcceptor;
import io.cairn.reactor.net.StreamConnection;
import io.cairn.reactor.net.StreamHandler;
import io.cairn.reactor.net.StreamListener;
import io.cairn.reactor.net.StreamNetwork;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** Listens for NBD clients and spreads their sessions over the reactors. App thread, but for what is said otherwise. */
final class NbdServer {
    private static final Logger LOG = System.getLogger(NbdServer.class.getName());
    private static final Duration BIND_AGAIN = Duration.ofSeconds(1);

    private final Reactors reactors;
    private final StreamNetwork network;
    private final IoBuffer zeroes;
    private final List<SessionHost> hosts;
    private final List<StreamListener> listeners = new ArrayList<>();
    private boolean stopped;

    NbdServer(Reactors reactors, StreamNetwork network, ExportCatalog catalog, SessionLimits limits) {
        this.reactors = reactors;
        this.network = network;
        AtomicInteger connections = new AtomicInteger();
        this.zeroes = IoBuffer.allocate(SessionHost.ZEROES);
        this.hosts = reactors.all().stream()
                .map(reactor -> new SessionHost(reactor, catalog, limits, connections, zeroes))
                .toList();
    }

    /**
     * Listens on an address; if that does not work, tries again every second and has said so in the log once.
     *
     * @return completes when it listens for the first time, or with the first failure
     */
    CompletionStage<Void> listen(SocketAddress address) {
        CompletableFuture<Void> first = new CompletableFuture<>();
        if (!ListenAddresses.isLocal(address)) {
            LOG.log(
                    Level.WARNING,
                    "NBD on {0} can be reached from other machines, and knows neither users nor encryption",
                    ListenAddresses.format(address));
        }
        bind(address, first);
        return first;
    }

    private void bind(SocketAddress address, CompletableFuture<Void> first) {
        network.listen(address, new Acceptor()).whenComplete((listener, failure) -> reactors.app()
                .execute(() -> bound(address, listener, failure, first)));
    }

    private void bound(
            SocketAddress address, StreamListener listener, Throwable failure, CompletableFuture<Void> first) {
        if (failure != null) {
            if (first.completeExceptionally(failure)) {
                LOG.log(
                        Level.ERROR,
                        "NBD cannot listen on " + ListenAddresses.format(address) + " and goes on trying",
                        failure);
            }
            if (!stopped) {
                reactors.app().after(BIND_AGAIN.toNanos(), () -> {
                    if (!stopped) {
                        bind(address, first);
                    }
                });
            }
        } else if (stopped) {
            listener.close();
        } else {
            listeners.add(listener);
            LOG.log(Level.INFO, "NBD listens on {0}", ListenAddresses.format(listener.address()));
            first.complete(null);
        }
    }

    /** Returns where it listens now. */
    List<String> addresses() {
        return listeners.stream()
                .map(listener -> ListenAddresses.format(listener.address()))
                .toList();
    }

    /** Accepts no more, and ends all sessions. Completes when the last one has gone. To be called once. */
    CompletionStage<Void> stop() {
        stopped = true;
        List<CompletableFuture<?>> all = new ArrayList<>();
        listeners.forEach(listener -> all.add(listener.close().toCompletableFuture()));
        for (Reactor reactor : reactors.all()) {
            CompletableFuture<Void> ended = new CompletableFuture<>();
            all.add(ended);
            reactor.execute(() -> hosts.get(reactor.index()).end(() -> ended.complete(null)));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).thenRun(zeroes::free);
    }

    private final class Acceptor implements StreamAcceptor {
        @Override
        public Reactor place() {
            return reactors.next();
        }

        @Override
        public StreamHandler accepted(StreamConnection connection) {
            return hosts.get(connection.reactor().index()).accept(connection);
        }
    }
}
