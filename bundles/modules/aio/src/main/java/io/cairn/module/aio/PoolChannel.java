package io.cairn.module.aio;

import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Reactor;
import java.nio.channels.FileChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** A file's channel whose I/O is done by threads and told by messages. */
final class PoolChannel extends FileIoChannel<PoolRequest> {
    private final FileChannel file;
    private final Executor workers;

    PoolChannel(Reactor reactor, int blockSize, FileBackend owner, FileChannel file, Executor workers) {
        super(reactor, blockSize, owner, new PoolRequest[0]);
        this.file = file;
        this.workers = workers;
    }

    @Override
    PoolRequest newRequest(int index) {
        return new PoolRequest(index, this, file);
    }

    @Override
    void start(PoolRequest request) {
        try {
            workers.execute(request);
        } catch (RejectedExecutionException e) {
            // the queue is full: the core tries again
            finish(request, IoStatus.NOMEM);
        }
    }

    @Override
    void cancel(PoolRequest request) {
        // its flag is set: a thread that has not begun it will not
    }

    @Override
    void cancelAll() {
        // their flags are set
    }

    @Override
    void release() {
        // the threads and the file are shared
    }
}
