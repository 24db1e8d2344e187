package io.cairn.itests.support;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** A program of somebody else's that the distribution must get along with. */
public final class Tool {
    /** Long enough for any of them on a busy machine; a test that hangs ends. */
    public static final Duration LIMIT = Duration.ofMinutes(2);

    private final List<String> command;

    private Tool(List<String> command) {
        this.command = command;
    }

    /**
     * Finds a program.
     *
     * <p>A missing one skips the test with the reason, and fails it where the environment says {@code CI=true}: there a
     * skipped proof is no proof.
     */
    public static Tool named(String name) {
        Optional<Path> found = find(name);
        if (found.isEmpty()) {
            String reason = name + " is not installed; itests/install-peers installs it";
            if ("true".equalsIgnoreCase(System.getenv("CI"))) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
        return new Tool(List.of(found.orElseThrow().toString()));
    }

    /** A script of this repository, by its path below {@code itests}; fails when it is not there. */
    public static Tool script(String name) {
        Path script = Path.of(System.getProperty("basedir", ""), "..", name)
                .toAbsolutePath()
                .normalize();
        if (!Files.isExecutable(script)) {
            throw new AssertionError(script + " is not an executable file");
        }
        return new Tool(List.of(script.toString()));
    }

    /** A program by its file. */
    public static Tool at(Path file) {
        return new Tool(List.of(file.toString()));
    }

    /** Runs it to its end, with nothing on its standard input. */
    public Finished run(Object... arguments) {
        return run(LIMIT, "", arguments);
    }

    /** Runs it to its end, with the given text on its standard input; fails when it has not ended in time. */
    public Finished run(Duration limit, String input, Object... arguments) {
        try (Running running = start(input, arguments)) {
            return running.await(limit);
        }
    }

    /** Starts it and comes back at once; whoever closes the result also ends the program. */
    public Running start(String input, Object... arguments) {
        List<String> line = new ArrayList<>(command);
        for (Object argument : arguments) {
            line.add(argument.toString());
        }
        try {
            // Files, not pipes: no threads that read, and a full pipe cannot stop the program.
            Path directory = Files.createTempDirectory("tool");
            Path in = Files.writeString(directory.resolve("in"), input);
            Process process = new ProcessBuilder(line)
                    .redirectInput(in.toFile())
                    .redirectOutput(directory.resolve("out").toFile())
                    .redirectError(directory.resolve("err").toFile())
                    .start();
            return new Running(line, process, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(String.join(" ", line), e);
        }
    }

    private static Optional<Path> find(String name) {
        // Debian keeps several of them where only root's PATH looks.
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin";
        return Stream.of(path.split(File.pathSeparator))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
