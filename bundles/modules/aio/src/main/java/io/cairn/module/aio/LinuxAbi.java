package io.cairn.module.aio;

import java.util.Locale;

/**
 * Numbers of the Linux kernel interface that file I/O needs: {@code linux/io_uring.h}, {@code linux/falloc.h},
 * {@code asm/fcntl.h}.
 */
final class LinuxAbi {
    /** io_uring operations. */
    static final byte OP_READV = 1;

    static final byte OP_WRITEV = 2;
    static final byte OP_FSYNC = 3;
    static final byte OP_ASYNC_CANCEL = 14;
    static final byte OP_FALLOCATE = 17;
    static final byte OP_OPENAT = 18;
    static final byte OP_CLOSE = 19;
    static final byte OP_READ = 22;
    static final byte OP_WRITE = 23;

    /** FSYNC: the data, and of the metadata only what finding the data again needs. */
    static final int FSYNC_DATASYNC = 1;

    /** ASYNC_CANCEL: every request of a file descriptor. */
    static final int CANCEL_ALL_OF_FD = 1 | 2;

    /** fallocate(2): FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE. */
    static final int PUNCH_HOLE = 0x01 | 0x02;

    /** fallocate(2): FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE. */
    static final int ZERO_RANGE = 0x01 | 0x10;

    /** openat(2): relative to the working directory. */
    static final int AT_FDCWD = -100;

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CLOEXEC = 0x80000;

    /** The one flag of these that differs between the architectures that Netty's io_uring exists for. */
    static final int O_DIRECT = isArm() ? 0x10000 : 0x4000;

    /** The size of {@code struct iovec} on 64 bits: address and length. */
    static final int IOVEC_SIZE = 16;

    private LinuxAbi() {}

    private static boolean isArm() {
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return arch.equals("aarch64") || arch.startsWith("arm");
    }
}
