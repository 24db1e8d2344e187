package io.cairn.module.aio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory for a test's files, on a disk or in memory: their file systems differ in what they can do. */
final class Place implements AutoCloseable {
    /** Where. */
    enum Medium {
        DISK,
        TMPFS
    }

    private final Path directory;

    private Place(Path directory) {
        this.directory = directory;
    }

    static Place on(Medium medium) {
        try {
            return new Place(
                    medium == Medium.DISK
                            ? Files.createTempDirectory(
                                    Path.of("").toAbsolutePath().resolve("target"), "aio")
                            : Files.createTempDirectory(Path.of("/dev/shm"), "aio"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    /** Makes a sparse file. */
    Path file(String name, long size) {
        Path path = path(name);
        setSize(path, size);
        return path;
    }

    static void setSize(Path path, long size) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
