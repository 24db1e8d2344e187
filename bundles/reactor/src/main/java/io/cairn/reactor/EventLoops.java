package io.cairn.reactor;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;

/** Chooses what drives the event loops, by trying. */
final class EventLoops {
    private static final Logger LOG = System.getLogger(EventLoops.class.getName());
    /** Operations that one turn may hand over before they are submitted early. */
    private static final int RING_SIZE = 1024;

    private EventLoops() {}

    /**
     * Finds the factory for a backend and says in the log which it is and why.
     *
     * @throws IllegalStateException if io_uring was asked for by name and cannot be had
     */
    static IoHandlerFactory choose(IoBackend wanted) {
        if (wanted == IoBackend.NIO) {
            LOG.log(Level.INFO, "reactors use NIO: asked for");
            return NioIoHandler.newFactory();
        }
        try {
            IoHandlerFactory ring = ring();
            LOG.log(Level.INFO, "reactors use io_uring");
            return ring;
        } catch (RuntimeException | LinkageError e) {
            if (wanted == IoBackend.IO_URING) {
                throw new IllegalStateException("io_uring was asked for and cannot be had: " + reason(e), e);
            }
            LOG.log(Level.INFO, "reactors use NIO: io_uring cannot be had: {0}", reason(e));
            return NioIoHandler.newFactory();
        }
    }

    private static IoHandlerFactory ring() {
        if (!IoUring.isAvailable()) {
            throw new IllegalStateException(reason(IoUring.unavailabilityCause()));
        }
        IoHandlerFactory factory = IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setRingSize(RING_SIZE));
        // available says that the kernel knows it; a container's or an administrator's rules show only when a ring is
        // made
        close(started(new ManualIoEventLoop(Thread.currentThread(), factory)));
        return factory;
    }

    private static ManualIoEventLoop started(ManualIoEventLoop loop) {
        loop.runNow();
        return loop;
    }

    /** Ends a loop: closes what is registered, waits for what is in flight. On the loop's thread. */
    static void close(ManualIoEventLoop loop) {
        loop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
