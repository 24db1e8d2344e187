package io.cairn.export.nbd;

import io.cairn.bdev.Bdevs;
import io.cairn.export.nbd.session.SessionLimits;
import io.cairn.operations.OperationRegistry;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** The NBD server as a component: listens where {@code CAIRN_NBD_ADDRESS} says, by default on {@value ListenAddresses#DEFAULT}. */
@Component(
        service = {},
        immediate = true)
public final class NbdExportComponent {
    private static final Logger LOG = System.getLogger(NbdExportComponent.class.getName());
    private static final long STOP_SECONDS = 15;

    private final Reactors reactors;
    private final NbdService service;

    /** Starts the server; it listens some time later. */
    @Activate
    public NbdExportComponent(
            @Reference Reactors reactors, @Reference Bdevs bdevs, @Reference OperationRegistry registry) {
        String address = System.getenv("CAIRN_NBD_ADDRESS");
        this.reactors = reactors;
        this.service = new NbdService(
                reactors,
                bdevs,
                registry,
                ListenAddresses.parse(address == null || address.isBlank() ? ListenAddresses.DEFAULT : address),
                SessionLimits.DEFAULTS);
        service.start().whenComplete((listening, failure) -> {
            if (failure != null) {
                LOG.log(Level.ERROR, "the NBD server has not started", failure);
            }
        });
    }

    /** Stops the server. Returns when the last session has gone, or after 15 s; on a reactor, which must not wait, at once. */
    @Deactivate
    public void stop() {
        CompletableFuture<Void> stopped = service.stop().toCompletableFuture();
        if (reactors.current().isPresent()) {
            return;
        }
        try {
            stopped.get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(Level.WARNING, "the NBD server was left before its last session had gone", e);
        }
    }
}
