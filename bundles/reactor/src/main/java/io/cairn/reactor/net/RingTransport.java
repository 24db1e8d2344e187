package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Streams on the reactor's ring. */
final class RingTransport implements Transport {
    @Override
    public AbstractListener bind(
            Reactor reactor, Executor blocking, SocketAddress address, StreamOptions options, StreamAcceptor acceptor)
            throws IOException {
        if (address instanceof UnixDomainSocketAddress unix) {
            Socket socket = Socket.newSocketDomain();
            try {
                UnixSocketFile file = UnixSocketFile.create(unix.getPath(), temporary -> {
                    socket.bind(new DomainSocketAddress(temporary.getPath().toString()));
                    socket.listen(options.backlog());
                    return socket::close;
                });
                return new RingListener(reactor, blocking, address, file, acceptor, options, socket);
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        }
        Socket socket = Socket.newSocketStream();
        try {
            socket.setReuseAddress(true);
            socket.bind(address);
            socket.listen(options.backlog());
            return new RingListener(reactor, blocking, socket.localAddress(), null, acceptor, options, socket);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void connect(
            Reactor reactor,
            SocketAddress address,
            StreamOptions options,
            StreamHandler handler,
            CompletableFuture<StreamConnection> result) {
        try {
            new Connecting(reactor, address, options, handler, result).start();
        } catch (IOException e) {
            result.completeExceptionally(Addresses.named(address, e));
        }
    }

    /** Makes a connection of a connected socket. On the reactor. */
    static RingConnection open(Reactor reactor, Socket socket, SocketAddress listener, StreamOptions options)
            throws IOException {
        SocketAddress local = listener;
        SocketAddress remote = Addresses.UNNAMED;
        if (listener instanceof InetSocketAddress) {
            local = socket.localAddress();
            remote = socket.remoteAddress();
            if (local == null || remote == null) {
                throw new IOException("the peer has gone already");
            }
            if (options.noDelay()) {
                socket.setTcpNoDelay(true);
            }
        }
        RingConnection connection = new RingConnection(reactor, socket, local, remote);
        connection.register();
        return connection;
    }

    /** A client's socket until it is connected: first made by the ring, because that makes one that blocks. */
    private static final class Connecting implements IoUringIoHandle {
        private static final int AF_UNIX = 1;
        private static final int AF_INET = 2;
        private static final int AF_INET6 = 10;
        private static final int SOCKADDR_STORAGE = 128;

        private final Reactor reactor;
        private final SocketAddress address;
        private final StreamOptions options;
        private final StreamHandler handler;
        private final CompletableFuture<StreamConnection> result;
        private final IoBuffer memory = IoBuffer.allocate(SOCKADDR_STORAGE);
        private int memoryLength;
        private IoRegistration registration;
        private Socket socket;

        Connecting(
                Reactor reactor,
                SocketAddress address,
                StreamOptions options,
                StreamHandler handler,
                CompletableFuture<StreamConnection> result) {
            this.reactor = reactor;
            this.address = address;
            this.options = options;
            this.handler = handler;
            this.result = result;
        }

        void start() throws IOException {
            int family = writeAddress(memory.bytes().duplicate().order(ByteOrder.nativeOrder()));
            registration = Registrations.register(reactor, this);
            registration.submit(
                    Uring.operation(Uring.OP_SOCKET, family, Uring.SOCK_STREAM | Uring.SOCK_CLOEXEC, 0, 0, 0));
            reactor.ioSubmitted();
        }

        /** Writes the address as a {@code struct sockaddr} and returns its family. */
        private int writeAddress(ByteBuffer into) {
            int family;
            if (address instanceof UnixDomainSocketAddress unix) {
                family = AF_UNIX;
                into.putShort((short) family)
                        .put(unix.getPath().toString().getBytes(StandardCharsets.UTF_8))
                        .put((byte) 0);
            } else {
                InetSocketAddress inet = (InetSocketAddress) address;
                byte[] ip = inet.getAddress().getAddress();
                family = inet.getAddress() instanceof Inet4Address ? AF_INET : AF_INET6;
                into.putShort((short) family).put((byte) (inet.getPort() >> 8)).put((byte) inet.getPort());
                if (family == AF_INET) {
                    into.put(ip).putLong(0);
                } else {
                    into.putInt(0).put(ip).putInt(((java.net.Inet6Address) inet.getAddress()).getScopeId());
                }
            }
            memoryLength = into.position();
            return family;
        }

        @Override
        public void handle(IoRegistration ignored, IoEvent ioEvent) {
            IoUringIoEvent event = (IoUringIoEvent) ioEvent;
            int outcome = event.res();
            if (outcome < 0) {
                failed(Uring.failure(event.opcode() == Uring.OP_SOCKET ? "socket" : "connect", outcome));
            } else if (event.opcode() == Uring.OP_SOCKET) {
                socket = new Socket(outcome);
                registration.submit(Uring.operation(Uring.OP_CONNECT, outcome, memoryLength, memory.address(), 0, 0));
                reactor.ioSubmitted();
            } else {
                connected();
            }
        }

        private void connected() {
            registration.cancel();
            memory.free();
            try {
                RingConnection connection = open(reactor, socket, address, options);
                connection.attach(handler);
                result.complete(connection);
            } catch (IOException e) {
                RingConnection.closeQuietly(socket);
                result.completeExceptionally(Addresses.named(address, e));
            }
        }

        private void failed(IOException failure) {
            registration.cancel();
            memory.free();
            if (socket != null) {
                RingConnection.closeQuietly(socket);
            }
            result.completeExceptionally(Addresses.named(address, failure));
        }

        @Override
        public void close() throws IOException {
            // makes a connect that is in flight end with a failure
            if (socket != null) {
                socket.shutdown(true, true);
            }
        }
    }
}
