package io.cairn.export.nbd.session;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.net.StreamConnection;
import io.cairn.reactor.net.StreamHandler;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The sessions of one reactor, and what they share. Made anywhere; everything else on the reactor. */
public final class SessionHost {
    /** Bytes of the run of zeroes that is written where no hole may be. */
    public static final int ZEROES = 64 * 1024;

    private static final Logger LOG = System.getLogger(SessionHost.class.getName());
    private static final long CHECK_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long STARVING_NANOS = Duration.ofSeconds(1).toNanos();

    private final Reactor reactor;
    private final ExportCatalog catalog;
    private final SessionLimits limits;
    private final AtomicInteger connections;
    private final IoBuffer zeroes;
    private final Set<Session> sessions = new LinkedHashSet<>();
    private final IoBuffer scratch = IoBuffer.allocate(StreamConnection.LARGEST_COPY);
    private Buffers buffers;
    private Poller.Registration check;
    private Runnable whenEmpty;
    private boolean ended;
    /** Connections that were refused for lack of memory since the last check. */
    private int turnedAway;

    /**
     * Makes the host of a reactor without sessions.
     *
     * @param connections the number of connections over all hosts, kept by them together
     * @param zeroes {@value #ZEROES} bytes of zeroes that nobody changes
     */
    public SessionHost(
            Reactor reactor, ExportCatalog catalog, SessionLimits limits, AtomicInteger connections, IoBuffer zeroes) {
        this.reactor = reactor;
        this.catalog = catalog;
        this.limits = limits;
        this.connections = connections;
        this.zeroes = zeroes;
    }

    /**
     * Takes a new connection.
     *
     * <p>When there are too many, the client that has been in its handshake for longest makes room: who only occupies connections
     * cannot keep others out.
     *
     * @return its session, or null to refuse it
     */
    public StreamHandler accept(StreamConnection connection) {
        if (catalog.shuttingDown() || whenEmpty != null) {
            return null;
        }
        if (connections.get() >= limits.connections()) {
            Optional<Session> oldest =
                    sessions.stream().filter(Session::isInHandshake).findFirst();
            if (oldest.isEmpty()) {
                return null;
            }
            oldest.get().drop();
        }
        if (buffers == null) {
            buffers = new Buffers(reactor, limits.memory());
        }
        SharedBuffer memory = buffers.take(Session.HANDSHAKE_BYTES);
        if (memory == null) {
            turnedAway++;
            return null;
        }
        connections.incrementAndGet();
        Session session = new Session(this, connection, memory);
        sessions.add(session);
        if (check == null) {
            check = reactor.poll("nbd sessions", CHECK_NANOS, this::checkSessions);
        }
        session.start();
        return session;
    }

    /** Ends all sessions and takes no more; then runs something on this reactor. Once. */
    public void end(Runnable done) {
        whenEmpty = done;
        for (Session session : new ArrayList<>(sessions)) {
            session.end();
        }
        tellIfEmpty();
    }

    /** Returns the number of sessions here. */
    public int sessions() {
        return sessions.size();
    }

    void gone(Session session) {
        if (sessions.remove(session)) {
            connections.decrementAndGet();
            if (sessions.isEmpty() && check != null) {
                check.close();
                check = null;
            }
            tellIfEmpty();
        }
    }

    private void tellIfEmpty() {
        if (whenEmpty != null && sessions.isEmpty() && !ended) {
            ended = true;
            scratch.free();
            whenEmpty.run();
        }
    }

    private int checkSessions() {
        long now = reactor.nowNanos();
        for (Session session : new ArrayList<>(sessions)) {
            session.check(now);
        }
        feedTheStarving(now);
        return sessions.size();
    }

    /** For every session that has waited for memory in vain, and every client that was turned away, ends one that sits on some without making progress. */
    private void feedTheStarving(long now) {
        long starving = turnedAway
                + sessions.stream()
                        .filter(session -> session.starvedFor(now) >= STARVING_NANOS)
                        .count();
        turnedAway = 0;
        if (starving == 0) {
            return;
        }
        List<Session> victims = sessions.stream()
                .filter(session -> session.overdue(now) > 0)
                .sorted(Comparator.comparingLong((Session session) -> session.overdue(now))
                        .reversed())
                .limit(starving)
                .toList();
        for (Session victim : victims) {
            LOG.log(Level.INFO, "NBD {0} is ended: it stalls, and others wait for its memory", victim);
            victim.drop();
        }
    }

    Reactor reactor() {
        return reactor;
    }

    ExportCatalog catalog() {
        return catalog;
    }

    SessionLimits limits() {
        return limits;
    }

    Buffers buffers() {
        return buffers;
    }

    /** Memory for bytes that are copied at once. */
    IoBuffer scratch() {
        return scratch;
    }

    IoBuffer zeroes() {
        return zeroes;
    }
}
