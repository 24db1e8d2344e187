package io.cairn.module.aio;

import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An open file descriptor whose I/O goes through the reactors' rings; small transfers of a file in memory are done in place. */
final class UringFile implements OpenFile {
    private static final Logger LOG = System.getLogger(UringFile.class.getName());

    private final Reactors reactors;
    private final String filename;
    private final int fd;
    private final FileFacts facts;
    private final boolean direct;
    private final int block;

    /** What does small transfers; null: the ring does all of them. */
    private final InPlaceTransfer inPlace;

    /** Whether the file system has refused to zero a range; then holes are punched instead. Any reactor. */
    private volatile boolean refusesZeroRange;

    UringFile(Reactors reactors, String filename, int fd, FileFacts facts, boolean direct, int block) {
        this(reactors, filename, fd, facts, direct, block, null);
    }

    private UringFile(
            Reactors reactors,
            String filename,
            int fd,
            FileFacts facts,
            boolean direct,
            int block,
            InPlaceTransfer inPlace) {
        this.reactors = reactors;
        this.filename = filename;
        this.fd = fd;
        this.facts = facts;
        this.direct = direct;
        this.block = block;
        this.inPlace = inPlace;
    }

    /** Returns the same open file with small transfers done in place. Belongs to whoever closes the file. */
    UringFile with(InPlaceTransfer transfers) {
        return new UringFile(reactors, filename, fd, facts, direct, block, transfers);
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
        return inPlace == null ? "io_uring" : "io_uring, in place";
    }

    /** Returns the file descriptor. */
    int fd() {
        return fd;
    }

    /** Returns what does small transfers; null: the ring does all of them. */
    InPlaceTransfer inPlace() {
        return inPlace;
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
        CompletableFuture<Void> closed = close(reactors.app(), fd, filename);
        if (inPlace == null) {
            return closed;
        }
        // this one last: closing a file that is unlinked frees its memory, and that takes a while
        return closed.thenRunAsync(() -> inPlace.close(filename), reactors.blocking())
                .thenRunAsync(() -> {}, reactors.app());
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
