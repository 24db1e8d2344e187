package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import io.netty.util.concurrent.Future;

/** Reactors' event loops as rings. */
final class UringLoop {
    private UringLoop() {}

    /** Returns whether every reactor is driven by io_uring and memory has addresses that can be told to the kernel. */
    static boolean drives(Reactors reactors) {
        return reactors.all().stream().allMatch(UringLoop::isRing) && memoryHasAddresses();
    }

    private static boolean isRing(Reactor reactor) {
        return reactor.eventLoop()
                .map(loop -> loop.isCompatible(IoUringIoHandle.class))
                .orElse(false);
    }

    private static boolean memoryHasAddresses() {
        IoBuffer sample = IoBuffer.allocate(1);
        try {
            return sample.address() != 0;
        } finally {
            sample.free();
        }
    }

    /** Registers somebody who submits to the reactor's ring, on that reactor. */
    static IoRegistration register(Reactor reactor, IoUringIoHandle handle) {
        reactor.requireCurrent();
        IoEventLoop loop = reactor.eventLoop()
                .orElseThrow(() -> new BdevException(Errno.EOPNOTSUPP, reactor.name() + " has no event loop"));
        Future<IoRegistration> registered = loop.register(handle);
        if (!registered.isSuccess()) {
            throw new BdevException(
                    Errno.ESHUTDOWN, reactor.name() + ": its event loop takes no more files", registered.cause());
        }
        return registered.getNow();
    }

    /** Returns a submission queue entry; see {@code struct io_uring_sqe} for what the fields mean for each operation. */
    static IoUringIoOps entry(byte opcode, int fd, long offset, long address, int length, int flags, long tag) {
        return new IoUringIoOps(
                opcode, (byte) 0, (short) 0, fd, offset, address, length, flags, tag, (short) 0, (short) 0, 0, 0L);
    }
}
