package io.cairn.reactor.net;

import java.net.SocketAddress;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** A bound address on which connections are accepted. Usable from any thread. */
@ProviderType
public interface StreamListener {
    /** Returns the bound address, with the port that was chosen if 0 was asked for. */
    SocketAddress address();

    /**
     * Accepts no more, frees the address and deletes the Unix socket's file if it is still this listener's. Connections that were
     * accepted live on.
     *
     * @return completes when the address is free again; the same on each call
     */
    CompletionStage<Void> close();
}
