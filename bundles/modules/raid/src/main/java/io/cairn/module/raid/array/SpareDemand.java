package io.cairn.module.raid.array;

import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Whether an array lacks a member that a spare is to replace: at once if it failed, after a while if it is away and may come back. App thread. */
final class SpareDemand {
    private final Reactor app;
    private final Life life;
    private final Slots slots;
    private final LongSupplier delaySeconds;
    private final Runnable demand;
    private final Map<Slot, Absence> awaited = new HashMap<>();
    /** Empty slots whose last member is not waited for, whatever the record calls it. */
    private final Set<Slot> givenUp = new HashSet<>();

    /**
     * A member is away, and may come back.
     *
     * @param since the app reactor's time in nanoseconds
     * @param end what is to happen when it has been away for too long
     */
    private record Absence(long since, Poller.Registration end) {}

    /**
     * Makes one that waits for nobody.
     *
     * @param delaySeconds how long a member may be away
     * @param demand run when a slot has become due to a spare
     */
    SpareDemand(Reactor app, Life life, Slots slots, LongSupplier delaySeconds, Runnable demand) {
        this.app = app;
        this.life = life;
        this.slots = slots;
        this.delaySeconds = delaySeconds;
        this.demand = demand;
    }

    /**
     * Returns the empty slot that a spare is to take now: one whose member failed before one whose member is away. Empty if there is none, or while a member is being
     * rebuilt or replaced: to be asked again then.
     */
    Optional<Slot> due() {
        boolean ready = life.isOnline()
                && !life.isDeleted()
                && slots.withRole(MemberRole.TARGET).isEmpty()
                && slots.replacement().isEmpty();
        return slots.all().stream()
                .filter(slot -> ready && slot.member() == null)
                .filter(slot -> slot.state() == MemberState.FAILED || givenUp.contains(slot))
                .min(Comparator.comparing(slot -> slot.state() != MemberState.FAILED));
    }

    /** The array is online: those who are away may come back. */
    void begin() {
        givenUp.clear();
        slots.all().stream().filter(slot -> slot.member() == null).forEach(this::awaitReturn);
        demand.run();
    }

    /** An array that goes on has lost a member. */
    void lost(Slot slot, MemberState as) {
        if (as == MemberState.FAILED) {
            givenUp.add(slot);
            demand.run();
        } else {
            awaitReturn(slot);
        }
    }

    private void awaitReturn(Slot slot) {
        givenUp.remove(slot);
        awaitReturn(slot, app.nowNanos());
    }

    /** The delay may be another one now: also for those who are away already. */
    void policiesChanged() {
        Map.copyOf(awaited).forEach((slot, absence) -> awaitReturn(slot, absence.since()));
    }

    private void awaitReturn(Slot slot, long since) {
        long left = since + TimeUnit.SECONDS.toNanos(delaySeconds.getAsLong()) - app.nowNanos();
        Poller.Registration timer = app.after(Math.max(0, left), () -> {
            awaited.remove(slot);
            if (slot.member() == null) {
                givenUp.add(slot);
                demand.run();
            }
        });
        Absence before = awaited.put(slot, new Absence(since, timer));
        if (before != null) {
            before.end().close();
        }
    }

    /** Nobody is waited for any more. */
    void close() {
        awaited.values().forEach(absence -> absence.end().close());
        awaited.clear();
    }
}
