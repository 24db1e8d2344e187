package io.cairn.module.raid.array;

import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import java.util.Optional;
import java.util.UUID;

/** A bdev that is given what a member holds, to take its place: claimed and written beside it. App thread. */
final class Replacement {
    private final Slot slot;
    private final Member member;
    private final Shape.Extent extent;
    private long cursor;
    /** Who was in the slot before; null until this one is. */
    private Occupant before;

    private record Occupant(
            String name,
            UUID uuid,
            Shape.Extent extent,
            Member member,
            long readErrors,
            long writeErrors,
            long repaired) {}

    /**
     * Makes one.
     *
     * @param slot the slot of the member whose place it is to take
     * @param extent where the data is on it
     * @param cursor the row below which it has been given everything but what has an intent
     */
    Replacement(Slot slot, Member member, Shape.Extent extent, long cursor) {
        this.slot = slot;
        this.member = member;
        this.extent = extent;
        this.cursor = cursor;
    }

    Slot slot() {
        return slot;
    }

    Member member() {
        return member;
    }

    String name() {
        return member.bdev().name();
    }

    /** Everything below a row is durable on it. */
    void reached(long row) {
        cursor = row;
    }

    Layout.Replacement described() {
        return new Layout.Replacement(slot.index(), member.link(), extent.dataOffset());
    }

    /** Returns what its own superblock says of it until it has everything: it is known again, and not believed. */
    SuperblockMember promised() {
        return new SuperblockMember(
                slot.index(), member.bdev().uuid(), MemberState.MISSING, extent.dataOffset(), extent.dataBlocks());
    }

    /** Returns what superblocks say of it when it has everything. */
    SuperblockMember configured() {
        return new SuperblockMember(
                slot.index(), member.bdev().uuid(), MemberState.CONFIGURED, extent.dataOffset(), extent.dataBlocks());
    }

    /** Returns what the array's record says of it. */
    Extension.ProcessState process(ProcessKind kind) {
        return new Extension.ProcessState(
                kind,
                Optional.of(new Extension.Target(slot.index(), member.bdev().uuid())),
                cursor,
                0);
    }

    /** It is the member in the slot from now on. */
    void takePlace() {
        MemberHealth health = slot.health();
        before = new Occupant(
                slot.name(),
                slot.uuid(),
                slot.extent(),
                slot.member(),
                health.readErrors(),
                health.writeErrors(),
                health.repaired());
        slot.assign(member.bdev().name(), member.bdev().uuid(), extent);
        slot.attach(member);
    }

    /** The member that was in the slot before is in it again, and this one beside it. */
    void giveBack() {
        slot.assign(before.name(), before.uuid(), before.extent());
        slot.attach(before.member());
        slot.health().add(before.readErrors(), before.writeErrors(), before.repaired());
        member.setRole(MemberRole.ABSENT);
    }
}
