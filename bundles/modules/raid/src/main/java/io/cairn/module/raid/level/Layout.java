package io.cairn.module.raid.level;

import io.cairn.bdev.spi.BaseLink;
import java.util.List;
import java.util.Optional;

/**
 * The members as the I/O path is to use them. Immutable: a change makes a new one with a higher version, which the array hands to the
 * channel of every reactor.
 *
 * @param version counts up
 * @param shape the arithmetic
 * @param slots by slot
 * @param replacement who is to take a member's place: it is written beside it, and never read
 */
public record Layout(long version, Shape shape, List<Slot> slots, Optional<Replacement> replacement) {
    /**
     * One slot.
     *
     * @param role what to do with it
     * @param link the hold on the member; null exactly if the role is ABSENT
     */
    public record Slot(MemberRole role, BaseLink link) {
        /** The slot that nobody is in. */
        public static final Slot EMPTY = new Slot(MemberRole.ABSENT, null);
    }

    /**
     * A TARGET beside a member that works.
     *
     * @param slot the slot of the member whose place it is to take
     * @param link the hold on it
     * @param dataOffset where its data begins, in blocks
     */
    public record Replacement(int slot, BaseLink link, long dataOffset) {}

    /** Makes one in which nobody is being replaced. */
    public Layout(long version, Shape shape, List<Slot> slots) {
        this(version, shape, slots, Optional.empty());
    }

    /** Copies what could change. */
    public Layout {
        slots = List.copyOf(slots);
    }

    /** Returns how many positions there are: one for each slot, and behind them one for the replacement, if there is one. */
    public int positions() {
        return slots.size() + (replacement.isPresent() ? 1 : 0);
    }

    /** Returns who is in a position; {@link Slot#EMPTY} in one that there is not. */
    public Slot at(int position) {
        if (position < slots.size()) {
            return slots.get(position);
        }
        return position == slots.size()
                ? replacement
                        .map(next -> new Slot(MemberRole.TARGET, next.link()))
                        .orElse(Slot.EMPTY)
                : Slot.EMPTY;
    }

    /** Returns the slot whose rows a position that there is holds. */
    public int slotOf(int position) {
        return position < slots.size() ? position : replacement.orElseThrow().slot();
    }

    /** Returns where the data of a position that there is begins, in blocks of the member. */
    public long dataOffset(int position) {
        return position < slots.size()
                ? shape.members().get(position).dataOffset()
                : replacement.orElseThrow().dataOffset();
    }

    /** Returns whether a slot has got the member that was its replacement in the layout before. */
    public boolean hasReplaced(Layout before, int slot) {
        return before.replacement
                .filter(next -> next.slot() == slot && next.link() == at(slot).link())
                .isPresent();
    }

    /** Returns whether every slot has a member that holds what it should. */
    public boolean isComplete() {
        return count(MemberRole.IN_SYNC) == slots.size();
    }

    /** Returns how many slots have a role. */
    public int count(MemberRole role) {
        return (int) slots.stream().filter(slot -> slot.role() == role).count();
    }
}
