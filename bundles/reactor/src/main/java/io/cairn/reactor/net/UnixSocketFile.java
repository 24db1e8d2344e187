package io.cairn.reactor.net;

import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The file of a listening Unix socket. It is made in a directory that nobody else can enter, given mode 0600 there and
 * moved to its place in one step: at no time can anybody else connect, and a file that is there is one that listens.
 * Every method may block.
 */
final class UnixSocketFile {
    private static final int TRIES = 16;

    private final Path path;
    private final Object identity;

    private UnixSocketFile(Path path, Object identity) {
        this.path = path;
        this.identity = identity;
    }

    /** Binds a socket to a path and lets it listen. */
    @FunctionalInterface
    interface Binder {
        Closeable bind(UnixDomainSocketAddress address) throws IOException;
    }

    /**
     * Makes a listening socket's file.
     *
     * @throws IOException if something else is at the path, or somebody listens there; nothing is left behind
     */
    static UnixSocketFile create(Path path, Binder binder) throws IOException {
        checkFree(path);
        Path directory = privateDirectory(path);
        try {
            Path temporary = directory.resolve("s");
            Addresses.checkLength(temporary);
            Closeable socket = binder.bind(UnixDomainSocketAddress.of(temporary));
            try {
                Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-------"));
                Object identity = identity(temporary);
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
                return new UnixSocketFile(path, identity);
            } catch (IOException | RuntimeException e) {
                socket.close();
                Files.deleteIfExists(temporary);
                throw e;
            }
        } finally {
            Files.delete(directory);
        }
    }

    private static void checkFree(Path path) throws IOException {
        BasicFileAttributes there;
        try {
            there = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!there.isOther()) {
            throw new FileAlreadyExistsException(path.toString(), null, "it is in the way and not a socket");
        }
        try (SocketChannel probe = SocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            // not blocking: a listener whose backlog is full is alive too
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException refused) {
            return;
        } catch (IOException busy) {
            throw new IOException(path + ": address already in use: " + busy.getMessage(), busy);
        }
        throw new IOException(path + ": address already in use: somebody listens on it");
    }

    private static Path privateDirectory(Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new NoSuchFileException(path.toString(), null, "no such directory: " + parent);
        }
        for (int i = 0; ; i++) {
            // short, because the path of a socket is
            String name =
                    "." + Integer.toString(ThreadLocalRandom.current().nextInt(1 << 20, 1 << 25), Character.MAX_RADIX);
            try {
                return Files.createDirectory(
                        parent.resolve(name),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                if (i == TRIES) {
                    throw e;
                }
            }
        }
    }

    private static Object identity(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Deletes the file unless another one has taken its place. */
    void delete() throws IOException {
        try {
            if (identity.equals(identity(path))) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            // somebody else has deleted it, which is what is wanted
            return;
        }
    }
}
