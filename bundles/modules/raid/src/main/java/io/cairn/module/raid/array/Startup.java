package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import java.util.ArrayList;
import java.util.List;
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
        CompletionStage<Optional<CompletionStage<Bdev>>> started = Stages.done()
                .thenCompose(begun -> owner.prepare(shape, believed, wasComplete))
                .thenCompose(prepared -> keeper.write(shape).thenApply(failed -> {
                    failed.forEach((slot, status) -> {
                        throw definition.refusal(status.errno(), Losses.unwritten(slots.get(slot), status));
                    });
                    CompletionStage<Bdev> examined = prepared.register();
                    online(prepared, examined);
                    return Optional.of(examined);
                }));
        return Stages.recover(started, failure -> {
            missing.forEach(slot -> slot.setState(MemberState.CONFIGURED));
            slots.attached().forEach(slot -> slot.member().setRole(MemberRole.ABSENT));
            boolean begun = isNew && !keeper.isNew();
            return begun ? keeper.wipe() : Stages.done();
        });
    }

    private void online(Service prepared, CompletionStage<Bdev> examined) {
        policy.close();
        life.begin(prepared, examined);
        sizesKnown = false;
        owner.online(prepared);
    }
}
