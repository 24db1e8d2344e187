package io.cairn.module.aio;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static java.util.concurrent.CompletableFuture.failedFuture;
import static java.util.concurrent.CompletableFuture.supplyAsync;

import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Files by io_uring on the reactors' own rings. Also opening and closing go through the ring, which gives the number of the file
 * descriptor that {@code java.nio} would hide.
 */
final class UringEngine implements FileEngine {
    private static final Logger LOG = System.getLogger(UringEngine.class.getName());

    /** What direct I/O may ask for on a file whose device cannot be asked, in the order of trying. */
    private static final int[] DIRECT_BLOCKS = {512, 4096};

    private final Reactors reactors;
    private final FileInspector inspector;
    private final MemoryResidence memory;

    UringEngine(Reactors reactors, FileInspector inspector, MemoryResidence memory) {
        this.reactors = reactors;
        this.inspector = inspector;
        this.memory = memory;
    }

    @Override
    public String name() {
        return "io_uring";
    }

    @Override
    public CompletionStage<OpenFile> open(String filename, boolean readonly, int blockSize) {
        // the type first: opening a named pipe waits for its other end
        return supplyAsync(() -> inspector.inspect(filename), reactors.blocking())
                .thenComposeAsync(before -> openFile(filename, readonly, blockSize), reactors.app())
                .thenCompose(file -> inPlaceIfInMemory(file, filename, readonly))
                .thenApply(Function.identity());
    }

    private CompletableFuture<UringFile> openFile(String filename, boolean readonly, int blockSize) {
        return openDirect(filename, readonly).thenCompose(file -> {
            if (file == null) {
                return openBuffered(filename, readonly, "its file system does not offer it");
            }
            if (!file.facts().blockDevice() && blockSize != 0 && blockSize < file.detectedBlockSize()) {
                String reason = "it needs blocks of " + file.detectedBlockSize() + " bytes";
                return file.close().toCompletableFuture().thenCompose(x -> openBuffered(filename, readonly, reason));
            }
            return completedFuture(file);
        });
    }

    /** Lets small transfers be done in place if the file is in memory; closes it if that fails. */
    private CompletableFuture<UringFile> inPlaceIfInMemory(UringFile file, String filename, boolean readonly) {
        if (file.facts().blockDevice()) {
            // its node may be on a tmpfs, its content is not
            return completedFuture(file);
        }
        CompletableFuture<UringFile> decided = supplyAsync(
                () -> memory.holds(file.fd()) ? file.with(InPlaceTransfer.open(file.fd(), filename, readonly)) : file,
                reactors.blocking());
        return closingOnFailure(file.fd(), decided.thenApplyAsync(Function.identity(), reactors.app()));
    }

    /** Opens past the page cache; null if that cannot be had. */
    private CompletableFuture<UringFile> openDirect(String filename, boolean readonly) {
        return openAt(filename, readonly, LinuxAbi.O_DIRECT).thenCompose(fd -> {
            if (fd == Errno.EINVAL.code()) {
                return completedFuture(null);
            }
            return inspected(fd, filename).thenCompose(facts -> closingOnFailure(fd, findDirectBlock(fd, facts))
                    .thenCompose(block -> {
                        UringFile file = new UringFile(reactors, filename, fd, facts, block != 0, block);
                        return block != 0
                                ? completedFuture(file)
                                : file.close().thenApply(x -> (UringFile) null).toCompletableFuture();
                    }));
        });
    }

    private CompletableFuture<UringFile> openBuffered(String filename, boolean readonly, String reason) {
        LOG.log(Level.WARNING, "{0}: no direct I/O, {1}; using the page cache", filename, reason);
        return openAt(filename, readonly, 0)
                .thenCompose(fd -> inspected(fd, filename).thenApply(facts -> {
                    int block = facts.blockDevice() ? facts.logicalBlockSize() : BlockGeometry.SMALLEST_BLOCK;
                    return new UringFile(reactors, filename, fd, facts, false, block);
                }));
    }

    /** Opens; completes with the descriptor, or with EINVAL, which a file system without direct I/O gives; fails otherwise. */
    private CompletableFuture<Integer> openAt(String filename, boolean readonly, int extraFlags) {
        byte[] name = filename.getBytes(StandardCharsets.UTF_8);
        IoBuffer path = IoBuffer.allocate(name.length + 1);
        path.bytes().put(0, name);
        int flags = (readonly ? LinuxAbi.O_RDONLY : LinuxAbi.O_RDWR) | LinuxAbi.O_CLOEXEC | extraFlags;
        return UringCall.make(
                        reactors.app(),
                        UringLoop.entry(LinuxAbi.OP_OPENAT, LinuxAbi.AT_FDCWD, 0, path.address(), 0, flags, 0))
                .thenCompose(answer -> {
                    path.free();
                    boolean noDirect = extraFlags != 0 && answer == Errno.EINVAL.code();
                    return answer >= 0 || noDirect
                            ? completedFuture(answer)
                            : failedFuture(Errnos.refusal(filename, answer));
                });
    }

    /** Looks at the open file itself: the name may mean another one by now. Closes it if it is none to do I/O on. */
    private CompletableFuture<FileFacts> inspected(int fd, String filename) {
        CompletableFuture<FileFacts> facts =
                supplyAsync(() -> inspector.inspectOpen(fd, filename), reactors.blocking());
        return closingOnFailure(fd, facts.thenApplyAsync(Function.identity(), reactors.app()));
    }

    /** Finds the smallest block of direct I/O by reading; 0: none works. */
    private CompletableFuture<Integer> findDirectBlock(int fd, FileFacts facts) {
        return facts.blockDevice() ? completedFuture(facts.logicalBlockSize()) : tryDirectBlock(fd, facts, 0);
    }

    private CompletableFuture<Integer> tryDirectBlock(int fd, FileFacts facts, int candidate) {
        if (candidate == DIRECT_BLOCKS.length) {
            return completedFuture(0);
        }
        int block = DIRECT_BLOCKS[candidate];
        if (facts.size() < block) {
            return completedFuture(block);
        }
        Reactor app = reactors.app();
        IoBuffer memory = IoBuffer.allocate(block);
        return UringCall.make(app, UringLoop.entry(LinuxAbi.OP_READ, fd, 0, memory.address(), block, 0, 0))
                .thenCompose(answer -> {
                    memory.free();
                    if (answer == Errno.EINVAL.code()) {
                        return tryDirectBlock(fd, facts, candidate + 1);
                    }
                    // an unreadable first block is the reader's business, not a reason to refuse the file
                    return completedFuture(block);
                });
    }

    private <T> CompletableFuture<T> closingOnFailure(int fd, CompletableFuture<T> step) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        step.whenComplete((value, failure) -> {
            if (failure == null) {
                outcome.complete(value);
            } else {
                UringFile.close(reactors.app(), fd, "a file that was refused")
                        .whenComplete((x, y) -> outcome.completeExceptionally(failure));
            }
        });
        return outcome;
    }

    @Override
    public void close() {
        // the rings are the reactors'
    }
}
