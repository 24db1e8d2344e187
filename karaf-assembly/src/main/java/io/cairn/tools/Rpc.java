package io.cairn.tools;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A JSON-RPC 2.0 client for a Unix socket, as small as a shell script needs it. */
public final class Rpc {
    private static final String USAGE =
            """
            usage: cairn-rpc [--wait SECONDS] METHOD ['{"json": "params"}']
                   cairn-rpc [--wait SECONDS] -      (lines of METHOD PARAMS from standard input, one connection)

            Prints the result as JSON, one per line. Ends with 0 when every call succeeded, with 1 when one was
            answered with an error (printed on standard error; later lines are not sent), with 2 when there is no
            server or no answer.
            CAIRN_RPC_SOCKET names the socket; by default it is data/cairn.sock of this distribution.
            """;

    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocate(1 << 16).limit(0);
    private int lastId;

    private Rpc(SocketChannel channel) {
        this.channel = channel;
    }

    /** The program. */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(List.of(args), out, err));
    }

    private static int run(List<String> args, PrintStream out, PrintStream err) {
        List<String> rest = new ArrayList<>(args);
        long waitNanos = 0;
        if (rest.size() >= 2 && rest.get(0).equals("--wait")) {
            waitNanos = TimeUnit.SECONDS.toNanos(Long.parseLong(rest.get(1)));
            rest = rest.subList(2, rest.size());
        }
        if (rest.isEmpty()
                || rest.size() > 2
                || rest.get(0).equals("--help")
                || rest.get(0).equals("-h")) {
            err.print(USAGE);
            return 2;
        }
        String socket = System.getenv("CAIRN_RPC_SOCKET");
        try (SocketChannel channel = connect(Path.of(socket), waitNanos)) {
            Rpc rpc = new Rpc(channel);
            if (!rest.get(0).equals("-")) {
                return rpc.call(rest.get(0), rest.size() == 2 ? rest.get(1) : "", out, err) ? 0 : 1;
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.strip().split("\\s+", 2);
                if (!parts[0].isEmpty() && !rpc.call(parts[0], parts.length == 2 ? parts[1] : "", out, err)) {
                    return 1;
                }
            }
            return 0;
        } catch (IOException e) {
            err.println("cairn-rpc: " + socket + ": " + e.getMessage());
            return 2;
        }
    }

    private static SocketChannel connect(Path socket, long waitNanos) throws IOException {
        long end = System.nanoTime() + waitNanos;
        while (true) {
            try {
                return SocketChannel.open(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                if (System.nanoTime() - end >= 0) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    private boolean call(String method, String params, PrintStream out, PrintStream err) throws IOException {
        lastId++;
        String request = "{\"jsonrpc\":\"2.0\",\"id\":" + lastId + ",\"method\":\"" + method + "\""
                + (params.isBlank() ? "" : ",\"params\":" + params) + "}";
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(request);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        String answer = readObject();
        String error = JsonText.member(answer, "error");
        if (error != null) {
            err.println(method + ": " + error);
            return false;
        }
        String result = JsonText.member(answer, "result");
        out.println(result == null ? answer : result);
        return true;
    }

    /** Reads bytes until they are one whole JSON object. */
    private String readObject() throws IOException {
        JsonText.Extent extent = new JsonText.Extent();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (true) {
            while (input.hasRemaining()) {
                byte b = input.get();
                text.write(b);
                if (extent.endsWith(b)) {
                    return text.toString(StandardCharsets.UTF_8);
                }
            }
            input.clear();
            int n = channel.read(input);
            input.flip();
            if (n < 0) {
                throw new IOException("the server closed the connection");
            }
        }
    }
}
