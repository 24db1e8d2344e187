package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.reactor.Errno;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Bdevs that come into an array because somebody asked for that: into an empty slot, or as one leg more. In the array's {@link Serial}. */
final class Additions {
    private final Definition definition;
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final Intake intake;
    private final FoundMembers found;
    private final Placement placement;

    Additions(
            Definition definition,
            Life life,
            Slots slots,
            RecordKeeper keeper,
            Intake intake,
            FoundMembers found,
            Placement placement) {
        this.definition = definition;
        this.life = life;
        this.slots = slots;
        this.keeper = keeper;
        this.intake = intake;
        this.found = found;
        this.placement = placement;
    }

    /**
     * Puts a bdev into the slot that it belongs into, or else the first one that is empty.
     *
     * @return completes when it is there, to be joined; fails when the array is as it was
     */
    CompletionStage<Void> add(Bdev bdev) {
        refuseDuringRebuild();
        return fill(vacant(bdev), bdev);
    }

    /**
     * Puts a bdev into an empty slot.
     *
     * @return completes when it is there, to be joined; fails when the array is as it was
     */
    CompletionStage<Void> fill(Slot slot, Bdev bdev) {
        // without a superblock nobody but its definition says whose place it is
        boolean mayHaveAll = !keeper.mayHoldData() || (!definition.superblock() && slot.belongs(bdev));
        String before = slot.name();
        slot.attach(intake.claim(bdev, false));
        return Stages.recover(
                Stages.done()
                        .thenCompose(claimed -> life.service() == null
                                ? inspectWaiting(slot, mayHaveAll)
                                : inspectReturning(slot, life.service())),
                failure -> {
                    CompletionStage<Void> free = letGo(slot);
                    slot.assign(before, slot.uuid(), slot.extent());
                    return free;
                });
    }

    /**
     * Gives a mirror one leg more.
     *
     * @return completes when it is there, to be joined; fails when the array is as it was
     */
    CompletionStage<Void> addLeg(Bdev bdev) {
        if (definition.level() != RaidLevel.RAID1) {
            throw definition.invalid("its level is " + definition.level() + "; only raid1 is given more legs");
        }
        Service service = life.online("place for another leg");
        refuseDuringRebuild();
        if (slots.count() == SuperblockCodec.MAX_SLOTS) {
            throw definition.invalid("it has " + slots.count() + " legs, which are the most");
        }
        Slot slot = new Slot(slots.count(), bdev.name(), MemberState.MISSING);
        slot.attach(intake.claim(bdev, false));
        slots.add(slot);
        // no intent is taken back from now on: they say what the new leg misses until it is complete
        service.redundancy().intents().complete(false);
        return Stages.recover(inspectLeg(slot, service).thenRun(() -> service.reshape()), failure -> {
            CompletionStage<Void> free = letGo(slot);
            slots.removeLast();
            service.redundancy().intents().complete(slots.isComplete());
            return free;
        });
    }

    private void refuseDuringRebuild() {
        if (!slots.withRole(MemberRole.TARGET).isEmpty()) {
            throw definition.refusal(Errno.EPERM, "a rebuild is running");
        }
        if (slots.replacement().isPresent()) {
            throw definition.refusal(Errno.EPERM, "a member is being replaced");
        }
    }

    /** Nothing of another array's is on the new leg, there is room on it, and it can be written. */
    private CompletionStage<Void> inspectLeg(Slot slot, Service service) {
        return intake.inspect(List.of(slot))
                .thenCompose(inspected -> {
                    placement.placeNew(slot, service.shape());
                    return keeper.mark(slot, service.shape());
                })
                .thenCompose(status -> status.isSuccess()
                        ? Stages.done()
                        : keeper.unmark(slot.member()).thenAccept(wiped -> {
                            throw definition.refusal(status.errno(), Losses.unwritten(slot, status));
                        }));
    }

    private Slot vacant(Bdev bdev) {
        return slots.waitingFor(bdev)
                .or(() -> slots.all().stream()
                        .filter(slot -> slot.member() == null
                                && (life.service() != null
                                        || slot.state() != MemberState.CONFIGURED
                                        || slot.name() == null))
                        .findFirst())
                .orElseThrow(() -> definition.invalid("no empty slot for base bdev '" + bdev.name() + "'"));
    }

    /**
     * A bdev has been put into a slot of an array that does not serve.
     *
     * @param mayHaveAll whether it is to be believed that it has what it should; else it is given that when the array serves
     */
    private CompletionStage<Void> inspectWaiting(Slot slot, boolean mayHaveAll) {
        Bdev bdev = slot.member().bdev();
        if (!mayHaveAll && !definition.level().isRedundant()) {
            throw definition.invalid("base bdev '" + bdev.name() + "' is none of its members, and " + definition.level()
                    + " cannot give it what they have");
        }
        Geometry.checkHolds(definition, bdev, slot.extent());
        return intake.inspect(List.of(slot)).thenRun(() -> {
            slot.assign(bdev.name(), bdev.uuid(), slot.extent());
            if (!mayHaveAll && slot.state() == MemberState.CONFIGURED) {
                slot.setState(MemberState.MISSING);
            }
        });
    }

    /** A bdev has been put into a slot: is it the member that was there, or a new one? */
    private CompletionStage<Void> inspectReturning(Slot slot, Service service) {
        Member member = slot.member();
        if (!definition.superblock()) {
            return intake.inspect(List.of(slot)).thenRun(() -> placement.place(slot, service.shape(), false));
        }
        return intake.inspectOwn(member).thenCompose(own -> {
            if (own.isEmpty()) {
                placement.place(slot, service.shape(), false);
                return Stages.done();
            }
            return intake.readExtension(member, own.get()).thenAccept(one -> {
                boolean delta = false;
                if (found.judge(one) instanceof Assembly.Verdict.Returning back && back.slot() == slot.index()) {
                    member.recognise();
                    delta = back.delta();
                }
                placement.place(slot, service.shape(), delta);
            });
        });
    }

    private CompletionStage<Void> letGo(Slot slot) {
        return slot.detach(keeper.record().sequence()).close();
    }
}
