package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/** The slots of an array, and what can be said of them together. App thread. */
final class Slots {
    private final RaidLevel level;
    private final List<Slot> all = new ArrayList<>();
    private Replacement replacement;
    private OptionalInt blockSize = OptionalInt.empty();
    private long version;

    Slots(RaidLevel level) {
        this.level = level;
    }

    List<Slot> all() {
        return all;
    }

    Slot get(int index) {
        return all.get(index);
    }

    int count() {
        return all.size();
    }

    void add(Slot slot) {
        all.add(slot);
    }

    /** Has other slots from now on: what the array is has been found out anew. */
    void refill(List<Slot> others) {
        all.clear();
        all.addAll(others);
    }

    /** Returns who is to take a member's place. */
    Optional<Replacement> replacement() {
        return Optional.ofNullable(replacement);
    }

    /** Returns who is to take the place of the member in a slot. */
    Optional<Replacement> replacementOf(Slot slot) {
        return replacement().filter(next -> next.slot() == slot);
    }

    /** A member is being replaced from the next layout on. */
    void replace(Replacement next) {
        replacement = next;
    }

    /** Nobody is being replaced from the next layout on. */
    void endReplacement() {
        replacement = null;
    }

    /** Returns whether a process is a replacement that waits for its bdev: nobody is being replaced, and the member that was still works. */
    boolean awaitsReplacement(Extension.ProcessState process) {
        return process.kind() == ProcessKind.REPLACE
                && replacement == null
                && process.target()
                        .filter(target -> target.slot() < all.size()
                                && all.get(target.slot()).role() == MemberRole.IN_SYNC)
                        .isPresent();
    }

    /** Takes the last slot away. */
    void removeLast() {
        all.remove(all.size() - 1);
    }

    /** The array is online, with blocks of a size in bytes: that is known from now on. */
    void knowBlockSize(int bytes) {
        blockSize = OptionalInt.of(bytes);
    }

    /** Returns the size of the array's blocks in bytes: that of its members, or, if it has none, what it was when it was last online; empty if it never was. */
    OptionalInt blockSize() {
        List<Slot> attached = attached();
        return attached.isEmpty()
                ? blockSize
                : OptionalInt.of(attached.get(0).member().bdev().blockSize());
    }

    /** Returns the slots whose member is there. */
    List<Slot> attached() {
        return all.stream().filter(slot -> slot.member() != null).toList();
    }

    List<Slot> withRole(MemberRole role) {
        return all.stream().filter(slot -> slot.role() == role).toList();
    }

    int count(Predicate<Slot> which) {
        return (int) all.stream().filter(which).count();
    }

    /** Returns how many members were in at the end: SPDK's {@code num_base_bdevs_operational}. */
    int expected() {
        return count(slot -> slot.state() == MemberState.CONFIGURED);
    }

    /** Returns how many of those are there. */
    int inSync() {
        return count(Slot::isInSync);
    }

    /** Returns the fewest members with which the array serves. */
    int minOperational() {
        return level.minOperational(all.size());
    }

    /** Returns whether every slot has a member that holds what it should. */
    boolean isComplete() {
        return inSync() == all.size();
    }

    Optional<Slot> holding(Bdev bdev) {
        return all.stream()
                .filter(slot -> slot.member() != null && slot.member().bdev() == bdev)
                .findFirst();
    }

    /** Finds the empty slot that a bdev belongs into. */
    Optional<Slot> waitingFor(Bdev bdev) {
        return all.stream()
                .filter(slot -> slot.member() == null && slot.belongs(bdev))
                .findFirst();
    }

    /** Finds the slot whose member is, or was, called so. */
    Optional<Slot> find(String anyName) {
        return all.stream()
                .filter(slot -> slot.member() != null
                        ? Slot.isCalled(slot.member().bdev(), anyName)
                        : anyName.equals(slot.name()) || slot.uuid().toString().equalsIgnoreCase(anyName))
                .findFirst();
    }

    List<SuperblockMember> described() {
        return all.stream().map(Slot::described).toList();
    }

    List<Shape.Extent> extents() {
        return all.stream().map(Slot::extent).toList();
    }

    /** Returns the layout that the slots make now, with the next version. */
    Layout layout(Shape shape) {
        List<Layout.Slot> slots = new ArrayList<>();
        for (Slot slot : all) {
            slots.add(
                    slot.role() == MemberRole.ABSENT
                            ? Layout.Slot.EMPTY
                            : new Layout.Slot(slot.role(), slot.member().link()));
        }
        return new Layout(++version, shape, slots, replacement().map(Replacement::described));
    }
}
