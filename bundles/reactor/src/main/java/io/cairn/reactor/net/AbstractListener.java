package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/** What listeners have in common: placing of connections, pauses when the system has no more descriptors, the end. */
abstract class AbstractListener implements StreamListener {
    private static final Logger LOG = System.getLogger(StreamListener.class.getName());
    private static final long PAUSE_NANOS = 100_000_000;

    private final Reactor reactor;
    private final Executor blocking;
    private final SocketAddress address;
    private final StreamAcceptor acceptor;
    /** Null for TCP. */
    private final UnixSocketFile file;

    private final CompletableFuture<Void> free = new CompletableFuture<>();
    private boolean closing;

    AbstractListener(
            Reactor reactor, Executor blocking, SocketAddress address, UnixSocketFile file, StreamAcceptor acceptor) {
        this.reactor = reactor;
        this.blocking = blocking;
        this.address = address;
        this.file = file;
        this.acceptor = acceptor;
    }

    /** Begins to accept. On the reactor. */
    abstract void start() throws IOException;

    /** Accepts on after a pause. On the reactor. */
    abstract void resume();

    /** Ends accepting and then calls {@link #socketClosed}. On the reactor, once. */
    abstract void stop();

    final Reactor reactor() {
        return reactor;
    }

    final boolean isClosing() {
        return closing;
    }

    @Override
    public final SocketAddress address() {
        return address;
    }

    @Override
    public final CompletionStage<Void> close() {
        try {
            reactor.execute(this::closeHere);
        } catch (RejectedExecutionException e) {
            // the reactor's end has closed the socket
            deleteFile();
        }
        return free.minimalCompletionStage();
    }

    final void closeHere() {
        if (!closing) {
            closing = true;
            stop();
        }
    }

    /** The socket is closed: the file can go. */
    final void socketClosed() {
        try {
            blocking.execute(this::deleteFile);
        } catch (RejectedExecutionException e) {
            // the process's reactors end, and with them their blocking threads: nothing waits for this thread any more
            deleteFile();
        }
    }

    private void deleteFile() {
        try {
            if (file != null) {
                file.delete();
            }
            free.complete(null);
        } catch (IOException e) {
            free.completeExceptionally(e);
        }
    }

    /** Accepting failed: says so and tries again after a while. */
    final void pause(IOException failure) {
        LOG.log(Level.WARNING, address + ": cannot accept connections: " + failure.getMessage());
        reactor.after(PAUSE_NANOS, () -> {
            if (!closing) {
                resume();
            }
        });
    }

    /**
     * Hands a new connection to its handler on the reactor that the acceptor chooses.
     *
     * @param make makes the connection, on that reactor
     * @param discard closes the socket if that reactor has ended or the acceptor has failed
     */
    final void place(Function<Reactor, AbstractConnection> make, Runnable discard) {
        try {
            Reactor chosen = acceptor.place();
            chosen.execute(() -> accept(make.apply(chosen)));
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            LOG.log(Level.ERROR, address + ": no place for a connection", e);
            discard.run();
        }
    }

    private void accept(AbstractConnection connection) {
        if (connection == null) {
            return;
        }
        StreamHandler handler = null;
        try {
            handler = acceptor.accepted(connection);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            LOG.log(Level.ERROR, connection + ": refused, because its acceptor failed", e);
        }
        connection.attach(handler == null ? new Refused() : handler);
        if (handler == null) {
            connection.close();
        }
    }

    private static final class Refused implements StreamHandler {
        @Override
        public void received(StreamConnection connection, int bytes) {
            // nobody has asked for any
        }

        @Override
        public void released(StreamConnection connection, Object cookie) {
            // what was written before the refusal has no owner any more
        }

        @Override
        public void closed(StreamConnection connection, IOException cause) {
            // nobody is there to be told
        }
    }
}
