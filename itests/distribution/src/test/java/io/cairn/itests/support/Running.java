package io.cairn.itests.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that was started. */
public final class Running implements AutoCloseable {
    private final List<String> command;
    private final Process process;
    private final Path directory;

    Running(List<String> command, Process process, Path directory) {
        this.command = command;
        this.process = process;
        this.directory = directory;
    }

    /** Whether it has not ended yet. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end and fails when it does not come in time. */
    public Finished await(Duration limit) {
        boolean ended;
        try {
            ended = process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended = false;
        }
        if (!ended) {
            end();
        }
        Finished finished = new Finished(command, ended ? process.exitValue() : -1, read("out"), read("err"));
        if (!ended) {
            throw new AssertionError("not ended within " + limit.toSeconds() + " s: " + finished);
        }
        return finished;
    }

    /** Asks it to end in good order (SIGTERM). */
    public void terminate() {
        process.destroy();
    }

    @Override
    public void close() {
        end();
        for (String file : List.of("in", "out", "err", "")) {
            try {
                Files.deleteIfExists(directory.resolve(file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void end() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }

    private String read(String file) {
        try {
            return new String(Files.readAllBytes(directory.resolve(file)), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
