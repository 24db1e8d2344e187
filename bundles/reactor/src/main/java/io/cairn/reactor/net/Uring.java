package io.cairn.reactor.net;

import io.cairn.reactor.Errno;
import io.netty.channel.uring.IoUringIoOps;
import java.io.IOException;

/** The kernel's numbers (linux/io_uring.h, asm-generic) and how its operations on sockets are laid out. */
final class Uring {
    static final byte OP_POLL_ADD = 6;
    static final byte OP_SENDMSG = 9;
    static final byte OP_ACCEPT = 13;
    static final byte OP_CONNECT = 16;
    static final byte OP_SEND = 26;
    static final byte OP_RECV = 27;
    static final byte OP_SOCKET = 45;

    static final int POLLIN = 1;

    static final int MSG_WAITALL = 0x100;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int SOCK_STREAM = 1;
    static final int SOCK_CLOEXEC = 0x80000;

    private static final int CONNECTION_ABORTED = -103;

    private Uring() {}

    /** An operation with an address, a length and flags, which most are. */
    static IoUringIoOps operation(byte opcode, int fd, long offset, long address, int length, int flags) {
        return new IoUringIoOps(
                opcode, (byte) 0, (short) 0, fd, offset, address, length, flags, 0L, (short) 0, (short) 0, 0, 0L);
    }

    /** Returns whether a result says "try again when the socket is ready": the descriptor does not block. */
    static boolean isNotReady(int result) {
        return result == Errno.EAGAIN.code();
    }

    static boolean isInterrupted(int result) {
        return result == Errno.EINTR.code();
    }

    /** Returns whether accepting failed for this one client only, or for no reason at all. */
    static boolean isTransient(int result) {
        return isInterrupted(result) || result == CONNECTION_ABORTED;
    }

    static IOException failure(String what, int result) {
        return new IOException(what + ": " + Errno.of(result).text() + " (errno " + -result + ")");
    }
}
