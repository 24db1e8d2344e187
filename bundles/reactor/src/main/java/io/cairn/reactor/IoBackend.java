package io.cairn.reactor;

/** What drives the event loops of reactors. */
public enum IoBackend {
    /** {@link #IO_URING} where it can be had, else {@link #NIO}; which and why is in the log. */
    AUTO,
    /** Linux's io_uring: files and sockets, without a system call per operation. */
    IO_URING,
    /** The JDK's selector: sockets only. */
    NIO
}
