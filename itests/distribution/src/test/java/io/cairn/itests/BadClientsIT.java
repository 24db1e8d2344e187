package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.support.NbdWire;
import io.cairn.itests.support.RawConnection;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that are broken, malicious or gone: the server answers or closes, and goes on serving the others. */
@ExtendWith(SharedDistribution.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
class BadClientsIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int CROWD = 10_000;
    private static final int SIZE = 1 << 20;
    private static final String DISK = "bad-clients-disk";

    private final RunningDistribution cairn;
    private Stack stack;

    BadClientsIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void serve() throws IOException {
        stack = new Stack(cairn.rpc());
        stack.malloc(DISK, SIZE);
        stack.export(DISK);
    }

    /** After each of the tests: who was connected before is served, a new client is, and the export works. */
    @AfterEach
    void othersAreServed() throws IOException {
        try (Stack before = stack) {
            before.rpc().call("bdev_get_bdevs");
            try (RpcClient fresh = cairn.rpc()) {
                fresh.call("bdev_get_bdevs");
            }
            othersReadFromTheExport();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\": \"2.0\", \"method\" : }",
                "]",
                "{\"id\": 1, \"method\": \"spdk_get_version\", }",
                "\u0000\u0001\u0002",
                "nonsense",
            })
    void malformedJsonIsAnsweredOrClosed(String text) throws IOException {
        try (RawConnection client = rpc()) {
            client.send(StandardCharsets.UTF_8.encode(text + "\n"), LIMIT);
            client.awaitEnd(LIMIT);
        }
    }

    @Test
    void aMebibyteOfGarbageEndsTheConnection() throws IOException {
        byte[] garbage = new byte[1 << 20];
        new Random(1).nextBytes(garbage);
        sendAllOrBeCut(garbage);
    }

    @Test
    void aRequestThatNeverEndsIsCutAtTheLimit() throws IOException {
        byte[] text =
                ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + "a".repeat(1 << 20)).getBytes(StandardCharsets.UTF_8);
        sendAllOrBeCut(text);
    }

    @Test
    void deepNestingIsNotARecursionWithoutBound() throws IOException {
        sendAllOrBeCut("[".repeat(1 << 20).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void halfARequestThenSilenceHoldsUpNobody() throws IOException {
        String request = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"spdk_get_version\"}";
        try (RawConnection client = rpc()) {
            client.send(StandardCharsets.UTF_8.encode(request.substring(0, 20)), LIMIT);

            stack.rpc().call("bdev_get_bdevs");
            try (RpcClient other = cairn.rpc()) {
                other.call("bdev_get_bdevs");
            }

            client.send(StandardCharsets.UTF_8.encode(request.substring(20)), LIMIT);
            ByteBuffer answer = ByteBuffer.allocate(4096);
            assertThat(client.receive(answer, LIMIT)).isTrue();
            assertThat(StandardCharsets.UTF_8.decode(answer.flip()).toString()).containsPattern("\"id\"\\s*:\\s*7\\b");
        }
    }

    @Test
    void tenThousandConnectionsDoNotShutOutThoseWhoWereThere() throws IOException {
        List<SocketChannel> crowd = new ArrayList<>(CROWD);
        try {
            for (int i = 0; i < CROWD; i++) {
                crowd.add(SocketChannel.open(UnixDomainSocketAddress.of(cairn.socket())));
            }
            assertThat(crowd).hasSize(CROWD);
            stack.rpc().call("bdev_get_bdevs");
        } finally {
            for (SocketChannel one : crowd) {
                one.close();
            }
        }
    }

    @Test
    void tenThousandNbdConnectionsDoNotShutOutThoseWhoWereThere() throws IOException {
        List<SocketChannel> crowd = new ArrayList<>(CROWD);
        try (NbdWire before = NbdWire.go(cairn.nbdAddress(), DISK)) {
            for (int i = 0; i < CROWD; i++) {
                crowd.add(SocketChannel.open(cairn.nbdAddress()));
            }
            before.request(NbdWire.READ, 9, 0, 512);
            assertThat(before.reply(9)).isZero();
            before.data(512);
            stack.rpc().call("bdev_get_bdevs");
        } finally {
            for (SocketChannel one : crowd) {
                one.close();
            }
        }
    }

    @Test
    void garbageInsteadOfAHandshakeEndsTheConnection() throws IOException {
        byte[] garbage = new byte[64 << 10];
        new Random(2).nextBytes(garbage);
        // Flags that no server knows, for certain.
        garbage[0] = (byte) 0xff;
        try (NbdWire client = NbdWire.greet(cairn.nbdAddress())) {
            client.send(ByteBuffer.wrap(garbage));
            client.awaitEnd();
        } catch (IOException cut) {
            // The server need not take all of it.
            assertThat(cut).isNotInstanceOf(RawConnection.LimitReached.class);
        }
    }

    @Test
    void anOptionThatIsTooLongIsRefusedOrEndsTheConnection() throws IOException {
        int length = 1 << 20;
        try (NbdWire client = NbdWire.greet(cairn.nbdAddress())) {
            client.send(ByteBuffer.allocate(4).putInt(3).flip());
            client.option(NbdWire.OPT_GO, length, ByteBuffer.allocate(length));
            assertThat(client.optionReply()).as("an error reply").isNegative();
        } catch (IOException cut) {
            assertThat(cut).isNotInstanceOf(RawConnection.LimitReached.class);
        }
    }

    @Test
    void anOptionOfFourGibibytesHoldsUpNobody() throws IOException {
        try (NbdWire client = NbdWire.greet(cairn.nbdAddress())) {
            client.send(ByteBuffer.allocate(4).putInt(3).flip());
            client.option(NbdWire.OPT_GO, -1, ByteBuffer.allocate(4096));
            othersReadFromTheExport();
        }
    }

    @Test
    void anOptionWhoseInnerLengthLiesIsRefused() throws IOException {
        try (NbdWire client = NbdWire.greet(cairn.nbdAddress())) {
            client.send(ByteBuffer.allocate(4).putInt(3).flip());
            client.option(
                    NbdWire.OPT_GO,
                    8,
                    ByteBuffer.allocate(8).putInt(4000).putInt(0).flip());
            assertThat(client.optionReply()).as("an error reply").isNegative();
        }
    }

    @Test
    void aClientThatVanishesInMidWriteLeavesNothingBehind() throws IOException {
        try (NbdWire client = NbdWire.go(cairn.nbdAddress(), DISK)) {
            client.request(NbdWire.WRITE, 3, 0, SIZE);
            client.send(ByteBuffer.allocate(SIZE / 10));
        }
        // Deleting waits for the sessions; a session that waits for the rest of the data would hold it up.
        stack.delete("nbd_export_delete", DISK);
        stack.delete("bdev_malloc_delete", DISK);
        stack.malloc(DISK, SIZE);
        stack.export(DISK);
    }

    @Test
    void requestsBeyondTheExportAreInvalid() throws IOException {
        try (NbdWire client = NbdWire.go(cairn.nbdAddress(), DISK)) {
            long cookie = 0;
            for (long offset : new long[] {SIZE, SIZE - 512, Long.MAX_VALUE - 511, -512}) {
                for (int command : new int[] {NbdWire.READ, NbdWire.TRIM, NbdWire.WRITE_ZEROES}) {
                    cookie++;
                    client.request(command, cookie, offset, 1024);
                    assertThat(client.reply(cookie))
                            .as("command %d at %d", command, offset)
                            .isEqualTo(NbdWire.EINVAL);
                }
                cookie++;
                client.request(NbdWire.WRITE, cookie, offset, 1024);
                client.send(ByteBuffer.allocate(1024));
                assertThat(client.reply(cookie)).as("write at %d", offset).isEqualTo(NbdWire.EINVAL);
            }
            // The payloads of the refused writes were taken off the stream.
            client.request(NbdWire.READ, 99, SIZE - 512, 512);
            assertThat(client.reply(99)).isZero();
            client.data(512);
        }
    }

    @Test
    void anUnknownCommandIsInvalid() throws IOException {
        try (NbdWire client = NbdWire.go(cairn.nbdAddress(), DISK)) {
            client.request(200, 5, 0, 512);
            assertThat(client.reply(5)).isEqualTo(NbdWire.EINVAL);
        }
    }

    @Test
    void aWriteToAReadOnlyExportIsNotPermitted() throws IOException {
        stack.export(DISK, "bad-clients-read-only", true);
        try (NbdWire client = NbdWire.go(cairn.nbdAddress(), "bad-clients-read-only")) {
            client.request(NbdWire.WRITE, 4, 0, 512);
            client.send(ByteBuffer.allocate(512));
            assertThat(client.reply(4)).isEqualTo(NbdWire.EPERM);
            client.request(NbdWire.TRIM, 5, 0, 512);
            assertThat(client.reply(5)).isEqualTo(NbdWire.EPERM);
        }
    }

    @Test
    void anUnknownExportIsRefused() {
        assertThatThrownBy(
                        () -> NbdWire.go(cairn.nbdAddress(), "no-such-export").close())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("80000006");
    }

    private void othersReadFromTheExport() throws IOException {
        try (NbdWire other = NbdWire.go(cairn.nbdAddress(), DISK)) {
            other.request(NbdWire.READ, 1, 0, 512);
            assertThat(other.reply(1)).isZero();
            other.data(512);
        }
    }

    /** The server may close before it has taken everything; what it must not do is keep the connection. */
    private void sendAllOrBeCut(byte[] bytes) throws IOException {
        try (RawConnection client = rpc()) {
            client.send(ByteBuffer.wrap(bytes), LIMIT);
            client.awaitEnd(LIMIT);
        } catch (IOException cut) {
            assertThat(cut).isNotInstanceOf(RawConnection.LimitReached.class);
        }
    }

    private RawConnection rpc() throws IOException {
        return RawConnection.open(UnixDomainSocketAddress.of(cairn.socket()));
    }
}
