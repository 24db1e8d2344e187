package io.cairn.reactor.net;

import java.io.IOException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What happens on a connection; called on the connection's reactor, one event at a time. An exception out of a method
 * closes the connection with it as the cause.
 */
@ConsumerType
public interface StreamHandler {
    /**
     * The read that was asked for has ended; its memory is the handler's again.
     *
     * @param bytes the number of bytes read: at least the minimum asked for, or less when the peer has ended its
     *     side, after which reads yield 0
     */
    void received(StreamConnection connection, int bytes);

    /**
     * The memory of a written piece, and of all before it, is the writer's again. Called exactly once for each piece that has a
     * cookie, in the order written; on a connection that was closed or failed also for what was never sent.
     */
    void released(StreamConnection connection, Object cookie);

    /**
     * The kernel has taken bytes that waited in line: {@link StreamConnection#unsentBytes} is less than it was. Called after
     * {@link #released} for the pieces among them, and also when they had no cookie or were copied; who has stopped writing
     * because too much was in line goes on here. Not called once the connection is closed. Default: does nothing.
     */
    default void sent(StreamConnection connection) {}

    /**
     * The connection is gone. Called exactly once and last: nothing is in flight any more, the memory of an outstanding read
     * is the handler's again.
     *
     * @param cause what ended it, or null after {@link StreamConnection#close} or {@link StreamConnection#closeWhenSent}
     */
    void closed(StreamConnection connection, IOException cause);
}
