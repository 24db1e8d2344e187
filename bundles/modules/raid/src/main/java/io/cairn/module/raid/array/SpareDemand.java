package io.cairn.module.raid.array;

import io.cairn.module.raid.format.MemberState;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** When an array that lost a member asks for a spare: at once if the member failed, after a while if it is away and may come back. App thread. */
final class SpareDemand {
    private final Reactor app;
    private final LongSupplier delaySeconds;
    private final Runnable demand;
    private final Map<Slot, Poller.Registration> awaited = new HashMap<>();

    /**
     * Makes one that waits for nobody.
     *
     * @param delaySeconds how long a member may be away
     * @param demand asks for a spare
     */
    SpareDemand(Reactor app, LongSupplier delaySeconds, Runnable demand) {
        this.app = app;
        this.delaySeconds = delaySeconds;
        this.demand = demand;
    }

    /** An array that goes on has lost a member. */
    void lost(Slot slot, MemberState as) {
        if (as == MemberState.FAILED) {
            demand.run();
        } else {
            awaitReturn(slot);
        }
    }

    /** A member is away: if it does not come back in time, a spare takes its place. */
    void awaitReturn(Slot slot) {
        Poller.Registration timer = app.after(TimeUnit.SECONDS.toNanos(delaySeconds.getAsLong()), () -> {
            awaited.remove(slot);
            if (slot.member() == null) {
                demand.run();
            }
        });
        Poller.Registration before = awaited.put(slot, timer);
        if (before != null) {
            before.close();
        }
    }

    /** Nobody is waited for any more. */
    void close() {
        awaited.values().forEach(Poller.Registration::close);
        awaited.clear();
    }
}
