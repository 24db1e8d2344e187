package io.cairn.deployer;

import io.cairn.reactor.Errno;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Where a new jar is: a URL or an absolute path. */
final class JarSource {
    private JarSource() {}

    /**
     * Reads it. Blocks.
     *
     * @throws RefusedException it cannot be read: ENOENT nothing is there, EISDIR it is a directory, EACCES it must not be read,
     *     EINVAL it is no URL, EIO reading failed
     */
    static byte[] read(String url) {
        try {
            URI uri = url.startsWith("/") ? Path.of(url).toUri() : URI.create(url);
            if ("file".equals(uri.getScheme()) && uri.getPath() != null) {
                // a file: URL of a directory would be read as a list of its files
                return file(Path.of(uri.getPath()));
            }
            return bytes(uri.toURL());
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw refused(Errno.ENOENT, url, "there is no such file", e);
        } catch (AccessDeniedException e) {
            throw refused(Errno.EACCES, url, "it must not be read", e);
        } catch (java.net.MalformedURLException | IllegalArgumentException e) {
            throw refused(Errno.EINVAL, url, "it is neither a URL nor an absolute path: " + e.getMessage(), e);
        } catch (IOException e) {
            throw refused(Errno.EIO, url, String.valueOf(e.getMessage()), e);
        }
    }

    private static byte[] file(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new RefusedException(Errno.EISDIR, path + " cannot be read: it is a directory");
        }
        return Files.readAllBytes(path);
    }

    /** Reads a URL. Blocks. */
    static byte[] bytes(URL url) throws IOException {
        try (InputStream in = url.openStream()) {
            return in.readAllBytes();
        }
    }

    private static RefusedException refused(Errno errno, String url, String why, Exception cause) {
        return new RefusedException(errno, url + " cannot be read: " + why, cause);
    }
}
