package io.cairn.export.nbd;

import io.cairn.bdev.Bdevs;
import io.cairn.export.nbd.session.SessionLimits;
import io.cairn.operations.OperationRegistry;
import io.cairn.reactor.Reactors;
import io.cairn.reactor.net.StreamNetwork;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The NBD server with its exports and operations, from start to stop. Any thread. */
final class NbdService {
    private final Reactors reactors;
    private final Bdevs bdevs;
    private final OperationRegistry registry;
    private final List<SocketAddress> addresses;
    private final NbdExports exports;
    private final NbdServer server;
    private OperationRegistry.Registration registration;
    private Bdevs.Watch watch;

    NbdService(
            Reactors reactors,
            Bdevs bdevs,
            OperationRegistry registry,
            List<SocketAddress> addresses,
            SessionLimits limits) {
        this.reactors = reactors;
        this.bdevs = bdevs;
        this.registry = registry;
        this.addresses = addresses;
        this.exports = new NbdExports(bdevs, reactors);
        this.server = new NbdServer(reactors, new StreamNetwork(reactors), exports, limits);
    }

    /**
     * Starts: offers the operations, which brings the stored exports back, and listens only then, so that no client is told that an
     * export does not exist that is about to come.
     *
     * @return completes when the server listens; fails if it could not, or if it was stopped meanwhile
     */
    CompletionStage<Void> start() {
        return reactors.onApp(() -> bdevs.watch(exports).thenCompose(watching -> {
            if (exports.shuttingDown()) {
                watching.close();
                return CompletableFuture.failedFuture(new IllegalStateException("stopped before it had started"));
            }
            watch = watching;
            exports.setReplaying(true);
            registration = registry.offer(new NbdOperations(exports, server::addresses).declare(), exports);
            return registration
                    .replayed()
                    .handle((replayed, failure) -> null)
                    .thenCompose(nothing -> reactors.onApp(this::listen));
        }));
    }

    private CompletionStage<Void> listen() {
        exports.setReplaying(false);
        return CompletableFuture.allOf(addresses.stream()
                .map(address -> server.listen(address).toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /**
     * Stops, in the reverse order: no new clients, sessions end with what is in flight answered, descriptors are closed.
     *
     * @return completes when nothing is left
     */
    CompletionStage<Void> stop() {
        return reactors.onApp(() -> {
            exports.shutDown();
            if (registration != null) {
                registration.close();
            }
            if (watch != null) {
                watch.close();
            }
            return server.stop().thenCompose(gone -> reactors.onApp(exports::endAll));
        });
    }

    /** Returns where the server listens. App thread. */
    List<String> listeningOn() {
        return server.addresses();
    }
}
