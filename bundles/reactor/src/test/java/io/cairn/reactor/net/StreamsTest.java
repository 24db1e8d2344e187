package io.cairn.reactor.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.reactor.IoBackend;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamsTest {
    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    Path directory;

    enum Family {
        TCP,
        UNIX
    }

    record Kind(IoBackend backend, Family family) {}

    static Stream<Kind> kinds() {
        return Stream.of(IoBackend.IO_URING, IoBackend.NIO)
                .flatMap(backend -> Stream.of(Family.values()).map(family -> new Kind(backend, family)));
    }

    /** Two reactors with a network, a listener whose handlers a test supplies, and what it needs to be a client. */
    private final class World implements AutoCloseable {
        final ThreadReactors reactors;
        final StreamNetwork network;
        final SocketAddress address;
        final BlockingQueue<StreamConnection> accepted = new LinkedBlockingQueue<>();
        StreamListener listener;

        World(Kind kind) {
            reactors = new ThreadReactors(ReactorOptions.defaults().withCount(2).withBackend(kind.backend()));
            network = new StreamNetwork(reactors);
            address = kind.family() == Family.TCP ? LOOPBACK : UnixDomainSocketAddress.of(directory.resolve("sock"));
        }

        World listen(Supplier<? extends StreamHandler> handlers, Consumer<StreamConnection> begin) throws Exception {
            return listen(connection -> {
                begin.accept(connection);
                return handlers.get();
            });
        }

        World listen(Function<StreamConnection, StreamHandler> acceptor) throws Exception {
            listener = get(network.listen(address, new StreamAcceptor() {
                @Override
                public Reactor place() {
                    return reactors.next();
                }

                @Override
                public StreamHandler accepted(StreamConnection connection) {
                    connection.reactor().requireCurrent();
                    accepted.add(connection);
                    return acceptor.apply(connection);
                }
            }));
            return this;
        }

        StreamConnection connect(StreamHandler handler) throws Exception {
            return get(network.connect(listener.address(), reactors.next(), handler));
        }

        @Override
        public void close() {
            reactors.close();
        }
    }

    /** Sends back what it reads. */
    private static final class Echo implements StreamHandler {
        private final IoBuffer buffer = IoBuffer.allocate(50_000);
        private final int length;

        Echo(int length) {
            this.length = length;
        }

        @Override
        public void received(StreamConnection connection, int bytes) {
            if (bytes == 0) {
                connection.closeWhenSent();
            } else {
                connection.write(buffer, 0, bytes, this);
            }
        }

        @Override
        public void released(StreamConnection connection, Object cookie) {
            connection.read(buffer, 0, 1, length);
        }

        @Override
        public void closed(StreamConnection connection, IOException cause) {
            buffer.free();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void bytesComeBackAsTheyWereSentHoweverTheyAreCut(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            Random random = new Random(42);
            byte[] content = new byte[3 << 20];
            random.nextBytes(content);
            Echo echo = new Echo(12_345);
            world.listen(() -> echo, connection -> echo.released(connection, null));
            RecordingHandler client = new RecordingHandler(1, 9_999);
            StreamConnection connection = world.connect(client);
            IoBuffer memory = IoBuffer.allocate(content.length);
            memory.bytes().put(0, content);
            on(connection, () -> {
                client.readOn(connection);
                int at = 0;
                int pieces = 0;
                while (at < content.length) {
                    int piece = Math.min(1 + random.nextInt(20_000), content.length - at);
                    if (piece <= 500) {
                        connection.writeCopy(memory, at, piece);
                    } else {
                        connection.write(memory, at, piece, pieces % 3 == 0 ? pieces : null);
                    }
                    at += piece;
                    pieces++;
                }
                assertThat(connection.unsentBytes()).isEqualTo(content.length);
                connection.shutdownOutput();
            });
            assertThat(client.allReceived.get()).isEqualTo(content);
            assertThat(client.ended.get().cause()).isNull();
            assertThat(client.released).isSortedAccordingTo((a, b) -> (Integer) a - (Integer) b);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aReadWaitsForItsMinimumAndTheEndGivesWhatIsThere(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            RecordingHandler server = new RecordingHandler(1000, 1000);
            List<Integer> reads = new ArrayList<>();
            world.listen(
                    () -> new StreamHandler() {
                        @Override
                        public void received(StreamConnection connection, int bytes) {
                            reads.add(bytes);
                            server.received(connection, bytes);
                        }

                        @Override
                        public void released(StreamConnection connection, Object cookie) {
                            server.released(connection, cookie);
                        }

                        @Override
                        public void closed(StreamConnection connection, IOException cause) {
                            server.closed(connection, cause);
                        }
                    },
                    server::readOn);
            StreamConnection client = world.connect(new RecordingHandler(1, 1));
            IoBuffer memory = IoBuffer.allocate(500);
            Waiting sent = new Waiting(client);
            for (int i = 0; i < 5; i++) {
                // one turn each, so that they leave in sends of their own
                sent.inATurn(() -> client.write(memory, 0, 500, null));
            }
            sent.inATurn(client::shutdownOutput);
            assertThat(server.allReceived.get()).hasSize(2500);
            assertThat(reads).containsExactly(1000, 1000, 500);
        }
    }

    /** Runs steps one after another, each in a turn of its own. */
    private record Waiting(StreamConnection connection) {
        void inATurn(Runnable step) throws Exception {
            on(connection, step);
            on(connection, () -> {});
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theWriterLearnsThatCopiedBytesHaveLeft(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            RecordingHandler server = new RecordingHandler(1, 1 << 14);
            world.listen(() -> server, server::readOn);
            CompletableFuture<List<Object>> allSent = new CompletableFuture<>();
            StreamConnection client = world.connect(new RecordingHandler(1, 1) {
                @Override
                public void sent(StreamConnection connection) {
                    if (connection.unsentBytes() == 0) {
                        allSent.complete(List.copyOf(released));
                    }
                }
            });
            IoBuffer memory = IoBuffer.allocate(4096);
            on(client, () -> {
                client.write(memory, 0, 4096, "piece");
                for (int i = 0; i < 10; i++) {
                    client.writeCopy(memory, 0, 4096);
                }
            });
            assertThat(allSent.get()).containsExactly("piece");
            on(client, client::shutdownOutput);
            assertThat(server.allReceived.get()).hasSize(11 * 4096);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void oneSideMayEndAndStillReceive(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            IoBuffer answer = IoBuffer.allocate(5);
            RecordingHandler server = new RecordingHandler(1, 100) {
                @Override
                void endOfInput(StreamConnection connection) {
                    connection.write(answer, 0, 5, "answer");
                    connection.closeWhenSent();
                }
            };
            world.listen(() -> server, server::readOn);
            RecordingHandler client = new RecordingHandler(1, 100);
            StreamConnection connection = world.connect(client);
            on(connection, () -> {
                client.readOn(connection);
                connection.writeCopy(answer, 0, 3);
                connection.shutdownOutput();
                connection.shutdownOutput();
                assertThatThrownBy(() -> connection.writeCopy(answer, 0, 3)).isInstanceOf(IllegalStateException.class);
            });
            assertThat(server.allReceived.get()).hasSize(3);
            assertThat(client.allReceived.get()).hasSize(5);
            assertThat(server.ended.get()).isEqualTo(new RecordingHandler.Ending(null, 1));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void closingDuringASendGivesAllMemoryBackBeforeTheEndIsTold(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            // nobody reads: the sends fill the socket and stay in flight
            world.listen(() -> new RecordingHandler(1, 1), connection -> {});
            RecordingHandler client = new RecordingHandler(1, 100);
            StreamConnection connection = world.connect(client);
            IoBuffer memory = IoBuffer.allocate(1 << 20);
            on(connection, () -> {
                client.readOn(connection);
                for (int i = 0; i < 100; i++) {
                    connection.write(memory, 0, 1 << 20, i);
                }
            });
            on(connection, () -> {
                assertThat(connection.unsentBytes()).isPositive();
                connection.close();
                connection.close();
                assertThat(connection.isClosed()).isTrue();
                connection.write(memory, 0, 1, 100);
            });
            assertThat(client.ended.get()).isEqualTo(new RecordingHandler.Ending(null, 101));
            assertThat(client.released)
                    .isEqualTo(IntStream.rangeClosed(0, 100).boxed().toList());
            memory.free();
            client.buffer.free();
            // closed for good: nothing more is told, and nothing touches the freed memory
            on(connection, () -> connection.read(IoBuffer.allocate(1), 0, 1, 1));
            assertThat(client.allReceived).isCompletedExceptionally();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void closingDuringAReadEndsItInTheKernelToo(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            RecordingHandler server = new RecordingHandler(1, 1);
            world.listen(() -> server, server::readOn);
            RecordingHandler client = new RecordingHandler(1, 100);
            StreamConnection connection = world.connect(client);
            on(connection, () -> client.readOn(connection));
            on(connection, connection::close);
            assertThat(client.ended.get().cause()).isNull();
            // an operation that were left behind would keep the socket open, and the peer would see no end
            assertThat(server.allReceived.get()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aPeerThatDisappearsEndsTheConnectionWithItsCause(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            RecordingHandler server = new RecordingHandler(1, 100);
            world.listen(() -> server, connection -> {});
            RecordingHandler client = new RecordingHandler(1, 100);
            StreamConnection connection = world.connect(client);
            on(connection, connection::close);
            client.ended.get();
            StreamConnection accepted = world.accepted.take();
            IoBuffer memory = IoBuffer.allocate(1 << 20);
            on(accepted, () -> {
                for (int i = 0; i < 64; i++) {
                    accepted.write(memory, 0, 1 << 20, i);
                }
            });
            RecordingHandler.Ending ending = server.ended.get();
            assertThat(ending.cause()).isNotNull();
            assertThat(ending.released()).isEqualTo(64);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aThousandConnectionsLiveAtOnce(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            int count = 1000;
            world.listen(connection -> {
                Echo echo = new Echo(64);
                echo.released(connection, null);
                return echo;
            });
            List<RecordingHandler> clients = new ArrayList<>();
            List<StreamConnection> connections = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                RecordingHandler client = new RecordingHandler(1, 64);
                clients.add(client);
                connections.add(world.connect(client));
            }
            for (int i = 0; i < count; i++) {
                StreamConnection connection = connections.get(i);
                RecordingHandler client = clients.get(i);
                byte[] number = {(byte) i, (byte) (i >> 8)};
                connection.reactor().execute(() -> {
                    IoBuffer memory = IoBuffer.allocate(2);
                    memory.bytes().put(0, number);
                    client.readOn(connection);
                    connection.writeCopy(memory, 0, 2);
                    connection.shutdownOutput();
                    memory.free();
                });
            }
            for (int i = 0; i < count; i++) {
                assertThat(clients.get(i).allReceived.get()).containsExactly((byte) i, (byte) (i >> 8));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsThrownByAHandlerEndsItsConnectionOnly(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            AtomicInteger number = new AtomicInteger();
            CompletableFuture<IOException> cause = new CompletableFuture<>();
            Supplier<StreamHandler> handlers = () -> number.getAndIncrement() == 0
                    ? new RecordingHandler(1, 10) {
                        @Override
                        public void received(StreamConnection connection, int bytes) {
                            throw new IllegalStateException("on purpose");
                        }

                        @Override
                        public void closed(StreamConnection connection, IOException why) {
                            cause.complete(why);
                            throw new IllegalStateException("and again");
                        }
                    }
                    : new RecordingHandler(1, 10);
            IoBuffer memory = IoBuffer.allocate(10);
            world.listen(handlers, connection -> connection.read(memory, 0, 1, 10));
            RecordingHandler first = new RecordingHandler(1, 10);
            StreamConnection failing = world.connect(first);
            on(failing, () -> {
                first.readOn(failing);
                failing.writeCopy(memory, 0, 1);
            });
            assertThat(cause.get()).hasMessageContaining("on purpose");
            assertThat(first.allReceived.get()).isEmpty();
            world.connect(new RecordingHandler(1, 10));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aRefusedConnectionIsClosed(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.listen(() -> null, connection -> {});
            RecordingHandler client = new RecordingHandler(1, 10);
            StreamConnection connection = world.connect(client);
            on(connection, () -> client.readOn(connection));
            assertThat(client.allReceived.get()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void badCallsChangeNothing(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.listen(() -> new RecordingHandler(1, 10), connection -> {});
            StreamConnection connection = world.connect(new RecordingHandler(1, 10));
            IoBuffer memory = IoBuffer.allocate(10);
            assertThatThrownBy(() -> connection.write(memory, 0, 1, null)).isInstanceOf(IllegalStateException.class);
            on(connection, () -> {
                assertThatThrownBy(() -> connection.write(memory, 5, 6, null))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> connection.write(memory, 5, 0, null))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> connection.read(memory, 0, 1, 11))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> connection.read(memory, 0, 3, 2)).isInstanceOf(IllegalArgumentException.class);
                connection.read(memory, 0, 1, 10);
                assertThatThrownBy(() -> connection.read(memory, 0, 1, 10)).isInstanceOf(IllegalStateException.class);
                assertThat(connection.unsentBytes()).isZero();
            });
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theEndOfTheReactorsIsToldToTheirConnections(Kind kind) throws Exception {
        RecordingHandler server = new RecordingHandler(1, 10);
        RecordingHandler client = new RecordingHandler(1, 10);
        try (World world = new World(kind)) {
            world.listen(() -> server, server::readOn);
            StreamConnection connection = world.connect(client);
            on(connection, () -> client.readOn(connection));
            world.accepted.take();
        }
        assertThat(server.ended).isDone();
        assertThat(client.ended).isDone();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aClosedListenerFreesItsAddressAndItsConnectionsLiveOn(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            Echo echo = new Echo(100);
            world.listen(() -> echo, connection -> echo.released(connection, null));
            RecordingHandler client = new RecordingHandler(1, 10);
            StreamConnection connection = world.connect(client);
            world.accepted.take();
            SocketAddress bound = world.listener.address();
            get(world.listener.close());
            get(world.listener.close());
            assertThatThrownBy(() -> get(world.network.connect(bound, world.reactors.app(), client)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(bound.toString());
            on(connection, () -> {
                client.readOn(connection);
                connection.writeCopy(client.buffer, 0, 7);
                connection.shutdownOutput();
            });
            assertThat(client.allReceived.get()).hasSize(7);
            if (bound instanceof UnixDomainSocketAddress unix) {
                assertThat(unix.getPath()).doesNotExist();
            } else {
                try (ServerSocket again = new ServerSocket()) {
                    again.setReuseAddress(true);
                    again.bind(bound);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anAddressInUseIsNamed(Kind kind) throws Exception {
        try (World world = new World(kind)) {
            world.listen(() -> null, connection -> {});
            SocketAddress bound = world.listener.address();
            assertThatThrownBy(() -> get(world.network.listen(bound, refuseAll(world))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(bound.toString())
                    .hasMessageContaining("ddress already in use");
            if (kind.family() == Family.UNIX) {
                try (Stream<Path> files = Files.list(directory)) {
                    assertThat(files).containsExactly(directory.resolve("sock"));
                }
                world.connect(new RecordingHandler(1, 1));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theFileOfAUnixSocketIsTheOwnersOnlyAndReplacesADeadOne(Kind kind) throws Exception {
        if (kind.family() == Family.TCP) {
            return;
        }
        Path path = directory.resolve("sock");
        try (ServerSocketChannel dead = ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        try (World world = new World(kind)) {
            world.listen(() -> null, connection -> {});
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
            world.connect(new RecordingHandler(1, 1));
            // another one has taken the place: that one is not deleted
            Files.delete(path);
            Files.writeString(path, "another");
            get(world.listener.close());
            assertThat(path).hasContent("another");
            assertThatThrownBy(() -> get(world.network.listen(UnixDomainSocketAddress.of(path), refuseAll(world))))
                    .hasMessageContaining("not a socket")
                    .hasMessageContaining(path.toString());
            assertThat(path).hasContent("another");
            Path missing = directory.resolve("missing/sock");
            assertThatThrownBy(() -> get(world.network.listen(UnixDomainSocketAddress.of(missing), refuseAll(world))))
                    .hasMessageContaining("no such directory")
                    .hasMessageContaining(missing.toString());
            Path longOne = directory.resolve("x".repeat(120));
            assertThatThrownBy(() -> get(world.network.listen(UnixDomainSocketAddress.of(longOne), refuseAll(world))))
                    .hasMessageContaining("bytes")
                    .hasMessageContaining(longOne.toString());
            assertThat(Files.exists(directory.resolve("missing"), LinkOption.NOFOLLOW_LINKS))
                    .isFalse();
        }
    }

    private static StreamAcceptor refuseAll(World world) {
        return new StreamAcceptor() {
            @Override
            public Reactor place() {
                return world.reactors.next();
            }

            @Override
            public StreamHandler accepted(StreamConnection connection) {
                return null;
            }
        };
    }

    private static void on(StreamConnection connection, Runnable action) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        connection.reactor().execute(() -> {
            try {
                action.run();
                done.complete(null);
            } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
            }
        });
        get(done);
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }
}
