package io.cairn.module.raid.array;

import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockMember;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What is made of an array's members by what their superblocks say: {@code reference/spdk-ondisk.md} A.5 and decision 0012. Decides, and does nothing.
 *
 * <p>The superblock with the highest sequence number tells what the array is; the other members are judged by it, not by their own: whoever wrote the
 * higher number knew better who was in.
 */
public final class Assembly {
    /**
     * A bdev on which a superblock was found.
     *
     * @param bdev the bdev's UUID
     * @param superblock what it says
     * @param extension what is behind it, if that is ours
     */
    public record Seen(UUID bdev, Superblock superblock, Optional<Extension> extension) {}

    /** What a bdev is to the array. */
    public sealed interface Verdict {
        /** It holds what it should, in a slot. */
        record InSync(int slot) implements Verdict {}

        /**
         * It was in a slot, and missed something: to be synchronised when the array is online.
         *
         * @param delta whether the intents say all that it missed
         */
        record Returning(int slot, boolean delta) implements Verdict {}

        /** It was in a slot, and in use without any of those who are in now: what was written to it then is nowhere else. Nothing is done with it. */
        record Apart(UUID without) implements Verdict {}

        /** It does not belong to the array, for a reason. */
        record Stranger(String reason) implements Verdict {}

        /** It knows of changes that this array, which is online, does not know of: nothing is done with it. */
        record Newer(long sequence) implements Verdict {}
    }

    /** Whether an array can serve I/O with the members that are there. */
    public enum Readiness {
        /** Everybody is there who was in at the end. */
        COMPLETE,
        /** Somebody is missing; it could be done without. */
        DEGRADED,
        /** It cannot. */
        TOO_FEW
    }

    private final List<Seen> seen;
    private final Superblock newest;

    private Assembly(List<Seen> seen) {
        this.seen = seen;
        Superblock best = seen.get(0).superblock();
        for (Seen one : seen) {
            // of two with one number the one that was seen first: there is nothing to tell which is better
            if (one.superblock().sequence() > best.sequence()) {
                best = one.superblock();
            }
        }
        this.newest = best;
    }

    /**
     * Assembles.
     *
     * @param seen at least one, all of the same array
     */
    public static Assembly of(Collection<Seen> seen) {
        return new Assembly(List.copyOf(seen));
    }

    /** Returns the superblock that counts. */
    public Superblock newest() {
        return newest;
    }

    /** Returns what one of those that were seen is to the array. */
    public Verdict verdict(Seen one) {
        return judge(newest, intentsSince(), one, false);
    }

    /**
     * Judges a bdev by what the array knows of itself.
     *
     * @param current the array's superblock
     * @param intentsSince the sequence number since which the intents say all that has changed; empty: nobody knows, none is believed
     * @param online whether the array is in use, so that it cannot follow a superblock that is newer
     */
    public static Verdict judge(Superblock current, Optional<Long> intentsSince, Seen one, boolean online) {
        if (!one.superblock().uuid().equals(current.uuid())) {
            return new Verdict.Stranger("it belongs to raid bdev '"
                    + one.superblock().name() + "' (" + one.superblock().uuid() + ")");
        }
        if (online && one.superblock().sequence() > current.sequence()) {
            return new Verdict.Newer(one.superblock().sequence());
        }
        Optional<SuperblockMember> described = current.ofBdev(one.bdev());
        Optional<SuperblockMember> promised = promised(current, one);
        if (described.isEmpty() && promised.isPresent()) {
            return new Verdict.Returning(promised.get().slot(), false);
        }
        if (described.isEmpty()) {
            return new Verdict.Stranger(strange(current, one));
        }
        SuperblockMember member = described.get();
        if (member.state() == MemberState.CONFIGURED) {
            return new Verdict.InSync(member.slot());
        }
        Optional<UUID> without = inUseWithout(current, one.superblock(), one.bdev());
        if (without.isPresent()) {
            return new Verdict.Apart(without.get());
        }
        return new Verdict.Returning(member.slot(), deltaAllowed(current, intentsSince, one, member.slot()));
    }

    /**
     * Returns which member of an array, that is in sync now, a bdev was in use without; empty if there is none. Who was in together with another one that is in sync
     * now, by its own superblock, has nothing that this one lacks: a loss is recorded on all who are in before a change is acknowledged.
     *
     * @param own what is on the bdev; if it was not in by that itself, it was a target
     */
    static Optional<UUID> inUseWithout(Superblock current, Superblock own, UUID bdev) {
        List<UUID> inNow = current.members().stream()
                .filter(member -> member.state() == MemberState.CONFIGURED
                        && !member.uuid().equals(bdev))
                .map(SuperblockMember::uuid)
                .toList();
        boolean sharesHistory = inNow.stream().anyMatch(other -> isIn(own, other));
        return isIn(own, bdev) && !sharesHistory
                ? inNow.stream().filter(other -> own.ofBdev(other).isPresent()).findFirst()
                : Optional.empty();
    }

    /** Says of a bdev that {@link #inUseWithout} has found something for why it is left alone. */
    static String wasApart(UUID without) {
        return "it was in use without bdev " + without
                + ", which is in use without it now, and is left alone: clear its "
                + "superblock and add it, if what was written to it is not wanted";
    }

    private static boolean isIn(Superblock superblock, UUID bdev) {
        return superblock
                .ofBdev(bdev)
                .filter(member -> member.state() == MemberState.CONFIGURED)
                .isPresent();
    }

    /** The power was cut between the marking of a target and the others' record of it: the slot is its, if nobody has it. */
    private static Optional<SuperblockMember> promised(Superblock current, Seen one) {
        return one.superblock().sequence() > 0
                ? Optional.empty()
                : one.superblock()
                        .ofBdev(one.bdev())
                        .flatMap(before -> current.inSlot(before.slot()))
                        .filter(now -> now.state() != MemberState.CONFIGURED);
    }

    private static String strange(Superblock current, Seen one) {
        String is = "bdev " + one.bdev() + " is not among the members of raid bdev '" + current.name() + "'";
        return one.superblock()
                .ofBdev(one.bdev())
                .flatMap(before -> current.inSlot(before.slot()))
                .filter(now -> !now.uuid().equals(Slot.NOBODY))
                .map(now -> is + ": bdev " + now.uuid() + " has taken its place in slot " + now.slot()
                        + "; clear it and add it as a spare, if it is to be used again")
                .orElse(is);
    }

    /**
     * Whether a member that missed something can be synchronised by the intents alone: no intent has been taken back since it left, and it knows
     * of no change that was made without those who are in now (had it been in use on its own, its intents would be others).
     */
    private static boolean deltaAllowed(Superblock current, Optional<Long> intentsSince, Seen one, int slot) {
        Superblock own = one.superblock();
        boolean nothingForgotten = intentsSince.isPresent() && own.sequence() >= intentsSince.get();
        // whatever its state there: a target's own superblock says MISSING, and has the number up to which it has
        // everything
        boolean wasIn =
                own.inSlot(slot).filter(m -> m.uuid().equals(one.bdev())).isPresent();
        return nothingForgotten
                && wasIn
                && current.members().stream()
                        .filter(m -> m.state() == MemberState.CONFIGURED)
                        .allMatch(m -> own.ofBdev(m.uuid())
                                .filter(before -> before.state() == MemberState.CONFIGURED)
                                .isPresent());
    }

    /** Returns those that hold what they should, with their slots' order. */
    public List<Seen> inSync() {
        List<Seen> all = new ArrayList<>();
        for (Seen one : seen) {
            if (verdict(one) instanceof Verdict.InSync) {
                all.add(one);
            }
        }
        return all;
    }

    /** Returns whether the array can serve with what was seen. */
    public Readiness readiness() {
        int expected = newest.count(MemberState.CONFIGURED);
        return readiness(
                newest, (int) inSync().stream().map(Seen::bdev).distinct().count(), expected);
    }

    /**
     * Returns whether an array can serve.
     *
     * @param there how many members that hold what they should are there
     * @param expected how many there were at the end
     */
    public static Readiness readiness(Superblock superblock, int there, int expected) {
        if (there < superblock.level().minOperational(superblock.slots())) {
            return Readiness.TOO_FEW;
        }
        return there >= expected ? Readiness.COMPLETE : Readiness.DEGRADED;
    }

    /**
     * Returns the sequence number since which the intents say all that has changed; empty if the extensions cannot be believed: one that belongs to the newest superblock
     * is missing, or older than it (somebody who knows nothing of it has had the array since).
     */
    public Optional<Long> intentsSince() {
        long since = -1;
        for (Seen one : seen) {
            boolean newestOne = one.superblock().sequence() == newest.sequence()
                    && newest.ofBdev(one.bdev())
                            .filter(m -> m.state() == MemberState.CONFIGURED)
                            .isPresent();
            if (newestOne) {
                if (one.extension()
                        .filter(e -> e.isCurrentFor(newest.sequence()))
                        .isEmpty()) {
                    return Optional.empty();
                }
                since = Math.max(since, one.extension().get().intentsSince());
            }
        }
        return since < 0 ? Optional.empty() : Optional.of(since);
    }

    /** Returns the extension that belongs to the newest superblock, with the highest generation; empty if none is believed. */
    public Optional<Extension> extension() {
        if (intentsSince().isEmpty()) {
            return Optional.empty();
        }
        return seen.stream()
                .filter(one ->
                        one.superblock().sequence() == newest.sequence() && verdict(one) instanceof Verdict.InSync)
                .flatMap(one -> one.extension().stream())
                .max((a, b) -> Long.compare(a.generation(), b.generation()));
    }

    /** Returns the highest generation of the extensions, whether they are believed or not; 0 if there are none. */
    public long generation() {
        return seen.stream()
                .flatMap(one -> one.extension().stream())
                .mapToLong(Extension::generation)
                .max()
                .orElse(0);
    }

    /** Returns the bdevs that have the newest sequence number and say something else: both were in use without the other. */
    public List<UUID> divergent() {
        return seen.stream()
                .filter(one -> one.superblock().sequence() == newest.sequence()
                        && !one.superblock().members().equals(newest.members()))
                .map(Seen::bdev)
                .toList();
    }
}
