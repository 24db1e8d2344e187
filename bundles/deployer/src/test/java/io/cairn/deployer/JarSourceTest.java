package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.deployer.JarSource.Bounds;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class JarSourceTest {
    private static final Bounds BOUNDS = new Bounds(Duration.ofMillis(200), Duration.ofMillis(600), 100_000);

    @TempDir
    private Path folder;

    @Test
    void whoSaysNothingIsNotWaitedForLong() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            refused(url(server), Errno.ETIMEDOUT, "timed out");
        }
    }

    @Test
    void whoGoesOnAndOnIsNotReadForLong() throws IOException {
        try (ServerSocket server = serving("HTTP/1.1 200 OK\r\n\r\n", 1)) {
            refused(url(server), Errno.ETIMEDOUT, "within 600 ms");
        }
    }

    @Test
    void whatIsTooLargeIsRefusedWhetherItSaysSoOrNot() throws IOException {
        try (ServerSocket server = serving("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", 0)) {
            refused(url(server), Errno.EFBIG, "larger than 100000 bytes");
        }
        try (ServerSocket server = serving("HTTP/1.1 200 OK\r\n\r\n", 60_000)) {
            refused(url(server), Errno.EFBIG, "larger than 100000 bytes");
        }
        Path file = Files.write(folder.resolve("large.jar"), new byte[100_001]);
        refused(file.toString(), Errno.EFBIG, "larger than 100000 bytes");
    }

    @Test
    void whatFitsIsRead() throws IOException {
        Path file = Files.write(folder.resolve("m.jar"), new byte[100_000]);
        assertThat(JarSource.read(file.toString(), BOUNDS)).hasSize(100_000);
    }

    private static String url(ServerSocket server) {
        return "http://127.0.0.1:" + server.getLocalPort() + "/m.jar";
    }

    private static void refused(String url, Errno errno, String why) {
        assertThatThrownBy(() -> JarSource.read(url, BOUNDS))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContaining(url)
                .hasMessageContaining(why);
    }

    /** Answers one request by a head, and then by so many bytes again and again until the client has gone. */
    private static ServerSocket serving(String head, int piece) throws IOException {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread answering = new Thread(() -> {
            try (Socket client = server.accept()) {
                OutputStream out = client.getOutputStream();
                out.write(head.getBytes(StandardCharsets.US_ASCII));
                out.flush();
                // the client's next byte never comes: a pause without a sleep, unless it has gone
                client.setSoTimeout(20);
                while (true) {
                    out.write(new byte[piece]);
                    pause(client);
                }
            } catch (IOException e) {
                // the client has gone
            }
        });
        answering.setDaemon(true);
        answering.start();
        return server;
    }

    private static void pause(Socket client) throws IOException {
        try {
            while (client.getInputStream().read() >= 0) {
                // the request
            }
            throw new IOException("gone");
        } catch (java.net.SocketTimeoutException e) {
            // go on
        }
    }
}
