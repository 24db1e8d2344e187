package io.cairn.rpc.internal;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/**
 * The name of a server's socket in the file system: taken by one server at a time, and never open to others than its owner.
 *
 * <p>A lock file beside it tells whether a server lives; a socket that a dead one left is replaced. The new socket is bound
 * in a folder that only the owner can enter, given its mode there, and then renamed into place: at no moment is there a socket
 * under its name that somebody else could connect to. Blocks.
 */
final class SocketFile implements AutoCloseable {
    private static final int LONGEST_PATH = 107;
    private static final Set<PosixFilePermission> OWNER_FILE = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_FOLDER = PosixFilePermissions.fromString("rwx------");

    private final Path path;
    private final FileChannel lockFile;
    private Path folder;
    private Object identity;

    private SocketFile(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /**
     * Takes a name.
     *
     * @throws IOException if another server has it, if something that is no socket is there, or if it is too long
     */
    static SocketFile take(Path wanted) throws IOException {
        Path path = wanted.toAbsolutePath().normalize();
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
            throw new IOException("the socket path " + path + " is longer than " + LONGEST_PATH + " bytes");
        }
        Files.createDirectories(path.getParent());
        Path lock = path.resolveSibling(path.getFileName() + ".lock");
        FileChannel channel = FileChannel.open(
                lock,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWNER_FILE));
        try {
            requireLock(channel, path);
            requireFree(path);
            return new SocketFile(path, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    /** Returns where to bind, before {@link #publish}. */
    Path privatePath() throws IOException {
        folder =
                path.resolveSibling(".c" + Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX));
        removeFolder();
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_FOLDER));
        return folder.resolve("s");
    }

    /** Puts the socket that was bound in private under its name. */
    void publish() throws IOException {
        Path bound = folder.resolve("s");
        Files.setPosixFilePermissions(bound, OWNER_FILE);
        identity = identityOf(bound);
        Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        removeFolder();
    }

    /** Removes the socket, if it is still this server's, and gives the name free. */
    @Override
    public void close() throws IOException {
        try {
            if (identity != null && Objects.equals(identity, identityOf(path))) {
                Files.deleteIfExists(path);
            }
            removeFolder();
        } finally {
            lockFile.close();
        }
    }

    private static void requireLock(FileChannel channel, Path path) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new IOException("another server has the socket " + path + " (its lock file is locked)");
        }
    }

    private static void requireFree(Path path) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!attributes.isOther()) {
            throw new IOException(path + " is there and is not a socket; it is not replaced");
        }
        try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new IOException("another server answers on the socket " + peer.getRemoteAddress());
        } catch (ConnectException e) {
            return;
        } catch (SocketException e) {
            // what a refusal looks like depends on the JDK
            if (String.valueOf(e.getMessage()).contains("refused")) {
                return;
            }
            throw e;
        }
    }

    private void removeFolder() throws IOException {
        if (folder != null) {
            Files.deleteIfExists(folder.resolve("s"));
            Files.deleteIfExists(folder);
        }
    }

    private static Object identityOf(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
