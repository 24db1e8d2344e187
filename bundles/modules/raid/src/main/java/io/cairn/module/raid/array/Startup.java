package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.NotificationType;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.sync.UnusableMember;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** How an array comes online: when enough members are there, with its record on them before anybody sees its bdev. App thread. */
final class Startup {
    /** The array, as its startup sees it. App thread. */
    interface Owner {
        /** Whether the module is on its way out: nothing is begun any more. */
        boolean isEnding();

        /** A member is missing, and is waited for. */
        void waitsFor(Slot slot);

        /**
         * Prepares what is to serve; nothing is written and nobody sees it yet.
         *
         * @param believed whether what the members' extensions say is true
         * @param wasComplete whether nobody was missing when the array was last in use
         */
        CompletionStage<Service> prepare(Shape shape, boolean believed, boolean wasComplete);

        /** It is online; told in the array's {@link Serial}. */
        void online(Service service);
    }

    /**
     * A start that is under way.
     *
     * @param leftOut members that it goes on without, and why
     */
    private record Attempt(
            boolean isNew, Shape shape, boolean believed, boolean wasComplete, Map<Slot, String> leftOut) {}

    private static final Logger LOG = System.getLogger(Startup.class.getName());

    private final Definition definition;
    private final Serial serial;
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final FoundMembers found;
    private final StartPolicy policy;
    private final Owner owner;
    /** Whether what each member gives is known of an array without superblock: from the module before an upgrade. */
    private boolean sizesKnown;

    Startup(
            Definition definition,
            Serial serial,
            Life life,
            Slots slots,
            RecordKeeper keeper,
            FoundMembers found,
            StartPolicy policy,
            Owner owner) {
        this.definition = definition;
        this.serial = serial;
        this.life = life;
        this.slots = slots;
        this.keeper = keeper;
        this.found = found;
        this.policy = policy;
        this.owner = owner;
    }

    /** The slots know how much each member gives, of an array without superblock. */
    void sizesKnown() {
        sizesKnown = true;
    }

    /**
     * Starts the array if it can, or waits as the policy says.
     *
     * @return completes when it is online and its bdev has been examined, or when nothing is to be done now
     */
    CompletionStage<Void> startIfReady() {
        return serial.run(() -> {
                    if (life.isDeleted() || life.service() != null || owner.isEnding()) {
                        return nothing();
                    }
                    if (!policy.mayStart()) {
                        policy.await(this::startIfReady);
                        tellWaiting();
                        return nothing();
                    }
                    return start();
                })
                // not while the array is locked for others: who examines the new bdev does I/O, which may fail a member
                .thenCompose(started -> started.map(examined -> examined.thenCompose(bdev -> Stages.done()))
                        .orElseGet(Stages::done));
    }

    private static CompletionStage<Optional<CompletionStage<Bdev>>> nothing() {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    private void tellWaiting() {
        slots.all().stream()
                .filter(slot -> slot.state() == MemberState.CONFIGURED && slot.member() == null)
                .findFirst()
                .ifPresent(owner::waitsFor);
    }

    private CompletionStage<Optional<CompletionStage<Bdev>>> start() {
        boolean isNew = keeper.isNew();
        Optional<Assembly> assembly = found.assembly();
        boolean keep = !isNew && (definition.superblock() || definition.level() == RaidLevel.CONCAT || sizesKnown);
        Shape shape = Geometry.assembled(definition, slots, keep, assembly.map(Assembly::newest));
        List<Slot> missing = new ArrayList<>();
        for (Slot slot : slots.all()) {
            if (slot.state() == MemberState.CONFIGURED && slot.member() == null) {
                missing.add(slot);
                slot.setState(MemberState.MISSING);
            }
            if (slot.member() != null) {
                slot.assign(
                        slot.name(),
                        slot.member().bdev().uuid(),
                        shape.members().get(slot.index()));
                slot.member().setRole(slot.isInSync() ? MemberRole.IN_SYNC : MemberRole.ABSENT);
            }
        }
        if (!isNew) {
            assembly.ifPresent(all ->
                    keeper.record().continueFrom(all.newest(), all.intentsSince(), all.extension(), all.generation()));
        }
        // an array that was offline knows itself, and nobody else has had its members
        boolean believed = assembly.map(all -> all.intentsSince().isPresent()).orElse(!isNew);
        boolean wasComplete = missing.size() + slots.inSync() == slots.count();
        Attempt attempt = new Attempt(isNew, shape, believed, wasComplete, new LinkedHashMap<>());
        CompletionStage<Optional<CompletionStage<Bdev>>> started = recorded(attempt)
                .thenApply(prepared -> {
                    if (life.isDeleted() || owner.isEnding()) {
                        throw definition.refusal(Errno.ENODEV, "it was given up while it was starting");
                    }
                    CompletionStage<Bdev> examined = prepared.register();
                    attempt.leftOut.keySet().forEach(slot -> slot.detach(
                                    keeper.record().sequence())
                            .close());
                    online(prepared, examined);
                    attempt.leftOut.values().forEach(why -> life.announce(NotificationType.BDEV_MEMBER_LOST, why));
                    return Optional.of(examined);
                });
        return Stages.recover(started, failure -> {
            attempt.leftOut.keySet().forEach(slot -> slot.setState(MemberState.CONFIGURED));
            missing.forEach(slot -> slot.setState(MemberState.CONFIGURED));
            slots.attached().forEach(slot -> slot.member().setRole(MemberRole.ABSENT));
            boolean begun = isNew && !keeper.isNew();
            return begun ? keeper.takeBack() : Stages.done();
        });
    }

    /** Prepares what is to serve, and writes the record to the members: without one that does not do its part, if enough are left. */
    private CompletionStage<Service> recorded(Attempt attempt) {
        return Stages.done()
                .thenCompose(begun -> owner.prepare(attempt.shape, attempt.believed, attempt.wasComplete))
                .thenCompose(prepared -> (attempt.isNew ? keeper.clear(attempt.shape) : Stages.done())
                        .thenCompose(cleared -> keeper.write(attempt.shape))
                        .thenApply(failed -> {
                            failed.forEach((slot, status) -> {
                                throw new UnusableMember(
                                        slot, status.errno(), Losses.unwritten(slots.get(slot), status));
                            });
                            return prepared;
                        }))
                .exceptionallyCompose(failure -> {
                    Throwable cause = Stages.cause(failure);
                    return cause instanceof UnusableMember unusable
                            ? recordedWithout(unusable, attempt)
                            : CompletableFuture.failedFuture(cause);
                });
    }

    private CompletionStage<Service> recordedWithout(UnusableMember unusable, Attempt attempt) {
        if (attempt.isNew || slots.inSync() - 1 < slots.minOperational()) {
            throw definition.refusal(unusable.errno(), unusable.getMessage());
        }
        Slot slot = slots.get(unusable.slot());
        slot.setState(MemberState.FAILED);
        slot.member().setRole(MemberRole.ABSENT);
        attempt.leftOut.put(slot, unusable.getMessage());
        LOG.log(
                Level.WARNING,
                "raid bdev ''{0}'' starts without a member: {1}",
                definition.name(),
                unusable.getMessage());
        return recorded(attempt);
    }

    private void online(Service prepared, CompletionStage<Bdev> examined) {
        policy.close();
        life.begin(prepared, examined);
        sizesKnown = false;
        owner.online(prepared);
    }
}
