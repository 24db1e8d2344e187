package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.concurrent.Executor;

/**
 * A listener on the ring. Its own socket is Netty's and does not block, so accepting waits for readiness first; those it
 * accepts do.
 */
final class RingListener extends AbstractListener {
    private static final Logger LOG = System.getLogger(StreamListener.class.getName());

    private final Socket socket;
    private final StreamOptions options;
    private IoRegistration registration;
    private boolean inFlight;

    RingListener(
            Reactor reactor,
            Executor blocking,
            SocketAddress address,
            UnixSocketFile file,
            StreamAcceptor acceptor,
            StreamOptions options,
            Socket socket) {
        super(reactor, blocking, address, file, acceptor);
        this.socket = socket;
        this.options = options;
    }

    @Override
    void start() throws IOException {
        registration = Registrations.register(reactor(), new Handle());
        resume();
    }

    @Override
    void resume() {
        submit(Uring.OP_ACCEPT, Uring.SOCK_CLOEXEC);
    }

    private void submit(byte opcode, int flags) {
        inFlight = registration.submit(Uring.operation(opcode, socket.intValue(), 0, 0, 0, flags)) != 0;
        reactor().ioSubmitted();
    }

    @Override
    void stop() {
        if (inFlight) {
            try {
                // makes what is in flight end
                socket.shutdown(true, true);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, address() + ": shutdown", e);
            }
        } else {
            stopped();
        }
    }

    private void stopped() {
        if (registration != null) {
            registration.cancel();
        }
        RingConnection.closeQuietly(socket);
        socketClosed();
    }

    private void accepted(int result) {
        if (result >= 0) {
            Socket accepted = new Socket(result);
            place(reactor -> open(reactor, accepted), () -> RingConnection.closeQuietly(accepted));
            resume();
        } else if (Uring.isNotReady(result)) {
            submit(Uring.OP_POLL_ADD, Uring.POLLIN);
        } else if (Uring.isTransient(result)) {
            resume();
        } else {
            pause(Uring.failure("accept", result));
        }
    }

    private RingConnection open(Reactor reactor, Socket accepted) {
        try {
            return RingTransport.open(reactor, accepted, address(), options);
        } catch (IOException e) {
            // the client may have gone already
            LOG.log(Level.DEBUG, "lost a new connection", e);
            RingConnection.closeQuietly(accepted);
            return null;
        }
    }

    private final class Handle implements IoUringIoHandle {
        @Override
        public void handle(IoRegistration ignored, IoEvent ioEvent) {
            IoUringIoEvent event = (IoUringIoEvent) ioEvent;
            inFlight = false;
            if (isClosing()) {
                if (event.opcode() == Uring.OP_ACCEPT && event.res() >= 0) {
                    RingConnection.closeQuietly(new Socket(event.res()));
                }
                stopped();
            } else if (event.opcode() == Uring.OP_POLL_ADD) {
                resume();
            } else {
                accepted(event.res());
            }
        }

        @Override
        public void close() {
            closeHere();
        }
    }
}
