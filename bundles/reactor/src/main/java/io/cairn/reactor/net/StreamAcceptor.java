package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import org.osgi.annotation.versioning.ConsumerType;

/** Where a listener's new connections go. */
@ConsumerType
public interface StreamAcceptor {
    /** Chooses the reactor of the next connection, {@code reactors.next()} for example. On the listener's reactor. */
    Reactor place();

    /**
     * Takes a new connection, on its reactor.
     *
     * @param connection may be read from and written to at once
     * @return the connection's handler; null to refuse, which closes the connection
     */
    StreamHandler accepted(StreamConnection connection);
}
