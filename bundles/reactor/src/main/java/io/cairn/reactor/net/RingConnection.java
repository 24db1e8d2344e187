package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.channels.NotYetConnectedException;

/**
 * A connection whose reads and sends are operations on the reactor's ring: at most one of each at a time. The kernel holds
 * their memory until they complete; closing shuts the socket down, which makes them complete. The socket must be one that
 * blocks: only then does the ring wait for it.
 */
final class RingConnection extends AbstractConnection {
    private static final Logger LOG = System.getLogger(StreamConnection.class.getName());

    private final Socket socket;
    private final int fd;
    private IoRegistration registration;
    private GatherMemory gather;
    private boolean receiveInFlight;
    private boolean sendInFlight;

    RingConnection(Reactor reactor, Socket socket, SocketAddress local, SocketAddress remote) {
        super(reactor, local, remote);
        this.socket = socket;
        this.fd = socket.intValue();
    }

    void register() throws IOException {
        registration = Registrations.register(reactor(), new Handle());
    }

    @Override
    void receive() {
        int flags = wantsAll() ? Uring.MSG_WAITALL : 0;
        long address = wantedBuffer().address() + wantedOffset();
        receiveInFlight = submit(Uring.operation(Uring.OP_RECV, fd, 0, address, wantedLength(), flags));
    }

    @Override
    void send() {
        OutputQueue output = output();
        int pieces = Math.min(GatherMemory.PIECES, output.count());
        int flags = Uring.MSG_NOSIGNAL | Uring.MSG_WAITALL;
        if (pieces == 1) {
            long address = output.buffer(0).address() + output.offset(0);
            sendInFlight = submit(Uring.operation(Uring.OP_SEND, fd, 0, address, output.length(0), flags));
        } else {
            if (gather == null) {
                gather = new GatherMemory();
            }
            sendInFlight = submit(Uring.operation(Uring.OP_SENDMSG, fd, 0, gather.describe(output, pieces), 1, flags));
        }
    }

    /** Returns whether the operation is in flight; if not, the connection has failed. */
    private boolean submit(IoUringIoOps operation) {
        if (registration.submit(operation) == 0) {
            fail(new IOException(reactor().name() + " ends"));
            return false;
        }
        reactor().ioSubmitted();
        return true;
    }

    @Override
    boolean isSending() {
        return sendInFlight;
    }

    @Override
    boolean isBusy() {
        return receiveInFlight || sendInFlight;
    }

    @Override
    void endOutput() throws IOException {
        shutdown(false);
    }

    /** Shuts down; a peer that has reset the connection is an {@link IOException} like any other, which Netty says otherwise. */
    private void shutdown(boolean input) throws IOException {
        try {
            socket.shutdown(input, true);
        } catch (NotYetConnectedException e) {
            throw new IOException(this + " is not connected any more", e);
        }
    }

    @Override
    void abort() {
        if (isBusy()) {
            try {
                shutdown(true);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, this + ": shutdown", e);
            }
        }
    }

    @Override
    void destroy() {
        registration.cancel();
        closeQuietly(socket);
        if (gather != null) {
            gather.free();
            gather = null;
        }
    }

    static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing " + socket, e);
        }
    }

    private void receiveEnded(int result) {
        receiveInFlight = false;
        if (isClosed()) {
            return;
        }
        if (result >= 0) {
            received(result);
        } else if (Uring.isInterrupted(result)) {
            receive();
        } else {
            fail(Uring.failure("receive", result));
        }
    }

    private void sendEnded(int result) {
        sendInFlight = false;
        if (result > 0) {
            sent(result);
        }
        if (isClosed()) {
            return;
        }
        if (result < 0 && !Uring.isInterrupted(result)) {
            fail(Uring.failure("send", result));
        } else if (output().count() > 0) {
            send();
        } else {
            endOutputIfAsked();
        }
    }

    private final class Handle implements IoUringIoHandle {
        @Override
        public void handle(IoRegistration ignored, IoEvent ioEvent) {
            IoUringIoEvent event = (IoUringIoEvent) ioEvent;
            if (event.opcode() == Uring.OP_RECV) {
                receiveEnded(event.res());
            } else {
                sendEnded(event.res());
            }
            finishIfQuiet();
        }

        @Override
        public void close() {
            closeAtOnce();
        }
    }
}
