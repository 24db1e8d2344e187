package io.cairn.reactor.sim;

import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Reactors that all run on the caller's thread, in virtual time, in an order that a seed decides: which reactor runs its
 * next turn, how long a message travels from one to another (never overtaking an earlier one of the same sender to the
 * same receiver), when {@link #blocking} work is done. The same seed and the same program give the same run, event for event,
 * as long as the program takes time and randomness from its reactors only.
 *
 * <p>Reactor 0 is current while none is being run, so that a test may call what must be called on the app thread.
 * Not thread-safe: one thread uses a simulation.
 */
public final class SimulatedReactors implements Reactors {
    /** Turns after which {@link #runUntilIdle} and {@link #advance} decide that the program will never come to rest. */
    public static final int MOST_TURNS = 10_000_000;

    private static final long LONGEST_DELAY_NANOS = 20_000;
    private static final long LONGEST_BLOCKING_NANOS = 2_000_000;
    private static final long TURN_NANOS = 100;
    /** How often pollers are polled that found nothing and want to be polled on. */
    private static final long POLLING_NANOS = 10_000;

    private static final int OUTSIDE = -1;
    private static final long NEVER = Long.MAX_VALUE;

    private final long seed;
    private final RandomGenerator random;
    private final List<SimulatedReactor> reactors = new ArrayList<>();
    private final PriorityQueue<Flight> flights = new PriorityQueue<>();
    private final long[][] lastArrival;
    private final Executor blocking = this::sendFromBlocking;
    private Consumer<String> trace = line -> {};
    /** Null between turns. */
    private SimulatedReactor running;

    private boolean runningBlockingWork;
    private long clock;
    private long sequence;
    private int next;

    /**
     * Makes reactors at time 0.
     *
     * @param count number of reactors, at least 1
     * @param seed decides the order of everything
     */
    public SimulatedReactors(int count, long seed) {
        if (count < 1) {
            throw new IllegalArgumentException("count " + count + " is not positive");
        }
        this.seed = seed;
        SplittableRandom root = new SplittableRandom(seed);
        this.random = root.split();
        for (int i = 0; i < count; i++) {
            reactors.add(new SimulatedReactor(this, i, root.split()));
        }
        // one more row for what comes from outside of the reactors
        this.lastArrival = new long[count + 1][count];
    }

    /** Returns the seed, for the message of a failure. */
    public long seed() {
        return seed;
    }

    /** Returns the simulation's source of randomness, for simulated devices and tests. */
    public RandomGenerator random() {
        return random;
    }

    /** Lets a consumer see every turn and every message as a line of text; two runs are equal if their lines are. */
    public void trace(Consumer<String> lines) {
        this.trace = Objects.requireNonNull(lines, "lines");
    }

    @Override
    public List<Reactor> all() {
        return List.copyOf(reactors);
    }

    @Override
    public Optional<Reactor> current() {
        return runningBlockingWork ? Optional.empty() : Optional.of(running == null ? reactors.get(0) : running);
    }

    @Override
    public Reactor next() {
        Reactor chosen = reactors.get(next);
        next = (next + 1) % reactors.size();
        return chosen;
    }

    /** Returns an executor whose work runs as a message of the simulation, on no reactor, some virtual time later. */
    @Override
    public Executor blocking() {
        return blocking;
    }

    /** Returns the virtual time in nanoseconds. */
    public long clockNanos() {
        return clock;
    }

    /**
     * Runs something now as if it were a message of a reactor.
     *
     * @param reactor one of {@link #all()}
     */
    public void on(Reactor reactor, Runnable action) {
        SimulatedReactor before = running;
        running = reactors.get(reactor.index());
        try {
            action.run();
        } finally {
            running.disturb();
            running = before;
        }
    }

    /**
     * Runs until nothing is left to do but timers: no message is on its way and no poller finds work. Time passes as
     * messages need it; timers that become due meanwhile run.
     *
     * @throws AssertionError with the seed, if that takes more than {@value #MOST_TURNS} turns
     */
    public void runUntilIdle() {
        reactors.forEach(SimulatedReactor::disturb);
        for (int turns = 0; turns < MOST_TURNS; turns++) {
            if (!step(flights.isEmpty() ? clock : flights.peek().arrival)) {
                return;
            }
        }
        throw new AssertionError("no rest after " + MOST_TURNS + " turns; seed " + seed);
    }

    /**
     * Lets virtual time pass, with everything that happens in it. What is on its way at the end stays so.
     *
     * @throws AssertionError with the seed, if more than {@value #MOST_TURNS} turns happen
     */
    public void advance(Duration time) {
        reactors.forEach(SimulatedReactor::disturb);
        long until = Math.addExact(clock, time.toNanos());
        for (int turns = 0; turns < MOST_TURNS; turns++) {
            if (!step(until)) {
                clock = Math.max(clock, until);
                return;
            }
        }
        throw new AssertionError("no rest after " + MOST_TURNS + " turns; seed " + seed);
    }

    /**
     * Runs, letting time pass as messages and timers need it, until a condition holds.
     *
     * @param condition looked at between turns
     * @param limit the most virtual time that may pass
     * @throws AssertionError with the seed, if the limit is reached or nothing is left that could happen
     */
    public void runUntil(BooleanSupplier condition, Duration limit) {
        reactors.forEach(SimulatedReactor::disturb);
        long until = Math.addExact(clock, limit.toNanos());
        while (!condition.getAsBoolean()) {
            if (clock > until || !step(until)) {
                throw new AssertionError("the condition did not come true within " + limit + " of virtual time"
                        + (nextEvent() == NEVER ? ", and nothing is left to happen" : "") + "; seed " + seed);
            }
        }
    }

    /**
     * Runs one turn of a reactor that has something to do now, or lets time pass to the next event.
     *
     * @param until what happens later is left alone
     * @return false if there was neither
     */
    private boolean step(long until) {
        deliverDue();
        List<SimulatedReactor> ready =
                reactors.stream().filter(SimulatedReactor::isReady).toList();
        if (!ready.isEmpty()) {
            turn(ready.get(random.nextInt(ready.size())));
            return true;
        }
        long event = nextEvent();
        if (reactors.stream().anyMatch(SimulatedReactor::wantsPolling)) {
            event = Math.min(event, clock + POLLING_NANOS);
        }
        if (event > until) {
            return false;
        }
        clock = Math.max(clock, event);
        reactors.stream().filter(SimulatedReactor::wantsPolling).forEach(SimulatedReactor::disturb);
        return true;
    }

    private void turn(SimulatedReactor reactor) {
        SimulatedReactor before = running;
        running = reactor;
        try {
            int found = reactor.runTurn(clock);
            trace.accept(clock + " " + reactor.name() + " turn " + found);
        } finally {
            running = before;
            clock += TURN_NANOS;
        }
    }

    private long nextEvent() {
        long earliest = flights.isEmpty() ? NEVER : flights.peek().arrival;
        for (SimulatedReactor reactor : reactors) {
            earliest = Math.min(earliest, reactor.timer());
        }
        return earliest;
    }

    private void deliverDue() {
        Flight flight;
        while ((flight = flights.peek()) != null && flight.arrival <= clock) {
            flights.remove();
            if (flight.to == OUTSIDE) {
                trace.accept(clock + " blocking work " + flight.sequence);
                runBlockingWork(flight.message);
            } else {
                trace.accept(clock + " message " + flight.sequence + " " + flight.from + "->" + flight.to);
                reactors.get(flight.to).arrive(flight.message);
            }
        }
    }

    private void runBlockingWork(Runnable work) {
        runningBlockingWork = true;
        try {
            work.run();
        } finally {
            runningBlockingWork = false;
        }
    }

    void send(SimulatedReactor receiver, Runnable message) {
        int from = running == null ? OUTSIDE : running.index();
        long[] arrivals = lastArrival[from == OUTSIDE ? reactors.size() : from];
        long delay = from == receiver.index() ? 0 : random.nextLong(LONGEST_DELAY_NANOS);
        long arrival = Math.max(clock + delay, arrivals[receiver.index()]);
        arrivals[receiver.index()] = arrival;
        flights.add(new Flight(arrival, sequence++, from, receiver.index(), message));
    }

    private void sendFromBlocking(Runnable work) {
        Objects.requireNonNull(work, "work");
        int from = running == null ? OUTSIDE : running.index();
        flights.add(new Flight(clock + random.nextLong(LONGEST_BLOCKING_NANOS), sequence++, from, OUTSIDE, work));
    }

    boolean isCurrent(SimulatedReactor reactor) {
        return !runningBlockingWork && (running == null ? reactor.index() == 0 : running == reactor);
    }

    private record Flight(long arrival, long sequence, int from, int to, Runnable message)
            implements Comparable<Flight> {
        @Override
        public int compareTo(Flight other) {
            int byTime = Long.compare(arrival, other.arrival);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }
}
