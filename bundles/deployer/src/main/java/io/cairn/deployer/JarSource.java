package io.cairn.deployer;

import io.cairn.reactor.Errno;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/** Where a new jar is: a URL or an absolute path. */
final class JarSource {
    private static final int PIECE = 1 << 16;

    private JarSource() {}

    /**
     * What reading may take: whoever reads keeps all other upgrades waiting.
     *
     * @param silence how long a server may take to let us in, and to go on
     * @param whole how long all of it may take from its first byte
     * @param bytes the size of the largest jar
     */
    record Bounds(Duration silence, Duration whole, int bytes) {
        /** 10 s, 60 s, 256 MiB. */
        static final Bounds DEFAULTS = new Bounds(Duration.ofSeconds(10), Duration.ofSeconds(60), 256 << 20);
    }

    /**
     * Reads it. Blocks.
     *
     * @throws RefusedException it cannot be read: ENOENT nothing is there, EISDIR it is a directory, EACCES it must not be read,
     *     EINVAL it is no URL, ETIMEDOUT a server is silent or slow, EFBIG it is larger than 256 MiB, EIO reading failed
     */
    static byte[] read(String url) {
        return read(url, Bounds.DEFAULTS);
    }

    static byte[] read(String url, Bounds bounds) {
        try {
            URI uri = url.startsWith("/") ? Path.of(url).toUri() : URI.create(url);
            if ("file".equals(uri.getScheme()) && uri.getPath() != null) {
                // a file: URL of a directory would be read as a list of its files
                return file(Path.of(uri.getPath()), bounds);
            }
            return bytes(uri.toURL(), bounds);
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw refused(Errno.ENOENT, url, "there is no such file", e);
        } catch (SocketTimeoutException e) {
            throw refused(Errno.ETIMEDOUT, url, String.valueOf(e.getMessage()), e);
        } catch (AccessDeniedException e) {
            throw refused(Errno.EACCES, url, "it must not be read", e);
        } catch (java.net.MalformedURLException | IllegalArgumentException e) {
            throw refused(Errno.EINVAL, url, "it is neither a URL nor an absolute path: " + e.getMessage(), e);
        } catch (IOException e) {
            throw refused(Errno.EIO, url, String.valueOf(e.getMessage()), e);
        }
    }

    private static byte[] file(Path path, Bounds bounds) throws IOException {
        if (Files.isDirectory(path)) {
            throw new RefusedException(Errno.EISDIR, path + " cannot be read: it is a directory");
        }
        try (InputStream in = Files.newInputStream(path)) {
            return all(in, path.toString(), Files.size(path), bounds);
        }
    }

    /** Reads a URL. Blocks. */
    static byte[] bytes(URL url) throws IOException {
        return bytes(url, Bounds.DEFAULTS);
    }

    private static byte[] bytes(URL url, Bounds bounds) throws IOException {
        URLConnection connection = url.openConnection();
        connection.setConnectTimeout((int) bounds.silence().toMillis());
        connection.setReadTimeout((int) bounds.silence().toMillis());
        try (InputStream in = connection.getInputStream()) {
            return all(in, url.toString(), connection.getContentLengthLong(), bounds);
        }
    }

    /** Reads all, as far as the bounds go: what a server says of the size need not be true. */
    private static byte[] all(InputStream in, String name, long saidLength, Bounds bounds) throws IOException {
        long began = System.nanoTime();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] piece = new byte[PIECE];
        int count = 0;
        long length = Math.max(0, saidLength);
        while (length <= bounds.bytes() && (count = in.read(piece)) >= 0) {
            all.write(piece, 0, count);
            length = Math.max(length, all.size());
            if (System.nanoTime() - began > bounds.whole().toNanos()) {
                throw new SocketTimeoutException("all of it has not come within "
                        + bounds.whole().toMillis() + " ms, but only " + all.size() + " bytes");
            }
        }
        if (length > bounds.bytes()) {
            throw new RefusedException(
                    Errno.EFBIG, name + " cannot be read: it is larger than " + bounds.bytes() + " bytes");
        }
        return all.toByteArray();
    }

    private static RefusedException refused(Errno errno, String url, String why, Exception cause) {
        return new RefusedException(errno, url + " cannot be read: " + why, cause);
    }
}
