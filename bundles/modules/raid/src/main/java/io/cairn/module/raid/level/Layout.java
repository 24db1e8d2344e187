package io.cairn.module.raid.level;

import io.cairn.bdev.spi.BaseLink;
import java.util.List;

/**
 * The members as the I/O path is to use them. Immutable: a change makes a new one with a higher version, which the array hands to the
 * channel of every reactor.
 *
 * @param version counts up
 * @param shape the arithmetic
 * @param slots by slot
 */
public record Layout(long version, Shape shape, List<Slot> slots) {
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

    /** Copies what could change. */
    public Layout {
        slots = List.copyOf(slots);
    }

    /** Returns how many slots have a role. */
    public int count(MemberRole role) {
        return (int) slots.stream().filter(slot -> slot.role() == role).count();
    }
}
