package io.cairn.shell.perf;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/**
 * One run of I/O on one bdev: opens it, has a job on each reactor, ends by time, by {@link #stop}, by an error or with the bdev, and
 * leaves nothing open. Methods may be called from any thread; what the run keeps is the app thread's.
 */
public final class PerfRun {
    /** The module whose bdevs hold nothing that could be lost. */
    private static final String KEEPS_NOTHING = "null";

    private static final String HOLDER = "bdev:perf";

    private final Reactors reactors;
    private final PerfOptions options;
    private final BdevDescriptor descriptor;
    private final List<PerfJob> jobs = new ArrayList<>();
    private final CompletableFuture<PerfResult> result = new CompletableFuture<>();
    private String failure;

    private PerfRun(Reactors reactors, PerfOptions options, BdevDescriptor descriptor) {
        this.reactors = reactors;
        this.options = options;
        this.descriptor = descriptor;
    }

    /**
     * Begins a run.
     *
     * @return the run, when its jobs have been sent to their reactors; fails with {@link BdevException} if the bdev cannot be opened
     *     or the options do not fit it: nothing is open then
     */
    public static CompletionStage<PerfRun> start(Reactors reactors, Bdevs bdevs, String bdev, PerfOptions options) {
        return reactors.onApp(() -> {
            CompletableFuture<PerfRun> begun = new CompletableFuture<>();
            OpenMode mode = options.workload().writes() ? OpenMode.WRITE : OpenMode.READ;
            return bdevs.find(bdev).thenCompose(found -> {
                found.ifPresent(there -> check(there, options, reactors));
                return bdevs.open(bdev, mode, HOLDER, (event, closing) -> begun.thenAccept(run -> run.onEvent(event)))
                        .thenCompose(descriptor -> new PerfRun(reactors, options, descriptor).begin())
                        .whenComplete((run, e) -> {
                            if (run != null) {
                                begun.complete(run);
                            }
                        });
            });
        });
    }

    /** Completes on the app thread when everything is closed; fails only by a defect. */
    public CompletionStage<PerfResult> result() {
        return result.minimalCompletionStage();
    }

    /** Ends the run before its time: what is out is waited for, then {@link #result} comes. Harmless when repeated. */
    public void stop() {
        for (PerfJob job : jobs) {
            job.reactor().execute(job::stop);
        }
    }

    /** Returns what has been done so far. */
    public CompletionStage<PerfCounts> counts() {
        List<CompletableFuture<PerfCounts>> all = new ArrayList<>();
        for (PerfJob job : jobs) {
            CompletableFuture<PerfCounts> counts = new CompletableFuture<>();
            job.reactor().execute(() -> counts.complete(job.counts()));
            all.add(counts);
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .thenApply(v -> all.stream().map(CompletableFuture::join).reduce(PerfCounts.NONE, PerfCounts::plus));
    }

    // ---- what fits ----

    private static void check(Bdev bdev, PerfOptions options, Reactors reactors) {
        String name = bdev.name();
        if (options.workload().writes()
                && !options.overwrite()
                && !bdev.moduleName().equals(KEEPS_NOTHING)) {
            throw new BdevException(
                    Errno.EPERM,
                    "writing would destroy what is on bdev " + name + " (module " + bdev.moduleName()
                            + "): give --overwrite if it may be lost");
        }
        requireType(bdev, options.workload().writes(), IoType.WRITE);
        requireType(bdev, options.workload().reads() || options.verify(), IoType.READ);
        if (options.ioBytes() % bdev.blockSize() != 0) {
            throw new BdevException(
                    Errno.EINVAL,
                    "I/Os of " + options.ioBytes() + " bytes do not fit bdev " + name + ", which has blocks of "
                            + bdev.blockSize() + " bytes");
        }
        if (options.workload().reads() && !options.needsMemory() && options.ioBytes() > BufferPool.LARGEST) {
            throw new BdevException(
                    Errno.EINVAL,
                    "reads of more than " + BufferPool.LARGEST + " bytes need memory of their own: give --own-memory");
        }
        long share = bdev.sizeBytes() / options.ioBytes() / options.reactors().size();
        long least = options.verify() ? options.depth() : 1;
        if (share < least) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + name + " of " + bdev.sizeBytes() + " bytes is too small for "
                            + options.reactors().size() + " reactors times " + least + " I/Os of " + options.ioBytes()
                            + " bytes at different places");
        }
        for (int index : options.reactors()) {
            if (index < 0 || index >= reactors.all().size()) {
                throw new BdevException(
                        Errno.EINVAL,
                        "there is no reactor " + index + "; there are "
                                + reactors.all().size());
            }
        }
    }

    private static void requireType(Bdev bdev, boolean needed, IoType type) {
        if (needed && !bdev.supportedTypes().contains(type)) {
            throw new BdevException(
                    Errno.EOPNOTSUPP,
                    "bdev " + bdev.name() + " (module " + bdev.moduleName() + ") does not support " + type);
        }
    }

    // ---- the beginning ----

    /** Gets memory where that may block, and then starts the jobs. App thread. */
    private CompletionStage<PerfRun> begin() {
        RandomGenerator dice = reactors.app().random();
        return CompletableFuture.supplyAsync(() -> allocate(options), reactors.blocking())
                .thenComposeAsync(slots -> startJobs(slots, dice), reactors.app())
                .whenCompleteAsync(
                        (run, e) -> {
                            if (e != null) {
                                descriptor.close();
                            }
                        },
                        reactors.app());
    }

    private static List<Slot[]> allocate(PerfOptions options) {
        List<Slot[]> all = new ArrayList<>();
        List<IoBuffer> taken = new ArrayList<>();
        try {
            for (int job = 0; job < options.reactors().size(); job++) {
                Slot[] slots = new Slot[options.depth()];
                for (int i = 0; i < slots.length; i++) {
                    IoBuffer buffer = null;
                    if (options.needsMemory()) {
                        buffer = IoBuffer.allocate(options.ioBytes());
                        taken.add(buffer);
                    }
                    slots[i] = new Slot(buffer);
                }
                all.add(slots);
            }
            return all;
        } catch (OutOfMemoryError e) {
            taken.forEach(IoBuffer::free);
            throw new BdevException(
                    Errno.ENOMEM,
                    "there is not enough memory for " + options.depth() + " I/Os of " + options.ioBytes() + " bytes on "
                            + options.reactors().size() + " reactors: " + e.getMessage(),
                    e);
        }
    }

    private CompletionStage<PerfRun> startJobs(List<Slot[]> slots, RandomGenerator dice) {
        Bdev bdev = descriptor.bdev();
        long blocks = options.ioBytes() / bdev.blockSize();
        long share = bdev.numBlocks() / blocks / slots.size();
        Pattern pattern = new Pattern(dice.nextLong(), bdev.blockSize());
        for (int i = 0; i < slots.size(); i++) {
            Reactor reactor = reactors.all().get(options.reactors().get(i));
            jobs.add(job(reactor, slots.get(i), i * share, share, blocks, pattern.sameRun(), dice.nextLong()));
        }
        CompletableFuture<?>[] done = jobs.stream().map(this::afterwards).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(done).whenCompleteAsync((v, e) -> finish(e), reactors.app());
        for (PerfJob job : jobs) {
            job.reactor().execute(() -> job.start(descriptor));
        }
        return CompletableFuture.completedFuture(this);
    }

    private PerfJob job(
            Reactor reactor, Slot[] slots, long first, long share, long blocks, Pattern pattern, long seed) {
        boolean random = options.workload().random();
        if (options.verify()) {
            long remembered = Math.min(share, VerifyJob.MOST_POSITIONS);
            return new VerifyJob(
                    reactor, slots, options, new Positions(first, remembered, random, seed), blocks, pattern);
        }
        return new LoadJob(reactor, slots, options, new Positions(first, share, random, seed), blocks);
    }

    /** When one job fails the others end too. */
    private CompletableFuture<Void> afterwards(PerfJob job) {
        return job.done().thenAccept(v -> {
            if (job.failure().isPresent()) {
                stop();
            }
        });
    }

    // ---- the end ----

    private void onEvent(BdevEvent event) {
        if (event == BdevEvent.REMOVE) {
            failure = "bdev " + descriptor.bdev().name() + " is being removed";
            stop();
        }
    }

    private void finish(Throwable defect) {
        for (PerfJob job : jobs) {
            for (Slot slot : job.slots()) {
                if (slot.buffer != null) {
                    slot.buffer.free();
                }
            }
        }
        descriptor.close();
        if (defect != null) {
            result.completeExceptionally(defect);
        } else {
            result.complete(summary());
        }
    }

    private PerfResult summary() {
        PerfCounts counts = PerfCounts.NONE;
        double reads = 0;
        double writes = 0;
        Histogram latencies = new Histogram(jobs.get(0).latencies());
        boolean stopped = false;
        Optional<String> wrong = Optional.ofNullable(failure);
        for (PerfJob job : jobs) {
            double seconds = job.elapsedNanos() / 1e9;
            counts = counts.plus(job.counts());
            reads += job.counts().reads() / seconds;
            writes += job.counts().writes() / seconds;
            latencies.add(job.latencies());
            stopped |= job.stopped();
            wrong = wrong.or(job::failure);
        }
        return new PerfResult(counts, reads, writes, options.ioBytes(), latencies, stopped && wrong.isEmpty(), wrong);
    }
}
