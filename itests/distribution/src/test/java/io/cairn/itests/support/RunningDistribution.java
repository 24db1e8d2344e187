package io.cairn.itests.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The distribution that users get, unpacked into a folder of its own and run as a service runs it.
 *
 * <p>Its sockets are its own too, so that several can run beside each other.
 */
public final class RunningDistribution implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofMinutes(1);
    private static final int LOG_LINES = 200;

    /** One operation of each bundle that the tests need: a service's bundles arrive one after another. */
    private static final List<String> OPERATIONS = List.of(
            "bdev_get_bdevs",
            "bdev_aio_create",
            "bdev_malloc_create",
            "bdev_null_create",
            "bdev_passthru_create",
            "bdev_split_create",
            "nbd_export_create");

    private final Path directory;
    private final Path home;
    private final Path socket;
    private final InetSocketAddress nbdAddress;
    private final int sshPort;
    private Process process;

    private RunningDistribution(Path directory, Path home, Path socket, InetSocketAddress nbdAddress, int sshPort) {
        this.directory = directory;
        this.home = home;
        this.socket = socket;
        this.nbdAddress = nbdAddress;
        this.sshPort = sshPort;
    }

    /**
     * Unpacks the archive named by the system property {@code distribution.tar}, or else the one that
     * {@code karaf-assembly} has made.
     *
     * @param directory an empty or missing folder; short, because a Unix socket's path has at most 107 bytes
     */
    public static RunningDistribution unpack(Path directory) throws IOException {
        Path home = Files.createDirectories(directory.resolve("cairn"));
        Tool.named("tar")
                .run("-xzf", archive(), "-C", home, "--strip-components=1")
                .ok();
        int sshPort = freePort();
        Path shell = home.resolve("etc/org.apache.karaf.shell.cfg");
        Files.writeString(
                shell,
                Files.readAllLines(shell).stream()
                        .map(line -> line.matches("\\s*sshPort\\s*=.*") ? "sshPort = " + sshPort : line)
                        .collect(Collectors.joining("\n", "", "\n")));
        return new RunningDistribution(
                directory,
                home,
                directory.resolve("rpc.sock"),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort()),
                sshPort);
    }

    /** Starts it and waits until every operation is there; returns how long that took. */
    public StartTime start() throws IOException {
        return start(Map.of());
    }

    /** Starts it with more in its environment. */
    public StartTime start(Map<String, String> environment) throws IOException {
        long began = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(home.resolve("bin/karaf").toString(), "server");
        builder.environment().put("CAIRN_RPC_SOCKET", socket.toString());
        builder.environment()
                .put("CAIRN_NBD_ADDRESS", nbdAddress.getAddress().getHostAddress() + ":" + nbdAddress.getPort());
        builder.environment().putAll(environment);
        // Options of the JVM that runs the tests are not the server's.
        builder.environment().keySet().removeAll(List.of("JAVA_OPTS", "JAVA_TOOL_OPTIONS", "MAVEN_OPTS"));
        Files.createDirectories(home.resolve("data/log"));
        process = builder.redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(home.resolve("data/log/console.out").toFile())
                .start();
        try {
            Duration answer = Await.until("answer on " + socket, START_LIMIT, () -> ask(began, List.of()));
            Duration complete = Await.until("module " + OPERATIONS, START_LIMIT, () -> ask(began, OPERATIONS));
            return new StartTime(answer, complete);
        } catch (AssertionError e) {
            throw withLog(e);
        }
    }

    /** The time since the start, if the server answers and has these operations. */
    private Optional<Duration> ask(long began, List<String> operations) throws IOException {
        if (!process.isAlive()) {
            throw withLog(new AssertionError("ended during its start with status " + process.exitValue()));
        }
        try (RpcClient rpc = rpc()) {
            Set<String> known = new HashSet<>();
            rpc.call("rpc_get_methods").forEach(method -> known.add(method.asString()));
            return known.containsAll(operations)
                    ? Optional.of(Duration.ofNanos(System.nanoTime() - began))
                    : Optional.empty();
        }
    }

    /** Asks it to end, as a service manager does, and waits until it has. */
    public void stop() {
        List<ProcessHandle> all = processes();
        process.destroy();
        awaitEnd(all);
    }

    /** Ends it as a power cut would: nothing of it runs another instruction. */
    public void kill() {
        List<ProcessHandle> all = processes();
        all.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(all);
    }

    /** A new connection for calls. */
    public RpcClient rpc() throws IOException {
        return RpcClient.connect(socket);
    }

    /** Where calls are taken. */
    public Path socket() {
        return socket;
    }

    /** Where NBD clients connect. */
    public InetSocketAddress nbdAddress() {
        return nbdAddress;
    }

    /** The address of an export, as NBD clients write it. */
    public String nbdUri(String export) {
        return "nbd://" + nbdAddress.getAddress().getHostAddress() + ":" + nbdAddress.getPort() + "/" + export;
    }

    /** Its shell. */
    public ShellClient shell() {
        return new ShellClient(home, sshPort);
    }

    /** The folder whose files are installed while it runs. */
    public Path deployFolder() {
        return home.resolve("deploy");
    }

    /** The jar of one of our bundles in the distribution's own repository, installed or not. */
    public Path jar(String bundle) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve("system/io/cairn").resolve(bundle))) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(bundle + " is not in the distribution"));
        }
    }

    /** Everything that it has logged. */
    public String wholeLog() throws IOException {
        return Files.readString(home.resolve("data/log/karaf.log"));
    }

    /** The JVM, which is not the process that was started where a shell waits for it. */
    public ProcessHandle jvm() {
        return processes().stream()
                .filter(handle -> Stream.of(handle.info().arguments().orElse(new String[0]))
                        .anyMatch("org.apache.karaf.main.Main"::equals))
                .findFirst()
                .orElseThrow(() -> withLog(new AssertionError("no JVM")));
    }

    /** Runs {@code jcmd} on the JVM and returns what it printed. */
    public String jcmd(String... command) {
        List<Object> arguments = new ArrayList<>(List.of(jvm().pid()));
        arguments.addAll(List.of(command));
        return Tool.at(Path.of(System.getProperty("java.home"), "bin", "jcmd"))
                .run(arguments.toArray())
                .ok()
                .out();
    }

    /** Its folder. */
    public Path home() {
        return home;
    }

    /** The end of the log, for the report of a test that failed. */
    public String log() {
        StringBuilder text = new StringBuilder();
        for (String name : List.of("console.out", "karaf.log")) {
            Path file = home.resolve("data/log").resolve(name);
            try {
                if (Files.exists(file)) {
                    List<String> lines = Files.readAllLines(file);
                    text.append("== ").append(file).append('\n');
                    lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size())
                            .forEach(line -> text.append(line).append('\n'));
                }
            } catch (IOException e) {
                text.append(file).append(": ").append(e).append('\n');
            }
        }
        return text.toString();
    }

    /** Ends it if it runs, and removes its folder. */
    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            kill();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * How long a start took.
     *
     * @param answer until the first call was answered
     * @param complete until the operations of all modules were there
     */
    public record StartTime(Duration answer, Duration complete) {}

    private List<ProcessHandle> processes() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
    }

    private void awaitEnd(List<ProcessHandle> handles) {
        try {
            Await.untilTrue("end of the distribution", STOP_LIMIT, () -> handles.stream()
                    .noneMatch(ProcessHandle::isAlive));
        } catch (AssertionError e) {
            throw withLog(e);
        } finally {
            handles.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private AssertionError withLog(AssertionError error) {
        return new AssertionError(error.getMessage() + "\n" + log(), error);
    }

    private static Path archive() throws IOException {
        String given = System.getProperty("distribution.tar");
        if (given != null) {
            return Path.of(given);
        }
        Path target = Path.of(System.getProperty("basedir", ""), "../../karaf-assembly/target");
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no archive in " + target.toAbsolutePath()));
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }
}
