package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.export.nbd.protocol.ExportGate;
import io.cairn.export.nbd.protocol.ExportInfo;
import io.cairn.export.nbd.protocol.Handshake;
import io.cairn.export.nbd.protocol.Selection;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.net.StreamConnection;
import io.cairn.reactor.net.StreamHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One client's connection, from its first byte to its last: first the handshake, then the transmission. On its reactor.
 */
public final class Session implements StreamHandler {
    /** Bytes that a handshake is received into at once. */
    static final int HANDSHAKE_BYTES = 4096;

    /** What a client that does not wait for answers may pile up before it is hung up on, in bytes. */
    private static final int MOST_UNREAD_ANSWERS = 1 << 20;

    /** How long what is in flight may take to end by itself when the server ends the session; as long as when a bdev is removed. */
    private static final long PATIENCE = Duration.ofSeconds(1).toNanos();

    private final SessionHost host;
    private final StreamConnection connection;
    private final Handshake handshake = new Handshake(new Gate(), this::say);
    private final long started;
    private SharedBuffer memory;
    private ExportTarget target;
    private BdevChannel channel;
    private Transmission transmission;
    private Poller.Registration goodbye;
    private boolean ending;
    /** The server does not want it any more, whether or not it was ending by itself before. */
    private boolean unwanted;

    private long unwantedSince;
    private boolean connectionGone;

    Session(SessionHost host, StreamConnection connection, SharedBuffer memory) {
        this.host = host;
        this.connection = connection;
        this.memory = memory;
        this.started = host.reactor().nowNanos();
    }

    /** Returns the reactor that the session lives on. Any thread. */
    public Reactor reactor() {
        return host.reactor();
    }

    void start() {
        handshake.greet();
        readHandshake();
    }

    boolean isInHandshake() {
        return transmission == null && !ending;
    }

    /** Closes the connection at once. */
    void drop() {
        ending = true;
        connection.close();
    }

    /**
     * Ends the session: what is in flight is answered, then the connection is closed, if need be by force. What has not ended after a second is
     * given up, also of a session that is ending already because its client has gone.
     */
    public void end() {
        if (!unwanted) {
            unwanted = true;
            unwantedSince = host.reactor().nowNanos();
        }
        if (ending) {
            return;
        }
        ending = true;
        if (!connectionGone) {
            goodbye = host.reactor().after(host.limits().goodbye().toNanos(), connection::close);
        }
        if (transmission == null) {
            connection.closeWhenSent();
        } else {
            transmission.stop();
        }
    }

    /** Returns for how long, in nanoseconds, the session has got none of the memory that it needs. */
    long starvedFor(long now) {
        return transmission == null || ending ? 0 : transmission.starvedFor(now);
    }

    /** Returns by how long, in nanoseconds, the client has sat on memory for longer than is fair to those who starve; or 0. */
    long overdue(long now) {
        return transmission == null || ending ? 0 : transmission.overdue(now);
    }

    /** Looks whether the client keeps others waiting. */
    void check(long now) {
        if (unwanted && transmission != null && now - unwantedSince >= PATIENCE) {
            // each time: what is given up may leave something behind that was not out yet
            transmission.giveUp();
        }
        if (ending) {
            return;
        }
        if (transmission == null) {
            if (now - started >= host.limits().handshake().toNanos()) {
                connection.close();
            }
        } else if (transmission.stalledFor(now) >= host.limits().stall().toNanos()) {
            connection.close();
        }
    }

    @Override
    public void received(StreamConnection from, int bytes) {
        if (transmission != null) {
            transmission.received(bytes);
        } else if (bytes == 0) {
            connection.closeWhenSent();
        } else if (!ending) {
            shakeHands(bytes);
        }
    }

    @Override
    public void released(StreamConnection from, Object cookie) {
        if (cookie instanceof SharedBuffer buffer) {
            buffer.release();
        }
        if (transmission != null) {
            transmission.released();
        }
    }

    @Override
    public void sent(StreamConnection to) {
        if (transmission != null) {
            transmission.sent();
        }
    }

    @Override
    public void closed(StreamConnection from, IOException cause) {
        connectionGone = true;
        ending = true;
        if (goodbye != null) {
            goodbye.close();
        }
        giveMemoryBack();
        if (transmission != null) {
            transmission.connectionClosed();
        }
        if (target == null) {
            host.gone(this);
        }
    }

    private void shakeHands(int bytes) {
        ByteBuffer in = memory.memory().bytes().duplicate().position(0).limit(bytes);
        while (handshake.advance(in)) {
            if (in.hasRemaining() && connection.unsentBytes() > MOST_UNREAD_ANSWERS) {
                connection.close();
                return;
            }
        }
        Optional<Selection> selection = handshake.selection();
        if (selection.isPresent()) {
            transmit(selection.get(), in);
        } else if (handshake.ended()) {
            connection.closeWhenSent();
        } else {
            readHandshake();
        }
    }

    private void transmit(Selection selection, ByteBuffer rest) {
        transmission = new Transmission(host, connection, channel, selection, this::drained);
        boolean begun = transmission.begin(memory.memory(), rest.position(), rest.remaining());
        giveMemoryBack();
        if (!begun) {
            connection.close();
        }
    }

    /** No request is in flight, and none will come. */
    private void drained() {
        end();
        connection.closeWhenSent();
        // not from inside the last completion: a channel closes when no I/O is out
        host.reactor().defer(this::leave);
    }

    private void leave() {
        channel.close();
        ExportTarget left = target;
        target = null;
        left.leave(this);
        if (connectionGone) {
            host.gone(this);
        }
    }

    private void readHandshake() {
        connection.read(memory.memory(), 0, 1, HANDSHAKE_BYTES);
    }

    private void giveMemoryBack() {
        if (memory != null) {
            memory.release();
            memory = null;
        }
    }

    private void say(ByteBuffer words) {
        IoBuffer scratch = host.scratch();
        while (words.hasRemaining()) {
            int count = Math.min(words.remaining(), scratch.capacity());
            scratch.bytes().put(0, words, words.position(), count);
            words.position(words.position() + count);
            connection.writeCopy(scratch, 0, count);
        }
    }

    @Override
    public String toString() {
        return connection.toString();
    }

    /** The exports, for this session's handshake. */
    private final class Gate implements ExportGate {
        private ExportTarget found;

        @Override
        public List<ExportInfo> list() {
            return host.catalog().targets().stream().map(ExportTarget::info).toList();
        }

        @Override
        public Optional<ExportInfo> find(String name) {
            Optional<ExportTarget> entry = host.catalog().find(name);
            found = entry.orElse(null);
            return entry.map(ExportTarget::info);
        }

        @Override
        public Optional<String> enter(ExportInfo export) {
            try {
                channel = found.enter(Session.this);
                target = found;
                return Optional.empty();
            } catch (BdevException e) {
                return Optional.of(e.getMessage());
            }
        }

        @Override
        public boolean shuttingDown() {
            return host.catalog().shuttingDown();
        }
    }
}
