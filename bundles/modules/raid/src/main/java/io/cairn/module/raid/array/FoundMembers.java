package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/** Members that say by their superblock that they belong to an array: what they make of it together, and where each of them belongs. App thread. */
final class FoundMembers {
    private static final Logger LOG = System.getLogger(FoundMembers.class.getName());

    private final Definition definition;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final Intake intake;
    private final BdevHost host;
    /** What was found before the array was online, by the UUID of the bdev. */
    private final Map<UUID, Assembly.Seen> seen = new LinkedHashMap<>();

    /** Bdevs with a superblock of the array that the superblocks seen so far have no place for. */
    private final Set<UUID> strangers = new LinkedHashSet<>();

    FoundMembers(Definition definition, Slots slots, RecordKeeper keeper, Intake intake, BdevHost host) {
        this.definition = definition;
        this.slots = slots;
        this.keeper = keeper;
        this.intake = intake;
        this.host = host;
    }

    /** Returns what those that were found say together; empty if none was, or the array has been online since. */
    Optional<Assembly> assembly() {
        return seen.isEmpty() ? Optional.empty() : Optional.of(Assembly.of(seen.values()));
    }

    /** One of them has gone. */
    void forget(Bdev bdev) {
        seen.remove(bdev.uuid());
    }

    /**
     * The array is online: it knows by itself what it is.
     *
     * @return those that there was no place for so far
     */
    List<UUID> settled() {
        List<UUID> outside = List.copyOf(strangers);
        seen.clear();
        strangers.clear();
        return outside;
    }

    /** Takes a member of an array that has not been online: the newest superblock decides what it is. */
    CompletionStage<Void> gather(Bdev bdev, Superblock superblock) {
        Member member = intake.hold(bdev);
        return intake.readExtension(member, superblock)
                .thenAccept(one -> {
                    seen.put(bdev.uuid(), one);
                    reassemble(member);
                })
                .whenComplete((ok, failure) -> {
                    if (failure != null) {
                        seen.remove(bdev.uuid());
                        member.close();
                    }
                });
    }

    /** Fills the slots anew by what all members say. */
    private void reassemble(Member coming) {
        Map<UUID, Member> held = new LinkedHashMap<>();
        slots.attached().forEach(slot -> held.put(slot.member().bdev().uuid(), slot.member()));
        held.put(coming.bdev().uuid(), coming);
        Assembly assembly = Assembly.of(seen.values());
        Superblock newest = assembly.newest();
        if (!newest.level().equals(definition.level())) {
            throw definition.invalid("its members' superblocks do not agree on its level");
        }
        slots.refill(emptySlots(newest));
        for (Assembly.Seen one : List.copyOf(seen.values())) {
            seat(held.get(one.bdev()), one, assembly.verdict(one));
        }
        assembly.divergent()
                .forEach(other -> LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'' was in use on bdev {1} without the others, which were in use without it",
                        definition.name(),
                        other));
    }

    private static List<Slot> emptySlots(Superblock newest) {
        List<Slot> empty = new ArrayList<>();
        for (int i = 0; i < newest.slots(); i++) {
            Slot slot = new Slot(i, null, MemberState.MISSING);
            newest.inSlot(i).ifPresent(member -> {
                slot.assign(null, member.uuid(), new Shape.Extent(member.dataOffset(), member.dataBlocks()));
                slot.setState(member.state());
            });
            empty.add(slot);
        }
        return empty;
    }

    private void seat(Member member, Assembly.Seen one, Assembly.Verdict verdict) {
        Optional<Slot> free = slotOf(verdict).filter(slot -> slot.member() == null);
        if (free.isPresent()) {
            seat(member, free.get(), verdict);
            return;
        }
        seen.remove(one.bdev());
        member.close();
        strangers.add(one.bdev());
        LOG.log(
                Level.INFO,
                "bdev ''{0}'' is not taken into raid bdev ''{1}'' as far as that is known: {2}",
                member.bdev().name(),
                definition.name(),
                whyNot(verdict));
        host.passedOver(member.bdev(), definition.invalid(whyNot(verdict)).getMessage() + ", as far as that is known");
    }

    private static void seat(Member member, Slot slot, Assembly.Verdict verdict) {
        member.setDelta(verdict instanceof Assembly.Verdict.Returning back && back.delta());
        member.recognise();
        slot.attach(member);
    }

    private Optional<Slot> slotOf(Assembly.Verdict verdict) {
        if (verdict instanceof Assembly.Verdict.InSync in) {
            return Optional.of(slots.get(in.slot()));
        }
        return verdict instanceof Assembly.Verdict.Returning back
                ? Optional.of(slots.get(back.slot()))
                : Optional.empty();
    }

    private static String whyNot(Assembly.Verdict verdict) {
        if (verdict instanceof Assembly.Verdict.Apart apart) {
            return Assembly.wasApart(apart.without());
        }
        return verdict instanceof Assembly.Verdict.Stranger stranger ? stranger.reason() : "its place is taken";
    }

    /** Judges a member by what an array knows of itself that has been online. */
    Assembly.Verdict judge(Assembly.Seen one) {
        return Assembly.judge(keeper.described(), Optional.of(keeper.record().intentsSince()), one, true);
    }

    /**
     * Takes a member of an array that knows what it is: the member is judged by that.
     *
     * @param state what the array is, for messages
     */
    CompletionStage<Void> takeBack(Bdev bdev, Superblock superblock, ArrayState state) {
        Member member = intake.hold(bdev);
        return intake.readExtension(member, superblock)
                .thenAccept(one -> {
                    Assembly.Verdict verdict = judge(one);
                    if (verdict instanceof Assembly.Verdict.Newer newer) {
                        throw definition.refusal(
                                Errno.EBUSY,
                                "its superblock has sequence number " + newer.sequence() + ", the array that is "
                                        + state + " has " + keeper.record().sequence()
                                        + ": it was in use without the others, and is left alone");
                    }
                    if (verdict instanceof Assembly.Verdict.Apart) {
                        throw definition.refusal(Errno.EBUSY, whyNot(verdict));
                    }
                    Slot slot = slotOf(verdict)
                            .filter(free -> free.member() == null)
                            .orElseThrow(() -> definition.invalid(whyNot(verdict)));
                    seat(member, slot, verdict);
                })
                .whenComplete((ok, failure) -> {
                    if (failure != null) {
                        member.close();
                    }
                });
    }
}
