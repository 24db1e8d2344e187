package io.cairn.reactor.sim;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import io.netty.channel.IoEventLoop;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** A reactor whose turns are run by the simulation. */
final class SimulatedReactor extends Reactor {
    private static final long BUFFER_POOL_BYTES = 64L << 20;

    private final SimulatedReactors simulation;
    private final RandomGenerator random;
    private int found = Poller.ASLEEP;
    private boolean disturbed;

    SimulatedReactor(SimulatedReactors simulation, int index, RandomGenerator random) {
        super(index, "simulated-reactor-" + index, new BufferPool(BUFFER_POOL_BYTES));
        this.simulation = simulation;
        this.random = random;
    }

    /** Makes the reactor run a turn although it may have nothing to do. */
    void disturb() {
        disturbed = true;
    }

    boolean isReady() {
        return disturbed || found > 0 || hasMessages() || hasDeferred() || nextTimer() <= simulation.clockNanos();
    }

    boolean wantsPolling() {
        return found == Poller.IDLE;
    }

    long timer() {
        return nextTimer();
    }

    void arrive(Runnable message) {
        deliver(message);
    }

    int runTurn(long time) {
        disturbed = false;
        now = time;
        found = turn();
        return found;
    }

    @Override
    public boolean isCurrent() {
        return simulation.isCurrent(this);
    }

    @Override
    public long clockNanos() {
        return simulation.clockNanos();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public Optional<IoEventLoop> eventLoop() {
        return Optional.empty();
    }

    @Override
    public void ioSubmitted() {
        // there is no event loop
    }

    @Override
    public void execute(Runnable message) {
        simulation.send(this, Objects.requireNonNull(message, "message"));
    }
}
