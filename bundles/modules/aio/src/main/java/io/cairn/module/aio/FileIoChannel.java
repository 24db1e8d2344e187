package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * A file's channel of one reactor: the table of what is out, and what does not depend on the engine. Allocates nothing per I/O once
 * the table has grown to the depth that is in use.
 *
 * @param <R> the engine's requests
 */
abstract class FileIoChannel<R extends FileRequest> extends BackendChannel {
    /** The most I/Os that may be out: what the engine's index of a request can tell apart. */
    static final int MOST_REQUESTS = 1 << 15;

    private static final int FIRST_REQUESTS = 64;

    private final Reactor reactor;
    private final int blockSize;
    private final FileBackend owner;
    private final ArrayDeque<Runnable> drainWaiters = new ArrayDeque<>();
    private R[] requests;
    private int[] free;
    private int freeCount;

    /**
     * Called by subclasses.
     *
     * @param none an empty array of the engine's type
     */
    FileIoChannel(Reactor reactor, int blockSize, FileBackend owner, R[] none) {
        this.reactor = reactor;
        this.blockSize = blockSize;
        this.owner = owner;
        this.requests = none;
        this.free = new int[0];
    }

    /** Makes a request for a place in the table. */
    abstract R newRequest(int index);

    /** Starts what the request says; ends in {@link #finish}, at once or later. */
    abstract void start(R request);

    /** Tries to make a request that is out end early. */
    abstract void cancel(R request);

    /** Tries to make all requests that are out end early. */
    abstract void cancelAll();

    /** Gives up what the engine holds for this channel; nothing is out. */
    abstract void release();

    /** Returns the channel's reactor. */
    final Reactor reactor() {
        return reactor;
    }

    /** Returns the request at a place. */
    final R request(int index) {
        return requests[index];
    }

    /** Visits every place of the table. */
    final void forEachRequest(Consumer<? super R> visit) {
        for (R request : requests) {
            visit.accept(request);
        }
    }

    @Override
    public final void submitRequest(BdevIo io) {
        switch (io.type()) {
            case READ -> {
                if (io.hasData()) {
                    begin(io, FileOperation.READ);
                } else {
                    io.needData();
                }
            }
            case WRITE -> begin(io, FileOperation.WRITE);
            case FLUSH -> begin(io, FileOperation.SYNC);
            case UNMAP -> begin(io, FileOperation.PUNCH);
            case WRITE_ZEROES -> begin(io, FileOperation.ZERO);
            case RESET -> owner.reset(io);
            default -> throw new IllegalStateException("a file does not serve " + io.type());
        }
    }

    private void begin(BdevIo io, FileOperation operation) {
        if (freeCount == 0 && !grow()) {
            io.complete(IoStatus.NOMEM);
            return;
        }
        R request = requests[free[--freeCount]];
        request.io = io;
        request.operation = operation;
        request.position = io.offsetBlocks() * blockSize;
        request.length = io.numBlocks() * blockSize;
        request.done = 0;
        request.retries = 0;
        request.cancelled = false;
        start(request);
    }

    /** Ends a request and its I/O. */
    final void finish(R request, IoStatus status) {
        BdevIo io = request.io;
        request.io = null;
        free[freeCount++] = request.index();
        io.complete(status);
        if (freeCount == requests.length && !drainWaiters.isEmpty()) {
            tellDrained();
        }
    }

    @Override
    public final boolean abort(BdevIo victim) {
        for (R request : requests) {
            if (request.io == victim) {
                request.cancelled = true;
                cancel(request);
                return true;
            }
        }
        return false;
    }

    /** Cancels what is out and runs {@code drained} when nothing is out any more: at once, if nothing is. */
    final void drain(Runnable drained) {
        if (freeCount == requests.length) {
            drained.run();
            return;
        }
        drainWaiters.add(drained);
        for (R request : requests) {
            request.cancelled |= request.io != null;
        }
        cancelAll();
    }

    private void tellDrained() {
        Runnable waiter;
        while ((waiter = drainWaiters.poll()) != null) {
            waiter.run();
        }
    }

    @Override
    public final void close() {
        if (freeCount != requests.length) {
            throw new IllegalStateException(
                    "closed with " + (requests.length - freeCount) + " I/O out on " + reactor.name());
        }
        owner.channelClosed(reactor);
        release();
    }

    private boolean grow() {
        int old = requests.length;
        if (old == MOST_REQUESTS) {
            return false;
        }
        int size = Math.max(FIRST_REQUESTS, old * 2);
        requests = Arrays.copyOf(requests, size);
        free = new int[size];
        for (int i = old; i < size; i++) {
            requests[i] = newRequest(i);
            // the lowest places on top: they stay warm in the cache
            free[size - 1 - i] = i;
        }
        freeCount = size - old;
        return true;
    }
}
