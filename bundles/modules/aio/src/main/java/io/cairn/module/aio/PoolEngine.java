package io.cairn.module.aio;

import com.sun.nio.file.ExtendedOpenOption;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Files where there is no io_uring: positional reads and writes on a bounded number of threads. Plain Java cannot punch holes, so
 * UNMAP is not offered.
 */
final class PoolEngine implements FileEngine {
    private static final Logger LOG = System.getLogger(PoolEngine.class.getName());
    private static final int THREADS = 16;
    private static final int QUEUED = 1 << 14;
    private static final long IDLE_SECONDS = 10;

    private final Reactors reactors;
    private final FileInspector inspector;
    private final Executor workers;
    private final Runnable end;

    private PoolEngine(Reactors reactors, FileInspector inspector, Executor workers, Runnable end) {
        this.reactors = reactors;
        this.inspector = inspector;
        this.workers = workers;
        this.end = end;
    }

    /** Makes an engine with threads of its own. */
    static PoolEngine withThreads(Reactors reactors, FileInspector inspector) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUED), work -> {
                    Thread thread = new Thread(null, work, "cairn-aio-" + number.incrementAndGet(), 0, false);
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return new PoolEngine(reactors, inspector, threads, threads::shutdown);
    }

    /** Makes an engine without threads: in a simulation all work is a message of the simulation, in its order and time. */
    static PoolEngine simulated(Reactors reactors, FileInspector inspector) {
        return new PoolEngine(reactors, inspector, reactors.blocking(), () -> {});
    }

    @Override
    public String name() {
        return "threads";
    }

    @Override
    public CompletionStage<OpenFile> open(String filename, boolean readonly, int blockSize) {
        return CompletableFuture.supplyAsync(() -> openBlocking(filename, readonly, blockSize), reactors.blocking())
                .thenApplyAsync(file -> file, reactors.app());
    }

    private OpenFile openBlocking(String filename, boolean readonly, int blockSize) {
        FileFacts facts = inspector.inspect(filename);
        Path path = FileInspector.pathOf(filename);
        Set<OpenOption> options = new HashSet<>();
        options.add(StandardOpenOption.READ);
        if (!readonly) {
            options.add(StandardOpenOption.WRITE);
        }
        int smallest = facts.blockDevice() ? facts.logicalBlockSize() : BlockGeometry.SMALLEST_BLOCK;
        try {
            // Java wants direct I/O in blocks of the file system, whatever the device could do
            int directBlock = Math.toIntExact(Files.getFileStore(path).getBlockSize());
            boolean suits = Integer.bitCount(directBlock) == 1
                    && (blockSize == 0 ? facts.size() % directBlock == 0 : blockSize >= directBlock);
            FileChannel direct = suits ? openDirect(path, options) : null;
            if (direct != null) {
                return new PoolFile(reactors, workers, filename, direct, facts, true, directBlock);
            }
            LOG.log(Level.WARNING, "{0}: no direct I/O; using the page cache", filename);
            return new PoolFile(reactors, workers, filename, FileChannel.open(path, options), facts, false, smallest);
        } catch (IOException e) {
            throw Errnos.refusal(filename, e);
        }
    }

    /** Opens past the page cache; null if the file system does not offer that. */
    private static FileChannel openDirect(Path path, Set<OpenOption> options) throws IOException {
        Set<OpenOption> all = new HashSet<>(options);
        try {
            all.add(ExtendedOpenOption.DIRECT);
        } catch (NoClassDefFoundError e) {
            LOG.log(Level.DEBUG, "this Java has no direct I/O", e);
            return null;
        }
        try {
            return FileChannel.open(path, all);
        } catch (UnsupportedOperationException e) {
            return null;
        } catch (IOException e) {
            if (Errnos.of(e) == Errno.EINVAL) {
                return null;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        end.run();
    }
}
