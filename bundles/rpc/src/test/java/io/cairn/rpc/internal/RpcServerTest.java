package io.cairn.rpc.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Operations;
import io.cairn.operations.Param;
import io.cairn.operations.PlainJson;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBackend;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.IOException;
import java.math.BigInteger;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RpcServerTest {
    private static final Limits LIMITS =
            new Limits(256 << 10, 8192, 64, 512, 64, 64 << 10, 32 << 20, Duration.ofMinutes(10));

    @TempDir
    private Path folder;

    private final Queue<CompletableFuture<Object>> held = new ConcurrentLinkedQueue<>();
    private final CountDownLatch arrived = new CountDownLatch(2);
    private ThreadReactors reactors;
    private OperationCenter center;
    private RpcServer server;

    record Echo(
            @Param("comes back") String text,
            @Param(value = "how often", min = 1, max = 100_000, defaultsTo = "1") int times) {}

    @BeforeEach
    void start() throws Exception {
        reactors = new ThreadReactors(ReactorOptions.defaults().withCount(1).withBackend(IoBackend.NIO));
        center = new OperationCenter(reactors, ConfigStore.inMemory());
        reactors.onApp(() -> {
                    center.offer(operations(), new NoConfig());
                    return CompletableFuture.completedFuture(null);
                })
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        server = start(LIMITS);
    }

    private RpcServer start(Limits limits) throws IOException {
        return new RpcServer(folder.resolve("cairn.sock"), center, center, limits);
    }

    @AfterEach
    void stop() throws Exception {
        held.forEach(one -> one.complete(true));
        server.close();
        reactors.close();
    }

    private record NoConfig() implements ConfigSource {
        @Override
        public String subsystem() {
            return "test";
        }

        @Override
        public String owner() {
            return "test";
        }

        @Override
        public List<ConfigEntry> configuration() {
            return List.of();
        }
    }

    private List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("echo", Echo.class)
                        .handledBy(echo ->
                                CompletableFuture.completedFuture(echo.text().repeat(echo.times()))),
                Operation.named("hold", Operation.None.class).handledBy(nothing -> {
                    CompletableFuture<Object> answer = new CompletableFuture<>();
                    held.add(answer);
                    arrived.countDown();
                    return answer;
                }),
                Operation.named("big", Operation.None.class)
                        .handledBy(
                                nothing -> CompletableFuture.completedFuture(new BigInteger("18446744073709551615"))),
                Operation.named("refuse", Operation.None.class).handledBy(nothing -> {
                    throw OperationException.errno(Errno.EBUSY, "thing x is taken");
                }));
    }

    @Test
    void answersInSpdksBytes() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send(
                    "{\n  \"id\": 1,\n  \"method\": \"echo\",\n  \"jsonrpc\": \"2.0\",\n  \"params\": {\"text\": \"a\\\"é\"}\n}");

            assertThat(client.line()).contains("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"a\\\"é\"}");
        }
    }

    @Test
    void answersAnErrorWithItsDetails() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":\"x\",\"method\":\"refuse\"}");

            assertThat(client.line())
                    .contains(
                            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":{\"code\":-16,\"message\":\"thing x is taken: EBUSY"
                                    + " (Device or resource busy)\",\"data\":{\"errno\":\"EBUSY\"}}}");
        }
    }

    @Test
    void writesUnsigned64BitNumbers() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":18446744073709551615,\"method\":\"big\"}");

            assertThat(client.line())
                    .contains("{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"result\":18446744073709551615}");
        }
    }

    @Test
    void takesRequestsByteByByteAndManyAtOnce() throws Exception {
        try (Client client = new Client(server.path())) {
            for (byte b : "{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"ü\"}}".getBytes(UTF_8)) {
                client.send(new byte[] {b});
            }
            assertThat(client.result()).isEqualTo("ü");

            StringBuilder many = new StringBuilder();
            for (int i = 0; i < 1000; i++) {
                many.append("{\"id\":").append(i).append(",\"method\":\"echo\",\"params\":{\"text\":\"t\"}}");
            }
            client.send(many.toString());
            for (int i = 0; i < 1000; i++) {
                assertThat(client.result()).isEqualTo("t");
            }
        }
    }

    @Test
    void answersOutOfOrder() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"hold\"}{\"id\":2,\"method\":\"echo\",\"params\":{\"text\":\"b\"}}");

            assertThat(client.answer()).isEqualTo(Map.of("jsonrpc", "2.0", "id", 2L, "result", "b"));
            held.remove().complete("late");
            assertThat(client.answer()).isEqualTo(Map.of("jsonrpc", "2.0", "id", 1L, "result", "late"));
        }
    }

    @Test
    void answersABatchInOneListInTheOrderOfCompletion() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("[{\"id\":1,\"method\":\"hold\"},{\"id\":2,\"method\":\"hold\"},7,"
                    + "{\"method\":\"echo\",\"params\":{\"text\":\"nobody asks\"}},{\"id\":3,\"method\":\"no_such\"}]");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Object> first = held.remove();
            held.remove().complete("second");
            // the next request proves that the server's thread has seen the second's answer
            client.send("{\"id\":9,\"method\":\"echo\",\"params\":{\"text\":\"x\"}}");
            assertThat(client.result()).isEqualTo("x");
            first.complete("first");

            List<?> answers = (List<?>) client.answer();

            assertThat(answers.stream().<Object>map(answer -> ((Map<?, ?>) answer).get("id")))
                    .containsExactlyInAnyOrder(null, 3L, 2L, 1L)
                    .startsWith((Object) null)
                    .endsWith(1L);
        }
    }

    @Test
    void beginsNoMoreOfABatchThanItHasRoomForCalls() throws Exception {
        server.close();
        server = start(new Limits(256 << 10, 8192, 64, 512, 2, 64 << 10, 32 << 20, Duration.ofMinutes(10)));
        try (Client client = new Client(server.path());
                Client other = new Client(server.path())) {
            client.send("[" + "{\"id\":1,\"method\":\"hold\"},".repeat(4) + "{\"id\":1,\"method\":\"hold\"}]");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
            for (int answered = 0; answered < 5; answered++) {
                // by now the server's thread has begun what it was going to begin
                other.send("{\"id\":9,\"method\":\"echo\",\"params\":{\"text\":\"x\"}}");
                assertThat(other.result()).isEqualTo("x");
                assertThat(held).hasSizeLessThanOrEqualTo(2);
                takeHeld().complete("ok");
            }

            assertThat((List<?>) client.answer()).hasSize(5).allSatisfy(answer -> assertThat(
                            ((Map<?, ?>) answer).get("result"))
                    .isEqualTo("ok"));
        }
    }

    @Test
    void holdsNoMoreOfABatchThanCanBeSent() throws Exception {
        server.close();
        AtomicInteger calls = new AtomicInteger();
        Operations counted = (name, params) -> {
            calls.incrementAndGet();
            return center.call(name, params);
        };
        String thousand = "{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"0123456789\",\"times\":100}}";
        Limits limits = new Limits(256 << 10, 8192, 64, 512, 2, 64 << 10, 5000, Duration.ofMinutes(10));
        server = new RpcServer(folder.resolve("cairn.sock"), counted, center, limits);
        try (Client client = new Client(server.path())) {
            for (int round = 0; round < 3; round++) {
                calls.set(0);
                client.send("[" + (thousand + ",").repeat(499) + thousand + "]");

                List<?> answers = (List<?>) client.answer();

                assertThat(answers).hasSize(500);
                assertThat(answers.stream().filter(answer -> ((Map<?, ?>) answer).containsKey("result")))
                        .as("room that is given back after each batch")
                        .hasSize(4);
                assertThat(String.valueOf(answers.get(4))).contains("with the batch's others more than 5000");
                assertThat(answers.stream().map(String::valueOf))
                        .filteredOn(
                                answer -> answer.contains("not called: the batch's answers have more than 5000 bytes"))
                        .hasSize(500 - calls.get());
                assertThat(calls.get()).isBetween(5, 6);
            }
        }
    }

    private CompletableFuture<Object> takeHeld() {
        CompletableFuture<Object> next = held.poll();
        while (next == null) {
            Thread.onSpinWait();
            next = held.poll();
        }
        return next;
    }

    @Test
    void answersNothingToABatchOfNotificationsAndRefusesAnEmptyOne() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("[{\"method\":\"echo\",\"params\":{\"text\":\"a\"}}][]");

            assertThat(client.line().orElseThrow())
                    .startsWith("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,");
        }
    }

    @Test
    void answersOnlyErrorsToANotification() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"method\":\"echo\",\"params\":{\"text\":\"a\"}}{\"id\":null,\"method\":\"no_such\"}");

            Map<?, ?> answer = (Map<?, ?>) client.answer();

            assertThat(answer.get("id")).isNull();
            assertThat(((Map<?, ?>) answer.get("error")).get("code")).isEqualTo(-32601L);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7 ",
                "\"text\"",
                "null ",
                "{}",
                "{\"method\":7}",
                "{\"method\":\"echo\",\"jsonrpc\":\"1.0\"}",
                "{\"method\":\"echo\",\"jsonrpc\":2}",
                "{\"method\":\"echo\",\"params\":7}",
                "{\"method\":\"echo\",\"id\":{}}",
                "{\"method\":\"echo\",\"id\":true}",
                "{\"method\":\"echo\",\"extra\":1}",
                "{\"method\":\"echo\",\"method\":\"echo\"}"
            })
    void refusesWhatIsNoRequestAndGoesOn(String request) throws Exception {
        try (Client client = new Client(server.path())) {
            client.send(request);
            assertThat(client.error().get("code")).isEqualTo(-32600L);

            client.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"still here\"}}");
            assertThat(client.result()).isEqualTo("still here");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo|{\"text\":\"a\",\"text\":\"b\"}|-32603|parameter text is given twice",
                "echo|{\"text\":{\"a\":1,\"a\":2}}|-32603|text.a",
                "echo|[\"a\"]|-32603|not a list",
                "echo|[]|-32603|not a list",
                "echo|{\"text\":\"a\",\"times\":null}|-32603|times is null",
                "echo|{\"text\":\"a\",\"times\":1.5}|-32603|times is 1.5",
                "echo|{\"text\":\"a\",\"times\":-1}|-32603|times is -1",
                "echo|{\"text\":\"a\",\"times\":1e999999999}|-32603|times is 1E+999999999",
                "echo|{\"text\":\"a\",\"color\":1}|-32603|color",
                "echo|{}|-32603|text is missing",
                "big|{}|-32602|no parameters",
                "big|[]|-32602|big"
            })
    void refusesParametersWithTheOperationsCode(String method, String params, long code, String words)
            throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + "}");

            Map<?, ?> error = client.error();

            assertThat(error.get("code")).isEqualTo(code);
            assertThat(String.valueOf(error.get("message"))).contains(method).contains(words);
        }
    }

    @Test
    void takesNullParametersForNone() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"big\",\"params\":null}");

            assertThat(client.result()).isEqualTo(new BigInteger("18446744073709551615"));
        }
    }

    @Test
    void takesWholeNumbersInAnySpelling() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"a\",\"times\":2.0}}"
                    + "{\"id\":2,\"method\":\"echo\",\"params\":{\"text\":\"a\",\"times\":1e1}}");

            assertThat(client.result()).isEqualTo("aa");
            assertThat(client.result()).isEqualTo("aaaaaaaaaa");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "{\"id\":1,}",
                "{\"id\" 1}",
                "{'id':1}",
                "[1,",
                "\u0001",
                "{\"a\":\"\u0007\"}",
                "{\"a\":01}",
                "}"
            })
    void answersAParseErrorAndCloses(String garbage) throws Exception {
        try (Client client = new Client(server.path())) {
            client.send(garbage + (garbage.endsWith(",") ? "]" : " "));

            Map<?, ?> answer = (Map<?, ?>) client.answer();

            assertThat(answer.get("id")).isNull();
            assertThat(((Map<?, ?>) answer.get("error")).get("code")).isEqualTo(-32700L);
            assertThat(client.line()).isEmpty();
        }
    }

    @Test
    void refusesRequestsBeyondTheLimits() throws Exception {
        assertParseError("{\"method\":\"" + "a".repeat(300 << 10) + "\"}");
        assertParseError("[" + "1,".repeat(9000) + "1]");
        assertParseError("[".repeat(65) + "]".repeat(65));
        assertParseError(" ".repeat(300 << 10));
        assertServing();
    }

    @Test
    void takesRequestsUpToTheLimits() throws Exception {
        String text = "x".repeat(255 << 10);
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"" + text + "\"}}");
            assertThat(client.result()).isEqualTo(text);
            client.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"" + text + "\"}}");
            assertThat(client.result()).isEqualTo(text);
        }
    }

    @Test
    void survivesAMebibyteOfGarbage() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            byte[] garbage = new byte[1 << 20];
            new Random(seed).nextBytes(garbage);
            garbage[0] = (byte) (seed % 2 == 0 ? '{' : garbage[0]);
            try (Client client = new Client(server.path())) {
                client.trySend(garbage);
            }
        }
        assertServing();
    }

    @Test
    void endsHalfARequestAfterAWhileButNotAClientThatIsSilent() throws Exception {
        server.close();
        server = start(new Limits(256 << 10, 8192, 64, 512, 64, 64 << 10, 32 << 20, Duration.ofMillis(50)));
        try (Client silent = new Client(server.path());
                Client half = new Client(server.path());
                Client halfText = new Client(server.path());
                Client waiting = new Client(server.path())) {
            silent.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"a\"}}\n\n");
            assertThat(silent.result()).isEqualTo("a");
            waiting.send("{\"id\":1,\"method\":\"hold\"}");
            half.send("{\"id\":1,\"method\":");
            halfText.send(" \"abc");

            assertThat(half.error().get("code")).isEqualTo(-32700L);
            assertThat(half.line()).isEmpty();
            assertThat(halfText.error().get("code")).isEqualTo(-32700L);

            silent.send("{\"id\":2,\"method\":\"echo\",\"params\":{\"text\":\"b\"}}");
            assertThat(silent.result()).isEqualTo("b");
            held.remove().complete("c");
            assertThat(waiting.result()).isEqualTo("c");
        }
    }

    @Test
    void takesNoMoreRequestsThanItHasRoomForAnswers() throws Exception {
        // 64 in flight, 64 KiB unsent, and what the kernel buffers of a socket hold, in answers of 10 kB
        int room = 200;
        int requests = 2000;
        AtomicInteger calls = new AtomicInteger();
        Operations counted = (name, params) -> {
            calls.incrementAndGet();
            return center.call(name, params);
        };
        try (RpcServer counting = new RpcServer(folder.resolve("counting"), counted, center, LIMITS);
                Client slow = new Client(counting.path())) {
            Thread sender = new Thread(() ->
                    slow.trySend("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"0123456789\",\"times\":1000}}"
                            .repeat(requests)
                            .getBytes(UTF_8)));
            sender.start();
            for (int i = 0; i < requests; i++) {
                assertThat(String.valueOf(slow.result())).hasSize(10_000);
                assertThat(calls.get()).isLessThanOrEqualTo(i + room);
            }
            sender.join();
        }
    }

    @Test
    void disconnectsAClientThatNeverReads() throws Exception {
        server.close();
        server = start(new Limits(256 << 10, 8192, 64, 512, 64, 64 << 10, 32 << 20, Duration.ofMillis(50)));
        try (Client slow = new Client(server.path())) {
            byte[] request = "{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"0123456789\",\"times\":10000}}"
                    .getBytes(UTF_8);
            assertThatThrownBy(() -> {
                        while (true) {
                            slow.send(request);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
        assertServing();
    }

    @Test
    void servesNewClientsThoughThousandsStayConnected() throws Exception {
        List<Client> crowd = new ArrayList<>();
        try {
            for (int i = 0; i < 2000; i++) {
                crowd.add(new Client(server.path()));
            }
            assertServing();
            assertThat(server.connections()).isLessThanOrEqualTo(LIMITS.connections());
        } finally {
            for (Client client : crowd) {
                client.close();
            }
        }
        assertServing();
    }

    @Test
    void keepsClientsThatWaitForAnAnswerWhenACrowdComes() throws Exception {
        server.close();
        server = start(new Limits(256 << 10, 8192, 64, 2, 64, 64 << 10, 32 << 20, Duration.ofMinutes(10)));
        try (Client first = new Client(server.path());
                Client second = new Client(server.path())) {
            first.send("{\"id\":1,\"method\":\"hold\"}");
            second.send("{\"id\":2,\"method\":\"hold\"}");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();

            try (Client third = new Client(server.path())) {
                assertThat(String.valueOf(third.error().get("message"))).contains("too many connections");
                assertThat(third.line()).isEmpty();
            }

            held.forEach(one -> one.complete("kept"));
            assertThat(first.result()).isEqualTo("kept");
            assertThat(second.result()).isEqualTo("kept");
        }
    }

    @Test
    void answersWhatIsInFlightWhenItStops() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"hold\"}{\"id\":2,\"method\":\"hold\"}");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
            Thread stopping = new Thread(server::close);
            stopping.start();
            held.forEach(one -> one.complete("answered"));

            assertThat(client.result()).isEqualTo("answered");
            assertThat(client.result()).isEqualTo("answered");
            assertThat(client.line()).isEmpty();
            stopping.join();
        }
        assertThat(server.path()).doesNotExist();
    }

    @Test
    void isNobodyElsesBusiness() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.path())))
                .isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("cairn.sock", "cairn.sock.lock");
        }
    }

    @Test
    void refusesAPathThatAnotherServerHas() throws Exception {
        assertThatThrownBy(() -> start(LIMITS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another server")
                .hasMessageContaining("cairn.sock");
        assertServing();
    }

    @Test
    void refusesAPathOnWhichAStrangerAnswers() throws Exception {
        Path path = folder.resolve("spdk.sock");
        try (ServerSocketChannel stranger = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            stranger.bind(UnixDomainSocketAddress.of(path));

            assertThatThrownBy(() -> new RpcServer(path, center, center))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another server answers");
        }
        // now it is stale
        try (RpcServer next = new RpcServer(path, center, center);
                Client client = new Client(next.path())) {
            client.send("{\"id\":1,\"method\":\"spdk_get_version\"}");
            assertThat(client.result()).isNotNull();
        }
    }

    @Test
    void neverReplacesAFile() throws Exception {
        Path path = Files.writeString(folder.resolve("precious"), "data");

        assertThatThrownBy(() -> new RpcServer(path, center, center))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("precious")
                .hasMessageContaining("not a socket");

        assertThat(path).hasContent("data");
    }

    @Test
    void refusesAPathThatIsTooLong() {
        Path path = folder.resolve("x".repeat(120));

        assertThatThrownBy(() -> new RpcServer(path, center, center))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("longer than 107 bytes");
    }

    @Test
    void answersWhatSpdksClientAsksFirst() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"rpc_get_methods\"}");
            assertThat(client.result())
                    .isEqualTo(center.all().stream().map(Operation::name).toList());
        }
    }

    private void assertParseError(String request) throws Exception {
        try (Client client = new Client(server.path())) {
            Thread sender = new Thread(() -> client.trySend(request.getBytes(UTF_8)));
            sender.start();
            Optional<String> answer = client.line();
            // what the server had not read when it closed makes the socket drop even its last answer
            answer.ifPresent(
                    line -> assertThat(((Map<?, ?>) ((Map<?, ?>) PlainJson.read(line)).get("error")).get("code"))
                            .isEqualTo(-32700L));
            assertThat(client.line()).isEmpty();
            sender.join();
        }
    }

    private void assertServing() throws Exception {
        try (Client client = new Client(server.path())) {
            client.send("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"still here\"}}");
            assertThat(client.result()).isEqualTo("still here");
        }
    }
}
