package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.Layout;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An array's background processes: what is due, and the one that runs. App thread; callbacks too.
 *
 * <p>One process at a time, on a reactor of its own choice, in the order resync, rebuild, replace, grow, repair, scrub. A scrub that is running makes room for the others and goes on
 * after them. Nothing runs while nothing is due.
 */
public final class Processes {
    private final Reactors reactors;
    private final ArrayChannels channels;
    private final ProcessListener listener;
    private final Map<Kind, Goal> due = new EnumMap<>(Kind.class);
    private Layout layout;
    private ProcessOptions options;
    private Running running;
    private boolean pauseWanted;
    private boolean held;
    private boolean closed;
    private Runnable whenIdle;

    private enum Kind {
        RESYNC,
        REBUILD,
        REPLACE,
        GROW,
        REPAIR,
        SCRUB;

        static Kind of(Goal goal) {
            if (goal instanceof Goal.Resync) {
                return RESYNC;
            }
            if (goal instanceof Goal.Rebuild) {
                return REBUILD;
            }
            if (goal instanceof Goal.Replace) {
                return REPLACE;
            }
            if (goal instanceof Goal.Grow) {
                return GROW;
            }
            return goal instanceof Goal.Repair ? REPAIR : SCRUB;
        }
    }

    /** The process that runs. */
    private final class Running implements ProcessRun.Told {
        private final Goal goal;
        private final Reactor reactor;
        private final ProcessRun run;
        /** Whether it is being stopped only to make room. */
        private boolean setBack;
        /** Whether its end is not told as such: it was taken back. */
        private boolean cancelled;

        private final List<Runnable> whenOver = new ArrayList<>();

        Running(Goal goal) {
            this.goal = goal;
            this.reactor = reactors.next();
            this.run = new ProcessRun(reactor, channels, goal, layout, options, this);
        }

        private void post(Runnable message) {
            reactors.app().execute(message);
        }

        @Override
        public void cursor(Goal rest) {
            post(() -> listener.cursor(rest, rest.from()));
        }

        @Override
        public void readError(int slot, long row, long rows, boolean repaired, IoStatus status) {
            post(() -> listener.readError(slot, row, rows, repaired, status));
        }

        @Override
        public void surrender(int missing, long row, long rows, Consumer<Boolean> answer) {
            post(() -> listener.surrender(missing, row, rows)
                    .thenAccept(done -> reactor.execute(() -> answer.accept(done))));
        }

        @Override
        public void ended(Outcome outcome) {
            post(() -> over(this, outcome));
        }
    }

    /**
     * Makes the processes of an array; nothing is due.
     *
     * @param layout the present one; must be the one that the channels adopt
     */
    public Processes(
            Reactors reactors,
            ArrayChannels channels,
            Layout layout,
            ProcessOptions options,
            ProcessListener listener) {
        this.reactors = reactors;
        this.channels = channels;
        this.layout = layout;
        this.options = options;
        this.listener = listener;
    }

    /**
     * Has something done, as soon as nothing runs that goes before it. Replaces what waits of the same kind (of a rebuild: whatever its slot). A resync
     * that is asked for while one runs follows it, if anything is suspect then.
     */
    public void request(Goal goal) {
        if (closed) {
            return;
        }
        due.put(Kind.of(goal), goal);
        if (running == null) {
            startNext();
        } else if (running.goal instanceof Goal.Scrub && !(goal instanceof Goal.Scrub) && !running.setBack) {
            running.setBack = true;
            running.reactor.execute(running.run::stop);
        }
    }

    /**
     * Takes back what was asked for of a type ({@link Goal#type}), whether it waits or runs.
     *
     * @param over run when it does not run any more; {@link ProcessListener#ended} has been told then, with {@link Outcome.Stopped}, if it ran
     * @return whether there was one
     */
    public boolean cancel(String type, Runnable over) {
        boolean waited = due.values().removeIf(goal -> goal.type().equals(type));
        if (running == null || !running.goal.type().equals(type)) {
            over.run();
            return waited;
        }
        running.cancelled = true;
        running.whenOver.add(over);
        running.reactor.execute(running.run::stop);
        return true;
    }

    /** Returns how far the process is that runs. */
    public Optional<Progress> progress() {
        return Optional.ofNullable(running).map(now -> now.run.progress());
    }

    /** Returns the goal of the process that runs, as it was when it began. */
    public Optional<Goal> current() {
        return Optional.ofNullable(running).map(now -> now.goal);
    }

    /** Returns what waits, what is next first. */
    public List<Goal> due() {
        return List.copyOf(due.values());
    }

    /** Returns whether there are the members that a resync needs: all of a raid5f but one, two legs of a raid1. */
    public boolean canResync() {
        return ProcessRun.canCompare(layout) || ProcessRun.lacksOne(layout);
    }

    /**
     * Pauses the process that runs and those that will; they keep their place.
     *
     * @param paused run when no rows are locked and the cursor has been told
     */
    public void pause(Runnable paused) {
        pauseWanted = true;
        if (running == null) {
            paused.run();
        } else {
            Running now = running;
            now.reactor.execute(() -> now.run.pause(() -> now.post(paused)));
        }
    }

    /** Lets none begin until {@link #release}, for one who locks rows himself. The one that runs is none of it: to be called when none does. */
    public void hold() {
        if (running != null) {
            throw new IllegalStateException("a " + running.goal.type() + " is running");
        }
        held = true;
    }

    /** Lets those begin that are due. */
    public void release() {
        held = false;
        startNext();
    }

    /** Lets processes go on. */
    public void resume() {
        pauseWanted = false;
        if (running != null) {
            running.reactor.execute(running.run::resume);
        }
    }

    /** Changes what processes may take, the one that runs included. */
    public void options(ProcessOptions other) {
        options = other;
        if (running != null) {
            Running now = running;
            now.reactor.execute(() -> now.run.options(other));
        }
    }

    /**
     * Tells which members there are. A process that cannot go on without a member that has left ends, with {@link Outcome.MembersMissing}; any other goes on with those
     * that there are. To be told as soon as the layout is handed to the channels.
     *
     * @param released run when no process has I/O out at a member that is gone, and no channel of it is open
     */
    public void adopt(Layout next, Runnable released) {
        layout = next;
        if (running == null) {
            released.run();
        } else {
            Running now = running;
            now.reactor.execute(() -> now.run.adopt(next, () -> now.post(released)));
        }
    }

    /**
     * Ends everything in order, for an upgrade or an orderly end: the cursor of the process that runs is told before. Nothing begins any more.
     *
     * @param stopped told what was running or due, from where it has to go on
     */
    public void stop(Consumer<List<Goal>> stopped) {
        closed = true;
        Runnable before = whenIdle;
        whenIdle = () -> {
            if (before != null) {
                before.run();
            }
            stopped.accept(due());
        };
        if (running == null) {
            idle();
        } else {
            running.setBack = true;
            running.reactor.execute(running.run::stop);
        }
    }

    private void idle() {
        Runnable then = whenIdle;
        whenIdle = null;
        if (then != null) {
            then.run();
        }
    }

    private void startNext() {
        while (running == null && !held && !closed && !due.isEmpty()) {
            Goal goal = due.remove(due.keySet().iterator().next());
            if (goal instanceof Goal.Resync resync && resync.suspects().isEmpty()) {
                continue;
            }
            running = new Running(goal);
            listener.started(goal);
            Running now = running;
            boolean pause = pauseWanted;
            now.reactor.execute(() -> {
                if (pause) {
                    now.run.pause(() -> {});
                }
                now.run.begin();
            });
        }
    }

    private void over(Running which, Outcome outcome) {
        running = null;
        if (outcome instanceof Outcome.Stopped stopped && which.setBack && !which.cancelled) {
            // what was asked for meanwhile of the same kind is newer
            due.putIfAbsent(Kind.of(stopped.rest()), stopped.rest());
        }
        listener.ended(which.goal, outcome);
        which.whenOver.forEach(Runnable::run);
        if (closed) {
            idle();
        } else {
            startNext();
        }
    }
}
