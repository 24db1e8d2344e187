package io.cairn.module.aio;

import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An open file descriptor whose I/O goes through the reactors' rings. */
final class UringFile implements OpenFile {
    private static final Logger LOG = System.getLogger(UringFile.class.getName());

    private final Reactors reactors;
    private final String filename;
    private final int fd;
    private final FileFacts facts;
    private final boolean direct;
    private final int block;

    /** Whether the file system has refused to zero a range; then holes are punched instead. Any reactor. */
    private volatile boolean refusesZeroRange;

    UringFile(Reactors reactors, String filename, int fd, FileFacts facts, boolean direct, int block) {
        this.reactors = reactors;
        this.filename = filename;
        this.fd = fd;
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
        return UringRequest.MOST_SEGMENTS;
    }

    @Override
    public boolean punchesHoles() {
        return true;
    }

    @Override
    public String engineName() {
        return "io_uring";
    }

    /** Returns the file descriptor. */
    int fd() {
        return fd;
    }

    /** Returns whether the file system has refused to zero a range. Any thread. */
    boolean refusesZeroRange() {
        return refusesZeroRange;
    }

    /** Remembers that the file system refuses to zero a range. Any thread. */
    void zeroRangeRefused() {
        refusesZeroRange = true;
    }

    @Override
    public FileIoChannel<?> openChannel(Reactor reactor, int blockSize, FileBackend owner) {
        return new UringChannel(reactor, blockSize, owner, this);
    }

    @Override
    public CompletionStage<Void> close() {
        return close(reactors.app(), fd, filename);
    }

    /** Closes a descriptor through the ring of the app thread, where this is called. */
    static CompletableFuture<Void> close(Reactor app, int fd, String filename) {
        return UringCall.make(app, UringLoop.entry(LinuxAbi.OP_CLOSE, fd, 0, 0, 0, 0, 0))
                .thenAccept(answer -> {
                    if (answer < 0) {
                        LOG.log(Level.WARNING, "{0}: close failed: error {1}", filename, -answer);
                    }
                });
    }
}
