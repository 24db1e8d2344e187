package io.cairn.rpc.internal;

import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import java.io.IOException;
import java.nio.file.Path;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The server of a running distribution: on {@code CAIRN_RPC_SOCKET} of the environment, or the property {@code cairn.rpc.socket},
 * or {@code ${karaf.data}/cairn.sock}.
 */
@Component(
        immediate = true,
        service = {})
public final class RpcComponent {
    private final RpcServer server;

    /** Starts the server. */
    @Activate
    public RpcComponent(@Reference Operations operations, @Reference OperationRegistry registry, BundleContext context)
            throws IOException {
        server = new RpcServer(socketPath(context), operations, registry);
    }

    /** Stops the server. */
    @Deactivate
    public void stop() {
        server.close();
    }

    private static Path socketPath(BundleContext context) {
        String path = System.getenv("CAIRN_RPC_SOCKET");
        if (path == null || path.isBlank()) {
            path = context.getProperty("cairn.rpc.socket");
        }
        if (path != null && !path.isBlank()) {
            return Path.of(path);
        }
        String data = context.getProperty("karaf.data");
        return Path.of(data == null ? "" : data, "cairn.sock");
    }
}
