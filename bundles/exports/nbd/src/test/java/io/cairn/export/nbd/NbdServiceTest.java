package io.cairn.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.core.BdevCore;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.session.RamDisk;
import io.cairn.export.nbd.session.SessionLimits;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.IoBackend;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The server on real reactors and real sockets, over the core and a disk in memory. */
@Timeout(120)
class NbdServiceTest {
    private static final SessionLimits FEW =
            new SessionLimits(8, 32 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(5));

    @TempDir
    private Path folder;

    private final List<AutoCloseable> toClose = new ArrayList<>();
    private ThreadReactors reactors;
    private OperationCenter center;
    private RamDisk disk;
    private NbdService service;

    private void start(IoBackend backend, String addresses) throws Exception {
        reactors = new ThreadReactors(ReactorOptions.defaults().withCount(2).withBackend(backend));
        toClose.add(reactors);
        center = new OperationCenter(reactors, ConfigStore.inMemory());
        BdevCore core = new BdevCore(reactors, center);
        disk = new RamDisk("ram", 512, 16_384);
        await(reactors.onApp(() -> core.add(disk)));
        await(reactors.onApp(() -> disk.register(RamDisk.ALL)));
        service = new NbdService(reactors, core, center, ListenAddresses.parse(addresses), FEW);
        await(service.start());
        call("nbd_export_create", Map.of("bdev_name", "ram"));
    }

    @AfterEach
    void close() throws Exception {
        for (int i = toClose.size() - 1; i >= 0; i--) {
            toClose.get(i).close();
        }
    }

    private static <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException {
        return stage.toCompletableFuture().get();
    }

    private Object call(String name, Map<String, Object> params) throws Exception {
        return await(center.call(name, params));
    }

    private SocketAddress address() throws Exception {
        String[] hostAndPort = await(reactors.onApp(() -> CompletableFuture.completedFuture(service.listeningOn())))
                .get(0)
                .split(":");
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(hostAndPort[1]));
    }

    private Client connect(SocketAddress address) throws IOException {
        Client client = new Client(SocketChannel.open(address));
        toClose.add(client);
        return client;
    }

    /** A blocking client. */
    private static final class Client implements AutoCloseable {
        private final SocketChannel channel;

        Client(SocketChannel channel) {
            this.channel = channel;
        }

        Client go() throws IOException {
            receive(18);
            send(ByteBuffer.allocate(26)
                    .putInt(3)
                    .putLong(Nbd.OPTION_MAGIC)
                    .putInt(Nbd.OPT_GO)
                    .putInt(6)
                    .putInt(0)
                    .putShort((short) 0));
            receive(20 + 12 + 20);
            return this;
        }

        void send(ByteBuffer bytes) throws IOException {
            bytes.flip();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        ByteBuffer receive(int length) throws IOException {
            ByteBuffer in = ByteBuffer.allocate(length);
            while (in.hasRemaining()) {
                if (channel.read(in) < 0) {
                    throw new EOFException("after " + in.position() + " of " + length + " bytes");
                }
            }
            return in.flip();
        }

        static ByteBuffer request(int command, long cookie, long offset, int length) {
            return ByteBuffer.allocate(28 + (command == Nbd.CMD_WRITE ? length : 0))
                    .putInt(Nbd.REQUEST_MAGIC)
                    .putShort((short) 0)
                    .putShort((short) command)
                    .putLong(cookie)
                    .putLong(offset)
                    .putInt(length);
        }

        void write(long offset, byte[] data) throws IOException {
            send(request(Nbd.CMD_WRITE, 1, offset, data.length).put(data));
            assertThat(receive(16).getInt(4)).isZero();
        }

        byte[] read(long offset, int length) throws IOException {
            send(request(Nbd.CMD_READ, 2, offset, length));
            assertThat(receive(16).getInt(4)).isZero();
            return receive(length).array();
        }

        boolean isAtItsEnd() throws IOException {
            try {
                return channel.read(ByteBuffer.allocate(1)) < 0;
            } catch (IOException e) {
                return String.valueOf(e.getMessage()).contains("reset");
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(
            value = IoBackend.class,
            names = {"AUTO", "NIO"})
    void whatOneConnectionWritesTheOtherReads(IoBackend backend) throws Exception {
        start(backend, "127.0.0.1:0");
        Client one = connect(address()).go();
        Client two = connect(address()).go();
        for (int length : new int[] {512, 4096, 65_536, 1 << 20, 5 << 20}) {
            byte[] data = noise(length, length);
            one.write(1024, data);
            assertThat(two.read(1024, length)).isEqualTo(data);
        }
        assertThat(call("nbd_export_list", null).toString()).contains("connections=2");
        await(service.stop());
        assertThat(one.isAtItsEnd()).isTrue();
        assertThat(two.isAtItsEnd()).isTrue();
    }

    @Test
    void listensOnAUnixSocketToo() throws Exception {
        Path socket = folder.resolve("nbd.sock");
        start(IoBackend.AUTO, "127.0.0.1:0," + socket);
        Client client = connect(UnixDomainSocketAddress.of(socket)).go();
        client.write(0, noise(4096, 1));
        assertThat(connect(address()).go().read(0, 4096)).isEqualTo(noise(4096, 1));
        await(service.stop());
        assertThat(Files.exists(socket)).isFalse();
    }

    @Test
    void deletionAndHotRemoveEndTheSessions() throws Exception {
        start(IoBackend.AUTO, "127.0.0.1:0");
        Client client = connect(address()).go();
        await(reactors.onApp(disk::unregister));
        assertThat(client.isAtItsEnd()).isTrue();
        await(reactors.onApp(() -> disk.register(RamDisk.ALL)));
        assertThat(call("nbd_export_list", null).toString()).contains("state=live");
        Client second = connect(address()).go();
        second.write(0, noise(512, 2));
        call("nbd_export_delete", Map.of("export_name", "ram"));
        assertThat(second.isAtItsEnd()).isTrue();
        await(service.stop());
    }

    @Test
    void aFloodOfConnectionsDoesNotStopTheOthers() throws Exception {
        start(IoBackend.AUTO, "127.0.0.1:0");
        Client working = connect(address()).go();
        List<Client> flood = new ArrayList<>();
        byte[] garbage = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 400; i++) {
            Client one = connect(address());
            flood.add(one);
            if (i % 3 == 0) {
                one.send(ByteBuffer.allocate(garbage.length).put(garbage));
            }
        }
        working.write(0, noise(4096, 3));
        assertThat(working.read(0, 4096)).isEqualTo(noise(4096, 3));
        for (Client one : flood) {
            one.close();
        }
        await(service.stop());
    }

    @Test
    void anAddressThatIsTakenIsNamed() throws Exception {
        start(IoBackend.AUTO, "127.0.0.1:0");
        int port = ((InetSocketAddress) address()).getPort();
        NbdService second = new NbdService(
                reactors,
                new BdevCore(reactors, new OperationCenter(reactors, ConfigStore.inMemory())),
                new OperationCenter(reactors, ConfigStore.inMemory()),
                ListenAddresses.parse("127.0.0.1:" + port),
                FEW);
        assertThat(second.start().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(60))
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining(Integer.toString(port));
        await(second.stop());
        await(service.stop());
    }
}
