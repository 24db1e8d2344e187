package io.cairn.shell.perf;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/**
 * The part of a run that one reactor does: keeps a number of I/Os out, each followed by the next from its completion. Everything
 * on its reactor; allocates nothing per I/O.
 *
 * <p>Latencies: two readings of the clock cost as much as a whole I/O on a null bdev. While a job does more than
 * {@value #FEW_PER_SECOND} I/Os a second, it times about one in {@value #SAMPLE_EVERY}: some slots are looked at, and the others know
 * nothing of it. Else it times all of them.
 */
abstract class PerfJob implements IoCompletion, BdevChannel.IoWait {
    /** Above so many I/Os a second not every one is timed. */
    static final long FEW_PER_SECOND = 300_000;

    /** Which I/Os are timed when there are many. */
    static final int SAMPLE_EVERY = 64;

    /** The longest latency that the histogram tells from longer ones: a minute. */
    private static final long LONGEST_NANOS = 60_000_000_000L;

    private static final long ADAPT_NANOS = 20_000_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** Where the job's I/O goes. */
    protected BdevChannel channel;

    /** Whether what is chosen next is still submitted. */
    protected boolean running;

    private final Reactor reactor;
    private final Slot[] slots;
    private final long timeNanos;
    private final Histogram latencies = new Histogram(LONGEST_NANOS, 3);
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Slot[] parked;
    /** Whether what comes back counts: from the start until the time is over. */
    private boolean counting;

    private int parkedCount;
    private boolean waiting;
    private int outstanding;
    private long reads;
    private long writes;
    private boolean timeAll;
    private int untimedBetween;
    private long adaptedAt;
    private long adaptedCount;
    private long startedAt;
    private long endedAt;
    private boolean timeIsOver;
    private boolean finishing;
    private boolean stopped;
    private String failure;
    private Poller.Registration timer;
    private Poller.Registration adapter;

    PerfJob(Reactor reactor, Slot[] slots, long timeNanos) {
        this.reactor = reactor;
        this.slots = slots;
        this.timeNanos = timeNanos;
        this.parked = new Slot[slots.length];
    }

    // ---- what a kind of job decides ----

    /** Chooses what a slot does now and submits it. */
    protected abstract Submission submit(Slot slot);

    /** A slot's I/O is over, with success: {@link #issueNext}, or {@link #over} and what follows. */
    protected abstract void completed(BdevIo io, Slot slot);

    /**
     * The time is over and no I/O is out.
     *
     * @return whether there is more to do: then slots have been issued again
     */
    protected boolean afterTime() {
        return false;
    }

    /** Returns how many I/Os had their data compared. */
    protected long checked() {
        return 0;
    }

    // ---- for those who run it ----

    Reactor reactor() {
        return reactor;
    }

    Slot[] slots() {
        return slots;
    }

    /** Completes on the reactor when the channel is closed; never fails. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Opens the channel and submits the first I/Os. On the reactor. */
    void start(BdevDescriptor descriptor) {
        startedAt = reactor.clockNanos();
        if (stopped) {
            // somebody stopped the run before it began
            timeIsOver(startedAt);
            done.complete(null);
            return;
        }
        try {
            channel = descriptor.openChannel();
        } catch (BdevException e) {
            failure = e.getMessage();
            timeIsOver(startedAt);
            done.complete(null);
            return;
        }
        running = true;
        counting = true;
        adaptedAt = startedAt;
        timeSome();
        timer = reactor.after(timeNanos, this::end);
        adapter = reactor.poll("bdev:perf sampling", ADAPT_NANOS, this::adapt);
        for (Slot slot : slots) {
            issue(slot);
        }
    }

    /** Ends the job before its time: no new I/O; those that are out are waited for. On the reactor. */
    void stop() {
        stopped = true;
        if (channel != null && !done.isDone()) {
            end();
        }
    }

    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** Returns whether the job was stopped while it had something to do. */
    boolean stopped() {
        return stopped;
    }

    PerfCounts counts() {
        return new PerfCounts(reads, writes, checked());
    }

    Histogram latencies() {
        return latencies;
    }

    /** Returns from when to when I/O was counted. */
    long elapsedNanos() {
        return Math.max(1, (timeIsOver ? endedAt : reactor.clockNanos()) - startedAt);
    }

    // ---- the loop ----

    /** Lets a slot that is not out do something, if the job still runs. */
    protected final void issue(Slot slot) {
        if (running) {
            outstanding++;
            submitNext(slot);
        } else {
            finishIfDrained();
        }
    }

    /** The same for a slot whose I/O is just over, from inside {@link #completed}. */
    protected final void issueNext(Slot slot) {
        if (running) {
            submitNext(slot);
        } else {
            over();
            finishIfDrained();
        }
    }

    /** The slot whose I/O is just over is not out any more. From inside {@link #completed}. */
    protected final void over() {
        outstanding--;
    }

    private void submitNext(Slot slot) {
        if (slot.timed) {
            startTiming(slot);
        }
        try {
            if (submit(slot) == Submission.ACCEPTED) {
                return;
            }
        } catch (BdevException e) {
            over();
            fail(e.getMessage());
            return;
        }
        over();
        park(slot);
    }

    @Override
    public final void onComplete(BdevIo io) {
        Slot slot = (Slot) io.cookie();
        if (slot.timed) {
            endTiming(slot);
        }
        if (io.status() != IoStatus.SUCCESS) {
            failed(io);
            return;
        }
        if (counting) {
            if (io.type() == IoType.READ) {
                reads++;
            } else {
                writes++;
            }
        }
        completed(io, slot);
    }

    private void failed(BdevIo io) {
        over();
        fail(io.type() + " of " + io.numBlocks() + " blocks at " + io.offsetBlocks() + " of "
                + io.bdev().name() + " failed: " + io.status());
    }

    /** Puts a slot in line that found the channel without an I/O object. */
    private void park(Slot slot) {
        parked[parkedCount++] = slot;
        if (!waiting) {
            waiting = true;
            channel.queueIoWait(this);
        }
    }

    /** There is an I/O object again: who waited for one tries again. */
    @Override
    public final void ioAvailable() {
        waiting = false;
        int count = parkedCount;
        while (count > 0 && !waiting) {
            Slot slot = parked[--count];
            parkedCount = count;
            issue(slot);
        }
    }

    // ---- latencies ----

    private void startTiming(Slot slot) {
        if (timeAll || --slot.untimedLeft < 0) {
            slot.untimedLeft = untimedBetween;
            slot.startedNanos = reactor.clockNanos();
        }
    }

    private void endTiming(Slot slot) {
        if (slot.startedNanos != 0) {
            if (counting) {
                long nanos = reactor.clockNanos() - slot.startedNanos;
                latencies.recordValue(Math.min(LONGEST_NANOS, Math.max(0, nanos)));
            }
            slot.startedNanos = 0;
        }
    }

    private void timeAll() {
        timeAll = true;
        for (Slot slot : slots) {
            slot.timed = true;
        }
    }

    /** Has one slot in {@value #SAMPLE_EVERY} timed each time; and where there are fewer slots, one of them less often. */
    private void timeSome() {
        timeAll = false;
        untimedBetween = Math.max(0, SAMPLE_EVERY / slots.length - 1);
        for (int i = 0; i < slots.length; i++) {
            slots[i].timed = i % SAMPLE_EVERY == 0;
            slots[i].startedNanos = 0;
        }
    }

    private int adapt() {
        long now = reactor.clockNanos();
        long count = reads + writes;
        boolean few = (count - adaptedCount) * NANOS_PER_SECOND < FEW_PER_SECOND * (now - adaptedAt);
        if (few != timeAll) {
            if (few) {
                timeAll();
            } else {
                timeSome();
            }
        }
        adaptedAt = now;
        adaptedCount = count;
        return 1;
    }

    // ---- the end ----

    /** Ends the job because something is wrong. */
    protected final void fail(String why) {
        if (failure == null) {
            failure = why;
        }
        stop();
        finishIfDrained();
    }

    private void end() {
        if (!timeIsOver) {
            timeIsOver(reactor.clockNanos());
        }
        running = false;
        finishIfDrained();
    }

    private void timeIsOver(long at) {
        timeIsOver = true;
        counting = false;
        endedAt = at;
    }

    /** From inside a completion its I/O is not back yet, so the channel is closed at the end of the turn. */
    protected final void finishIfDrained() {
        if (!running && outstanding == 0 && !finishing) {
            finishing = true;
            reactor.defer(this::drained);
        }
    }

    private void drained() {
        finishing = false;
        parkedCount = 0;
        if (!stopped && failure == null) {
            running = true;
            if (afterTime()) {
                return;
            }
            running = false;
        }
        if (!done.isDone()) {
            timer.close();
            adapter.close();
            channel.close();
            done.complete(null);
        }
    }
}
