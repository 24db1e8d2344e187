package io.cairn.reactor;

import io.netty.channel.IoEventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
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
    private static final int CANCELLED_TIMERS_KEPT = 64;

    private final int index;
    private final String name;
    private final MpscUnboundedArrayQueue<Runnable> messages = new MpscUnboundedArrayQueue<>(1024);
    private final PriorityQueue<Timed> timers = new PriorityQueue<>();
    private final ArrayDeque<Runnable> deferred = new ArrayDeque<>(1024);
    private final BufferPool buffers;
    private BusyPoller[] pollers = new BusyPoller[0];
    private final List<TimedPoller> timedPollers = new ArrayList<>();
    private long timerSequence;
    private int cancelledTimers;
    private long nextTimer = Long.MAX_VALUE;
    private boolean pollerAdded;

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

    /**
     * Runs a message on this reactor's thread, in a later turn or later in this one. From any thread; never blocks.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the reactor has ended; the message will not run
     */
    @Override
    public abstract void execute(Runnable message);

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
        pollerAdded = true;
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
        TimedPoller added = new TimedPoller(pollerName, periodNanos, poller);
        timedPollers.add(added);
        return added;
    }

    /** Returns the names of the registered pollers, busy ones first, for those who look for what is left over. Reactor's thread only. */
    public final List<String> pollerNames() {
        requireCurrent();
        List<String> names = new ArrayList<>();
        for (BusyPoller poller : pollers) {
            names.add(poller.pollerName);
        }
        for (TimedPoller poller : timedPollers) {
            names.add(poller.pollerName);
        }
        return names;
    }

    /** Returns the names of the pollers that are called once a period, as {@link #pollerNames()} has them last. Reactor's thread only. */
    public final List<String> timedPollerNames() {
        requireCurrent();
        return timedPollers.stream().map(poller -> poller.pollerName).toList();
    }

    /**
     * Runs something once after a delay. Reactor's thread only.
     *
     * @return close it to cancel
     */
    public final Poller.Registration after(long delayNanos, Runnable work) {
        requireCurrent();
        Timed timed = new Timed(clockNanos() + Math.max(0, delayNanos), work);
        schedule(timed);
        return timed;
    }

    /**
     * Makes a timer that its owner sets again and again without allocating. Reactor's thread only.
     *
     * @param work run once for each time that the alarm was set and not cancelled
     */
    public final Alarm alarm(Runnable work) {
        requireCurrent();
        return new SettableTimer(work);
    }

    /** Throws unless the caller's thread is this reactor's. */
    public final void requireCurrent() {
        if (!isCurrent()) {
            throw new IllegalStateException("must run on " + name + " but runs on "
                    + Thread.currentThread().getName());
        }
    }

    /**
     * Runs one turn: messages, due timers, pollers, deferred work.
     *
     * @return the number of messages, items of pollers and deferred works done (timers do not count: they say nothing
     *     about what comes next); or {@link Poller#IDLE} if there was none and a poller wants to be polled on; or
     *     {@link Poller#ASLEEP} if the reactor may sleep
     */
    protected final int turn() {
        int work = runMessages();
        if (now >= nextTimer) {
            runTimers();
        }
        int rest = Poller.ASLEEP;
        for (BusyPoller poller : pollers) {
            int did = poller.run();
            if (did > 0) {
                work += did;
            } else if (did == Poller.IDLE) {
                rest = Poller.IDLE;
            }
        }
        if (!deferred.isEmpty()) {
            work += runDeferred();
        }
        if (work == 0 && pollerAdded) {
            // a poller that came during the turn has not been asked yet
            pollerAdded = false;
            return Poller.IDLE;
        }
        return work > 0 ? work : rest;
    }

    /** Puts a message in line for {@link #turn}. Any thread; what one thread puts is run in its order. */
    protected final void deliver(Runnable message) {
        messages.offer(message);
    }

    /** Returns whether a message waits. Any thread. */
    protected final boolean hasMessages() {
        return !messages.isEmpty();
    }

    /** Takes the next message out of the line without running it; null if there is none. One thread at a time. */
    protected final Runnable takeMessage() {
        return messages.poll();
    }

    /** Returns whether deferred work waits for the next turn. Reactor's thread only. */
    protected final boolean hasDeferred() {
        return !deferred.isEmpty();
    }

    /** Returns when the next timer is due, or {@link Long#MAX_VALUE}; in the time of {@link #clockNanos()}. */
    protected final long nextTimer() {
        return nextTimer;
    }

    /** Reports what was thrown by a message, timer or poller; the reactor goes on. */
    protected final void report(String what, Throwable failure) {
        LOG.log(Level.ERROR, name + ": " + what + " failed", failure);
    }

    /** Runs the waiting messages, at most a bounded number: pollers and I/O get their turn under a flood of them. */
    private int runMessages() {
        int done = 0;
        Runnable message;
        while (done < MESSAGES_PER_TURN && (message = messages.poll()) != null) {
            runSafely("message", message);
            done++;
        }
        return done;
    }

    private void schedule(Timed timed) {
        timers.add(timed);
        nextTimer = timers.peek().due;
    }

    /** Drops the cancelled timers at the head of the line, so that the first one is one that will run. */
    private Timed firstTimer() {
        Timed first;
        while ((first = timers.peek()) != null && first.work == null) {
            timers.remove();
            cancelledTimers--;
        }
        nextTimer = first == null ? Long.MAX_VALUE : first.due;
        return first;
    }

    private void runTimers() {
        // what a timer schedules has a later sequence and waits for the next turn even if it is due, so that a turn
        // ends
        long last = timerSequence;
        Timed next;
        while ((next = firstTimer()) != null && next.due <= now && next.sequence < last) {
            timers.remove();
            Runnable work = next.work;
            next.work = null;
            next.done = true;
            runSafely("timer", work);
        }
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

    private final class Timed implements Comparable<Timed>, Poller.Registration {
        private long sequence = timerSequence++;
        private long due;
        /** Null once it has run or is cancelled. */
        private Runnable work;

        private boolean done;

        Timed(long due, Runnable work) {
            this.due = due;
            this.work = work;
        }

        @Override
        public int compareTo(Timed other) {
            int byTime = Long.compare(due, other.due);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }

        @Override
        public void close() {
            requireCurrent();
            if (done) {
                return;
            }
            done = true;
            work = null;
            // taking one out of the middle costs a search: leave it there and sweep when they are many
            if (++cancelledTimers > CANCELLED_TIMERS_KEPT && cancelledTimers > timers.size() / 2) {
                timers.removeIf(timer -> timer.work == null);
                cancelledTimers = 0;
            }
            firstTimer();
        }
    }

    private final class SettableTimer implements Alarm {
        private final Runnable alarmed;
        private final Timed timed = new Timed(0, null);

        SettableTimer(Runnable alarmed) {
            this.alarmed = alarmed;
        }

        @Override
        public void set(long dueNanos) {
            cancel();
            timed.due = dueNanos;
            timed.sequence = timerSequence++;
            timed.work = alarmed;
            timed.done = false;
            schedule(timed);
        }

        @Override
        public void cancel() {
            requireCurrent();
            if (timed.work != null) {
                // out of the line at once, unlike a timer that is made for one time: this one may be set again
                timers.remove(timed);
                timed.work = null;
                firstTimer();
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
            Reactor.this.schedule(next);
        }

        @Override
        public void run() {
            try {
                poller.poll();
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                report("poller " + pollerName, e);
                closed = true;
                timedPollers.remove(this);
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
                timedPollers.remove(this);
                next.close();
            }
        }
    }
}
