package io.cairn.module.aio;

import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** An open file whose I/O is done by threads. */
final class PoolFile implements OpenFile {
    private static final Logger LOG = System.getLogger(PoolFile.class.getName());
    private static final int MOST_SEGMENTS = 64;

    private final Reactors reactors;
    private final Executor workers;
    private final String filename;
    private final FileChannel channel;
    private final FileFacts facts;
    private final boolean direct;
    private final int block;

    PoolFile(
            Reactors reactors,
            Executor workers,
            String filename,
            FileChannel channel,
            FileFacts facts,
            boolean direct,
            int block) {
        this.reactors = reactors;
        this.workers = workers;
        this.filename = filename;
        this.channel = channel;
        this.facts = facts;
        this.direct = direct;
        this.block = block;
    }

    @Override
    public FileFacts facts() {
        return facts;
    }

    @Override
    public boolean direct() {
        return direct;
    }

    @Override
    public int detectedBlockSize() {
        return block;
    }

    @Override
    public int memoryAlignment() {
        return direct ? block : 1;
    }

    @Override
    public int maxSegments() {
        return MOST_SEGMENTS;
    }

    @Override
    public boolean punchesHoles() {
        return false;
    }

    @Override
    public String engineName() {
        return "threads";
    }

    @Override
    public FileIoChannel<?> openChannel(Reactor reactor, int blockSize, FileBackend owner) {
        return new PoolChannel(reactor, blockSize, owner, channel, workers);
    }

    @Override
    public CompletionStage<Void> close() {
        return CompletableFuture.runAsync(this::closeBlocking, reactors.blocking())
                .thenRunAsync(() -> {}, reactors.app());
    }

    private void closeBlocking() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, filename + ": close failed", e);
        }
    }
}
