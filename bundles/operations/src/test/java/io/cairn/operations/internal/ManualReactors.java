package io.cairn.operations.internal;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import io.netty.channel.IoEventLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/** One reactor on the test's own thread, whose blocking work a test can hold back. */
final class ManualReactors implements Reactors {
    private final ManualReactor app = new ManualReactor();
    private final Queue<Runnable> blockingWork = new ArrayDeque<>();
    private boolean heldBack;

    @Override
    public List<Reactor> all() {
        return List.of(app);
    }

    @Override
    public Optional<Reactor> current() {
        return Optional.of(app);
    }

    @Override
    public Reactor next() {
        return app;
    }

    @Override
    public Executor blocking() {
        return blockingWork::add;
    }

    /** Runs all there is to do. */
    void run() {
        boolean worked = true;
        while (worked) {
            worked = app.runTurn() > 0;
            if (!heldBack && !blockingWork.isEmpty()) {
                blockingWork.remove().run();
                worked = true;
            }
        }
    }

    /** Holds back blocking work, or no longer. */
    void holdBack(boolean hold) {
        heldBack = hold;
    }

    int blockingWorkWaiting() {
        return blockingWork.size();
    }

    /** Lets time pass. */
    void advance(long nanos) {
        app.time += nanos;
        run();
    }

    private static final class ManualReactor extends Reactor {
        private final RandomGenerator random = new SplittableRandom(1);
        private long time;

        ManualReactor() {
            super(0, "manual", new BufferPool(1 << 20));
        }

        int runTurn() {
            now = time;
            int work = Math.max(0, turn());
            // timers are not counted as work, but what they sent is
            return hasMessages() ? work + 1 : work;
        }

        @Override
        public boolean isCurrent() {
            return true;
        }

        @Override
        public long clockNanos() {
            return time;
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
        public void ioSubmitted() {}

        @Override
        public void execute(Runnable message) {
            deliver(message);
        }
    }
}
