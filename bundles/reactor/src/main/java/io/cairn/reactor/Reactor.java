package io.cairn.reactor;

import io.netty.channel.IoEventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One thread of the I/O path: runs messages, timers, pollers and deferred work in turns.
 *
 * <p>{@link #execute} may be called from any thread: messages of one sender run in the order sent. Everything else is
 * for the reactor's own thread. Nothing that runs here may block.
 *
 * <p>What one turn does is here and the same for a real thread and for a simulated one; how time passes, how the
 * reactor sleeps and where its I/O events come from is the subclass's.
 */
@ProviderType
public abstract class Reactor implements Executor {
    private static final Logger LOG = System.getLogger(Reactor.class.getName());
    private static final int MESSAGES_PER_TURN = 1024;
    private static final int NO_POLLERS = 0;

    private final int index;
    private final String name;
    private final Queue<Runnable> messages = new MpscUnboundedArrayQueue<>(1024);
    private final PriorityQueue<Timed> timers = new PriorityQueue<>();
    private final ArrayDeque<Runnable> deferred = new ArrayDeque<>(1024);
    private final BufferPool buffers;
    private BusyPoller[] pollers = new BusyPoller[NO_POLLERS];
    private long timerSequence;

    /** The turn's time in nanoseconds; written by the subclass, read all over the I/O path. */
    protected long now;

    /**
     * Called by subclasses.
     *
     * @param index position among the process's reactors; 0 is the app thread
     * @param name for logs and statistics
     * @param buffers the memory for I/O that asks for it
     */
    protected Reactor(int index, String name, BufferPool buffers) {
        this.index = index;
        this.name = name;
        this.buffers = buffers;
    }

    /** Returns the position among the process's reactors; 0 is the app thread. */
    public final int index() {
        return index;
    }

    /** Returns the name for logs and statistics. */
    public final String name() {
        return name;
    }

    /** Returns whether the caller's thread is this reactor's. */
    public abstract boolean isCurrent();

    /**
     * Returns the monotonic time of this turn in nanoseconds, read at most once a turn: cheap, and some microseconds old at
     * worst on a reactor that is busy. Only differences mean something.
     */
    public final long nowNanos() {
        return now;
    }

    /** Returns the monotonic time right now, for the rare measurement that needs it. */
    public abstract long clockNanos();

    /** Returns this reactor's source of randomness; seeded in a simulation. */
    public abstract RandomGenerator random();

    /** Returns the Netty event loop that this reactor drives; empty in a simulation. */
    public abstract Optional<IoEventLoop> eventLoop();

    /**
     * Tells the reactor that something was handed to its event loop in this turn, so that the loop is run at the end of
     * the turn. To be called on the reactor by everyone who submits to {@link #eventLoop()}.
     */
    public abstract void ioSubmitted();

    /** Returns this reactor's memory for I/O. Reactor's thread only. */
    public final BufferPool buffers() {
        return buffers;
    }

    /** Runs a message on this reactor's thread, in a later turn or later in this one. From any thread; never blocks. */
    @Override
    public final void execute(Runnable message) {
        messages.offer(message);
        awaken();
    }

    /**
     * Runs something at the end of this turn, after the pollers, in the order given. Reactor's thread only. This is what
     * bounds recursion: completions from inside a submission go through here.
     */
    public final void defer(Runnable work) {
        deferred.add(work);
    }

    /** Adds a poller that is called every turn. Reactor's thread only. */
    public final Poller.Registration poll(String pollerName, Poller poller) {
        requireCurrent();
        BusyPoller added = new BusyPoller(pollerName, poller);
        BusyPoller[] more = Arrays.copyOf(pollers, pollers.length + 1);
        more[pollers.length] = added;
        pollers = more;
        return added;
    }

    /**
     * Adds a poller that is called every period. Reactor's thread only. A late call is not made up for.
     *
     * @param periodNanos at least 1
     */
    public final Poller.Registration poll(String pollerName, long periodNanos, Poller poller) {
        requireCurrent();
        if (periodNanos < 1) {
            throw new IllegalArgumentException("period " + periodNanos + " ns of poller " + pollerName);
        }
        return new TimedPoller(pollerName, periodNanos, poller);
    }

    /**
     * Runs something once after a delay. Reactor's thread only.
     *
     * @return close it to cancel
     */
    public final Poller.Registration after(long delayNanos, Runnable work) {
        requireCurrent();
        Timed timed = new Timed(clockNanos() + Math.max(0, delayNanos), work);
        timers.add(timed);
        return timed;
    }

    /** Wakes the reactor if it sleeps. From any thread. */
    protected abstract void awaken();

    /** Throws unless the caller's thread is this reactor's. */
    public final void requireCurrent() {
        if (!isCurrent()) {
            throw new IllegalStateException("must run on " + name + " but runs on "
                    + Thread.currentThread().getName());
        }
    }

    /** What one turn found: the number of things done and whether the reactor may sleep after it. */
    protected final int turn() {
        int work = runMessages();
        if (!timers.isEmpty()) {
            work += runTimers();
        }
        boolean mustPoll = false;
        BusyPoller[] current = pollers;
        for (BusyPoller poller : current) {
            int did = poller.run();
            if (did > 0) {
                work += did;
            } else if (did == Poller.IDLE) {
                mustPoll = true;
            }
        }
        if (!deferred.isEmpty()) {
            work += runDeferred();
        }
        return work > 0 ? work : mustPoll ? Poller.IDLE : Poller.ASLEEP;
    }

    /** Returns whether a message waits. Any thread. */
    protected final boolean hasMessages() {
        return !messages.isEmpty();
    }

    /** Returns when the next timer is due, or {@link Long#MAX_VALUE}; in the time of {@link #clockNanos()}. */
    protected final long nextTimer() {
        Timed next = timers.peek();
        return next == null ? Long.MAX_VALUE : next.due;
    }

    /** Reports what was thrown by a message, timer or poller; the reactor goes on. */
    protected final void report(String what, Throwable failure) {
        LOG.log(Level.ERROR, name + ": " + what + " failed", failure);
    }

    /** Runs the waiting messages, at most a bounded number. */
    protected int runMessages() {
        int done = 0;
        Runnable message;
        while (done < MESSAGES_PER_TURN && (message = messages.poll()) != null) {
            runSafely("message", message);
            done++;
        }
        return done;
    }

    private int runTimers() {
        int done = 0;
        long time = now;
        Timed next;
        while ((next = timers.peek()) != null && next.due - time <= 0) {
            timers.remove();
            if (!next.cancelled) {
                runSafely("timer", next.work);
                done++;
            }
        }
        return done;
    }

    private int runDeferred() {
        // what is deferred while this runs waits for the next turn, so that a turn always ends
        int count = deferred.size();
        for (int i = 0; i < count; i++) {
            runSafely("deferred work", deferred.poll());
        }
        return count;
    }

    private void runSafely(String what, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            report(what + " " + work, e);
        }
    }

    private final class BusyPoller implements Poller.Registration {
        private final String pollerName;
        private final Poller poller;
        private boolean closed;

        BusyPoller(String pollerName, Poller poller) {
            this.pollerName = pollerName;
            this.poller = poller;
        }

        int run() {
            if (closed) {
                return Poller.ASLEEP;
            }
            try {
                return poller.poll();
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                report("poller " + pollerName, e);
                close();
                return 1;
            }
        }

        @Override
        public void close() {
            requireCurrent();
            if (!closed) {
                closed = true;
                pollers = Arrays.stream(pollers).filter(p -> p != this).toArray(BusyPoller[]::new);
            }
        }
    }

    private class Timed implements Comparable<Timed>, Poller.Registration {
        private final long sequence = timerSequence++;
        private long due;
        private Runnable work;
        private boolean cancelled;

        Timed(long due, Runnable work) {
            this.due = due;
            this.work = work;
        }

        @Override
        public int compareTo(Timed other) {
            int byTime = Long.signum(due - other.due);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }

        @Override
        public void close() {
            requireCurrent();
            if (!cancelled) {
                cancelled = true;
                timers.remove(this);
            }
        }
    }

    private final class TimedPoller implements Poller.Registration, Runnable {
        private final String pollerName;
        private final long period;
        private final Poller poller;
        private Timed next;
        private boolean closed;

        TimedPoller(String pollerName, long period, Poller poller) {
            this.pollerName = pollerName;
            this.period = period;
            this.poller = poller;
            schedule();
        }

        private void schedule() {
            next = new Timed(clockNanos() + period, this);
            timers.add(next);
        }

        @Override
        public void run() {
            try {
                poller.poll();
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                report("poller " + pollerName, e);
                closed = true;
            }
            if (!closed) {
                schedule();
            }
        }

        @Override
        public void close() {
            requireCurrent();
            if (!closed) {
                closed = true;
                next.close();
            }
        }
    }
}
