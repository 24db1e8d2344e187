package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;

/** Finds the error number behind an exception of {@code java.nio}, which carries the C library's text at best. */
final class Errnos {
    private Errnos() {}

    /** Returns the error number, EIO if the exception does not tell. */
    static Errno of(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return Errno.ENOENT;
        }
        if (failure instanceof AccessDeniedException) {
            return Errno.EACCES;
        }
        if (failure instanceof FileAlreadyExistsException) {
            return Errno.EEXIST;
        }
        if (failure instanceof FileSystemLoopException) {
            return Errno.ELOOP;
        }
        String text = failure instanceof FileSystemException named ? named.getReason() : failure.getMessage();
        return text == null ? Errno.EIO : ofText(text);
    }

    /** Java says more than the C library now and then, behind its text; and one text begins like another. */
    private static Errno ofText(String text) {
        Errno best = Errno.EIO;
        int length = 0;
        for (Errno errno : Errno.values()) {
            if (text.startsWith(errno.text()) && errno.text().length() > length) {
                best = errno;
                length = errno.text().length();
            }
        }
        return best;
    }

    /** Returns the refusal for a file that could not be looked at or opened. */
    static BdevException refusal(String filename, IOException failure) {
        Errno errno = of(failure);
        return new BdevException(errno, filename + ": " + errno.text(), failure);
    }

    /** Returns the refusal for a file on which a system call failed with a negative error number. */
    static BdevException refusal(String filename, int negative) {
        Errno errno = Errno.of(negative);
        String text = errno.number() == -negative ? errno.text() : "error number " + -negative;
        return new BdevException(errno, filename + ": " + text);
    }
}
