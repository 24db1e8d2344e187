package io.cairn.module.raid.array;

import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Whether an array that is not online starts with the members that are there, or waits for those that are missing, and how long. App thread. */
final class StartPolicy {
    private static final Logger LOG = System.getLogger(StartPolicy.class.getName());

    private final String array;
    private final Slots slots;
    private final Reactor app;
    private final LongSupplier timeoutSeconds;
    private Poller.Registration patience = () -> {};
    private boolean waiting;
    /** How long, while it waits. */
    private long waitingSeconds;
    /** Whether members that are missing are waited for no longer. */
    private boolean impatient;

    /**
     * Makes the policy of an array.
     *
     * @param timeoutSeconds how long members are waited for that the array can do without; 0: for ever
     */
    StartPolicy(String array, Slots slots, Reactor app, LongSupplier timeoutSeconds) {
        this.array = array;
        this.slots = slots;
        this.app = app;
        this.timeoutSeconds = timeoutSeconds;
    }

    private Assembly.Readiness readiness() {
        int there = slots.inSync();
        if (slots.count() == 0 || there < slots.minOperational()) {
            return Assembly.Readiness.TOO_FEW;
        }
        return there >= slots.expected() ? Assembly.Readiness.COMPLETE : Assembly.Readiness.DEGRADED;
    }

    /** Returns whether the array starts now. */
    boolean mayStart() {
        Assembly.Readiness readiness = readiness();
        return readiness == Assembly.Readiness.COMPLETE || (readiness == Assembly.Readiness.DEGRADED && impatient);
    }

    /**
     * The array does not start now: if it could do without those that are missing, they have some time. That begins anew when another one has been set.
     *
     * @param start starts the array if it may; run when the time is over
     */
    void await(Supplier<? extends CompletionStage<Void>> start) {
        long seconds = timeoutSeconds.getAsLong();
        if (waiting && seconds != waitingSeconds) {
            close();
        }
        if (readiness() != Assembly.Readiness.DEGRADED || seconds <= 0 || waiting) {
            return;
        }
        waiting = true;
        waitingSeconds = seconds;
        patience = app.after(TimeUnit.SECONDS.toNanos(seconds), () -> {
            waiting = false;
            impatient = true;
            LOG.log(
                    Level.WARNING,
                    "raid bdev ''{0}'' starts without members that have not come within {1} s",
                    array,
                    seconds);
            start.get().whenComplete((done, failure) -> {
                impatient = false;
                if (failure != null) {
                    LOG.log(
                            Level.WARNING,
                            "raid bdev ''{0}'' does not start: {1}",
                            array,
                            Stages.cause(failure).getMessage());
                }
            });
        });
    }

    /** Nothing is waited for any more: the array is online, or has ended. */
    void close() {
        patience.close();
        patience = () -> {};
        waiting = false;
    }
}
