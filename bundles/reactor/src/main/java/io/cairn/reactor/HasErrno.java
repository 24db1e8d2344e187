package io.cairn.reactor;

/**
 * An exception that stands for an operating system error number. Those who answer requests turn it into the error code of
 * their protocol without knowing the exception's type.
 */
public interface HasErrno {
    /** Returns the kind of failure; its negative number is SPDK's error code. */
    Errno errno();
}
