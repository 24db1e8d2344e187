package io.cairn.module.aio;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.concurrent.CompletableFuture;

/** An I/O as the core would make it, without a core. */
final class TestIo extends BdevIo {
    private final Reactor reactor;
    private final int blockSize;
    private final CompletableFuture<IoStatus> done = new CompletableFuture<>();
    private int completions;

    private TestIo(Reactor reactor, int blockSize, IoType type, long offsetBlocks, long numBlocks) {
        this.reactor = reactor;
        this.blockSize = blockSize;
        this.type = type;
        this.offsetBlocks = offsetBlocks;
        this.numBlocks = numBlocks;
    }

    static TestIo of(Reactor reactor, int blockSize, IoType type, long offsetBlocks, long numBlocks) {
        return new TestIo(reactor, blockSize, type, offsetBlocks, numBlocks);
    }

    TestIo with(IoBuffer data, int offset) {
        buffer = data;
        bufferOffset = offset;
        return this;
    }

    TestIo with(IoVector data) {
        vector = data;
        return this;
    }

    CompletableFuture<IoStatus> done() {
        return done;
    }

    int completions() {
        return completions;
    }

    @Override
    public long sourceBlocks() {
        return 0;
    }

    @Override
    public IoBuffer compareBuffer() {
        return null;
    }

    @Override
    public int compareOffset() {
        return 0;
    }

    @Override
    public long byteLength() {
        return numBlocks * blockSize;
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public Bdev bdev() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long submittedNanos() {
        return 0;
    }

    @Override
    public void complete(IoStatus outcome) {
        reactor.requireCurrent();
        completions++;
        status = outcome;
        done.complete(outcome);
    }

    @Override
    public void completeFrom(BdevIo child) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void lend(IoBuffer constant, int offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void needData() {
        throw new UnsupportedOperationException();
    }
}
