package io.cairn.reactor;

import java.util.Locale;

/**
 * The operating system error numbers (Linux, generic ABI) that block storage reports, with the text that the C
 * library gives them. Numbers are positive; kernel interfaces and JSON-RPC use the negative value ({@link #code()}).
 */
public enum Errno {
    EPERM(1, "Operation not permitted"),
    ENOENT(2, "No such file or directory"),
    EINTR(4, "Interrupted system call"),
    EIO(5, "Input/output error"),
    ENXIO(6, "No such device or address"),
    EBADF(9, "Bad file descriptor"),
    EAGAIN(11, "Resource temporarily unavailable"),
    ENOMEM(12, "Cannot allocate memory"),
    EACCES(13, "Permission denied"),
    EBUSY(16, "Device or resource busy"),
    EEXIST(17, "File exists"),
    ENODEV(19, "No such device"),
    ENOTDIR(20, "Not a directory"),
    EISDIR(21, "Is a directory"),
    EINVAL(22, "Invalid argument"),
    ENFILE(23, "Too many open files in system"),
    EMFILE(24, "Too many open files"),
    ETXTBSY(26, "Text file busy"),
    EFBIG(27, "File too large"),
    ENOSPC(28, "No space left on device"),
    EROFS(30, "Read-only file system"),
    EPIPE(32, "Broken pipe"),
    ERANGE(34, "Numerical result out of range"),
    ENAMETOOLONG(36, "File name too long"),
    ENOSYS(38, "Function not implemented"),
    ELOOP(40, "Too many levels of symbolic links"),
    EILSEQ(84, "Invalid or incomplete multibyte or wide character"),
    EOPNOTSUPP(95, "Operation not supported"),
    EADDRINUSE(98, "Address already in use"),
    ECONNRESET(104, "Connection reset by peer"),
    ESHUTDOWN(108, "Cannot send after transport endpoint shutdown"),
    ETIMEDOUT(110, "Connection timed out"),
    ECONNREFUSED(111, "Connection refused"),
    EALREADY(114, "Operation already in progress"),
    EREMOTEIO(121, "Remote I/O error"),
    EDQUOT(122, "Disk quota exceeded"),
    ECANCELED(125, "Operation canceled");

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** Returns the positive error number. */
    public int number() {
        return number;
    }

    /** Returns the negative error number, as kernel interfaces and SPDK's JSON-RPC carry it. */
    public int code() {
        return -number;
    }

    /** Returns the C library's text for this error. */
    public String text() {
        return text;
    }

    /**
     * Finds the constant for an error number.
     *
     * @param number positive or negative error number
     * @return the constant, or {@link #EIO} for a number that is not listed here
     */
    public static Errno of(int number) {
        int positive = Math.abs(number);
        for (Errno e : values()) {
            if (e.number == positive) {
                return e;
            }
        }
        return EIO;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s (%s)", name(), text);
    }
}
