package io.cairn.itests.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The distribution's own remote shell, entered with the key that its first start made. */
public final class ShellClient {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Path home;
    private final int port;

    ShellClient(Path home, int port) {
        this.home = home;
        this.port = port;
    }

    /** Runs one command as a user would and returns what it printed; fails when the client says that it failed. */
    public String run(String command) {
        return Tool.at(home.resolve("bin/client"))
                .run(LIMIT, command + "\n", "-a", port, "-h", "127.0.0.1", "-u", "karaf", "-k", key(), "-b")
                .ok()
                .out();
    }

    /** Does the same with the system's SSH client, which is no JVM of its own: for those who run many commands. */
    public String runOverSsh(String command) {
        return Tool.named("ssh")
                .run(
                        LIMIT,
                        "",
                        "-q",
                        "-o",
                        "BatchMode=yes",
                        "-o",
                        "StrictHostKeyChecking=no",
                        "-o",
                        "UserKnownHostsFile=/dev/null",
                        "-i",
                        key(),
                        "-p",
                        port,
                        "karaf@127.0.0.1",
                        command)
                .ok()
                .out();
    }

    private Path key() {
        Path key = home.resolve("data/ssh/id_rsa");
        // The key is made beside the boot, not before it.
        Await.untilTrue("shell key " + key, LIMIT, () -> Files.exists(key));
        return key;
    }
}
