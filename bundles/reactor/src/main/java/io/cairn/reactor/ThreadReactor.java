package io.cairn.reactor;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * A reactor that is a platform thread and drives a Netty event loop.
 *
 * <p>A turn that did work and handed nothing to the event loop costs no clock read and no system call: the rest is done
 * every {@value #TURNS_PER_CLOCK} turns. So {@link #nowNanos} is at most that many turns old; after an idle turn, an I/O event
 * or a sleep it is fresh.
 *
 * <p>Sleeping: the sleeper writes {@link #state} = {@link #ASLEEP} and then looks for messages; a sender puts its message in
 * line and then reads {@link #state}. With a full fence between on both sides, one of them sees the other's write, so
 * that no message is slept over; and only who sees {@link #ASLEEP} pays for the system call that wakes.
 */
final class ThreadReactor extends Reactor {
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int ENDED = 2;

    private static final int TURNS_PER_CLOCK = 8;
    /** How long completions may wait at most behind turns that always find work. */
    private static final long LOOP_EVERY_WHEN_BUSY = 15_000;
    /** The same behind turns in which pollers want to be polled on and found nothing. */
    private static final long LOOP_EVERY_WHEN_POLLING = 1_000;
    /** The same where each look is a system call. */
    private static final long LOOP_EVERY_WHEN_POLLING_NIO = 5_000;
    /** The shortest spin, as a part of the longest: enough to notice that spinning would be worth it again. */
    private static final int SPIN_RANGE = 16;

    private static final int MOST_LAST_TURNS = 1000;

    private final Thread thread;
    private final ManualIoEventLoop loop;
    private final RandomGenerator random = new SplittableRandom();
    /** How the event loop is told not to wait. */
    private final long noWait;

    private final long loopEveryWhenPolling;
    private final long longestSpin;
    private final boolean alwaysPoll;

    private final AtomicInteger state = new AtomicInteger(AWAKE);
    private volatile boolean stopping;
    /** Signs of life for the watchdog: this thread's opaque writes, which cost what plain ones do. */
    private final AtomicLong turns = new AtomicLong();

    private final AtomicBoolean waiting = new AtomicBoolean();
    private long turnsRun;

    private boolean ioWaiting;
    private boolean worked;
    private int untilClock = TURNS_PER_CLOCK;
    private long lastWork;
    private long lastLoop;
    private long spin;

    /** What senders took back out of the line after the end; guarded by itself. */
    private final List<Runnable> leftOver = new ArrayList<>();

    ThreadReactor(int index, ReactorOptions options, IoHandlerFactory handlers) {
        super(index, "cairn-reactor-" + index, new BufferPool(options.bufferPoolBytes()));
        this.longestSpin = options.spinNanos();
        this.spin = longestSpin;
        this.alwaysPoll = options.alwaysPoll();
        // Netty's thread-locals are array accesses on such a thread
        this.thread = new FastThreadLocalThread(null, this::run, name());
        thread.setDaemon(true);
        thread.setContextClassLoader(ThreadReactor.class.getClassLoader());
        this.loop = new ManualIoEventLoop(
                thread,
                executor -> new SleepAwareIoHandler(handlers.newHandler(executor), () -> waiting.setOpaque(false)));
        boolean ring = loop.isCompatible(IoUringIoHandle.class);
        this.loopEveryWhenPolling = ring ? LOOP_EVERY_WHEN_POLLING : LOOP_EVERY_WHEN_POLLING_NIO;
        // Netty's NIO handler takes note of a wake-up only in a call that may wait, and until then wakes itself at each
        // look; a wait of 1 ns is none
        this.noWait = ring ? -1 : 1;
        this.now = System.nanoTime();
    }

    void start() {
        thread.start();
    }

    /** Lets the reactor run what is in line and end. From any thread. */
    void stop() {
        stopping = true;
        wake();
    }

    Thread thread() {
        return thread;
    }

    /** Returns a number that changes with every turn. Any thread. */
    long turns() {
        return turns.getOpaque();
    }

    /** Returns whether the reactor waits for events. Any thread. */
    boolean isWaiting() {
        return waiting.getOpaque();
    }

    @Override
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    @Override
    public long clockNanos() {
        return System.nanoTime();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public Optional<IoEventLoop> eventLoop() {
        return Optional.of(loop);
    }

    @Override
    public void ioSubmitted() {
        ioWaiting = true;
    }

    @Override
    public void execute(Runnable message) {
        Objects.requireNonNull(message, "message");
        deliver(message);
        if (Thread.currentThread() == thread && state.get() != ENDED) {
            return;
        }
        VarHandle.fullFence();
        int seen = state.get();
        if (seen == ASLEEP) {
            wake();
        } else if (seen == ENDED) {
            takeBack(message);
        }
    }

    private void wake() {
        if (state.compareAndSet(ASLEEP, AWAKE)) {
            loop.wakeup();
        }
    }

    private void run() {
        try {
            while (!stopping) {
                int found = turn();
                turns.setOpaque(++turnsRun);
                if (found > 0) {
                    worked = true;
                }
                if (found == Poller.ASLEEP || ioWaiting || --untilClock <= 0) {
                    afterTurn(found);
                }
            }
        } finally {
            end();
        }
    }

    /** What not every turn pays for: the clock, the event loop, rest. */
    private void afterTurn(int found) {
        untilClock = TURNS_PER_CLOCK;
        now = System.nanoTime();
        if (worked) {
            worked = false;
            lastWork = now;
        }
        if (found == Poller.ASLEEP || ioWaiting || now - lastLoop >= loopEvery(found)) {
            if (runLoop(noWait) > 0) {
                now = System.nanoTime();
                lastWork = now;
            } else if (found == Poller.ASLEEP && !alwaysPoll && !ioWaiting && now - lastWork >= spin) {
                sleep();
            }
            lastLoop = now;
        }
    }

    private long loopEvery(int found) {
        return found > 0 ? LOOP_EVERY_WHEN_BUSY : loopEveryWhenPolling;
    }

    /** Runs the event loop, waiting at most so long (0: without bound), and returns the events handled. */
    private int runLoop(long waitNanos) {
        ioWaiting = false;
        try {
            return loop.run(waitNanos, 0);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            report("event loop", e);
            return 1;
        }
    }

    private void sleep() {
        long timer = nextTimer();
        long wait = timer == Long.MAX_VALUE ? 0 : timer - now;
        if (timer != Long.MAX_VALUE && wait <= 0) {
            return;
        }
        long since = now;
        state.set(ASLEEP);
        VarHandle.fullFence();
        if (hasMessages() || hasDeferred() || stopping) {
            state.set(AWAKE);
            return;
        }
        waiting.setOpaque(true);
        int events = runLoop(wait);
        waiting.setOpaque(false);
        state.set(AWAKE);
        now = System.nanoTime();
        if (events > 0) {
            lastWork = now;
        }
        adaptSpin(now - since);
    }

    /** A sleep that was shorter than the longest spin should have been spun through; a longer one was spun for in vain. */
    private void adaptSpin(long slept) {
        spin = slept < longestSpin ? longestSpin : Math.max(spin / 2, longestSpin / SPIN_RANGE);
    }

    private void end() {
        try {
            // senders that go on and on do not keep a reactor alive
            for (int i = 0; i < MOST_LAST_TURNS && (hasMessages() || hasDeferred()); i++) {
                now = System.nanoTime();
                turn();
                runLoop(noWait);
            }
            EventLoops.close(loop);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            report("end of the event loop", e);
        } finally {
            waiting.setOpaque(true);
            state.set(ENDED);
            VarHandle.fullFence();
            runLeftOver();
            buffers().trim();
        }
    }

    /** Runs what was put in line by senders that did not see the end. */
    private void runLeftOver() {
        synchronized (leftOver) {
            Runnable message;
            while ((message = takeMessage()) != null) {
                leftOver.add(message);
            }
            for (Runnable left : leftOver) {
                try {
                    left.run();
                } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                    report("message " + left, e);
                }
            }
            leftOver.clear();
        }
    }

    /** A sender saw the end after it had put its message in line: either it was still run, or it is taken back. */
    private void takeBack(Runnable message) {
        synchronized (leftOver) {
            Runnable left;
            while ((left = takeMessage()) != null) {
                leftOver.add(left);
            }
            for (int i = 0; i < leftOver.size(); i++) {
                if (leftOver.get(i) == message) {
                    leftOver.remove(i);
                    throw new RejectedExecutionException(name() + " has ended");
                }
            }
        }
    }
}
