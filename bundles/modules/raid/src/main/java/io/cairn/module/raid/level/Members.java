package io.cairn.module.raid.level;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/** The ways to the members under one layout. Immutable, so that an I/O can keep what it began with. */
final class Members {
    final Layout layout;
    final Shape shape;
    /** By position in the layout: by slot, and behind that the replacement; null: ABSENT. */
    final MemberPath[] bySlot;
    /** Those that may be read, by slot. */
    final MemberPath[] readable;
    /** Those that are written, by slot. */
    final MemberPath[] writable;

    private final MemberRole[] roles;
    private final int missing;

    Members(Layout layout, MemberPath[] bySlot) {
        this.layout = layout;
        this.shape = layout.shape();
        this.bySlot = bySlot;
        this.roles = IntStream.range(0, bySlot.length)
                .mapToObj(position -> layout.at(position).role())
                .toArray(MemberRole[]::new);
        this.missing = layout.slots().stream()
                .map(Layout.Slot::role)
                .map(role -> role == MemberRole.IN_SYNC)
                .toList()
                .indexOf(false);
        this.readable = Arrays.stream(bySlot)
                .filter(path -> path != null && isReadable(path.slot))
                .toArray(MemberPath[]::new);
        this.writable = Arrays.stream(bySlot).filter(Objects::nonNull).toArray(MemberPath[]::new);
    }

    /** Returns how many slots there are. */
    int slots() {
        return layout.slots().size();
    }

    /** Returns whether a slot holds what it should. */
    boolean isReadable(int slot) {
        return roles[slot] == MemberRole.IN_SYNC;
    }

    /** Returns the only slot that may not be read; -1: there is none. */
    int missingSlot() {
        return missing;
    }
}
