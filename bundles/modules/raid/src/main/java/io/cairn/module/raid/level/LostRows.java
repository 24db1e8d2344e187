package io.cairn.module.raid.level;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Rows of members of a raid5f array whose content is lost: the stripe was torn while the member was missing, and no journal entry tells what it should hold. What the
 * others say there, and what a rebuild has therefore written, is made up; reading it is refused until the stripe is written again. Parity strips within these rows
 * do not matter. Immutable; any thread.
 */
public final class LostRows {
    /** Nothing is lost. */
    public static final LostRows NONE = new LostRows(List.of());

    private final List<RowRanges> bySlot;
    private final boolean empty;

    private LostRows(List<RowRanges> bySlot) {
        this.bySlot = List.copyOf(bySlot);
        this.empty = bySlot.stream().allMatch(RowRanges::isEmpty);
    }

    /** Returns whether nothing is lost. Costs next to nothing. */
    public boolean isEmpty() {
        return empty;
    }

    /** Returns what is lost of a slot. */
    public RowRanges of(int slot) {
        return slot < bySlot.size() ? bySlot.get(slot) : RowRanges.NONE;
    }

    /** Returns for how many slots there may be something. */
    public int slots() {
        return bySlot.size();
    }

    /** Returns whether any of some rows is lost of any slot. Allocates nothing. */
    public boolean containsAny(long row, long rows) {
        for (int slot = 0; slot < bySlot.size(); slot++) {
            if (bySlot.get(slot).containsAny(row, rows)) {
                return true;
            }
        }
        return false;
    }

    /** Returns how many rows are lost, of all slots together. */
    public long rows() {
        return bySlot.stream().mapToLong(RowRanges::rows).sum();
    }

    /** Returns in how many ranges they are. */
    public int ranges() {
        return bySlot.stream().mapToInt(rows -> rows.ranges().size()).sum();
    }

    /** Returns these and more of one slot. */
    public LostRows plus(int slot, RowRanges more) {
        if (more.isEmpty()) {
            return this;
        }
        List<RowRanges> next = new ArrayList<>(bySlot);
        if (next.size() <= slot) {
            next.addAll(Collections.nCopies(slot + 1 - next.size(), RowRanges.NONE));
        }
        next.set(slot, next.get(slot).plus(more));
        return new LostRows(next);
    }

    /** Returns these without some rows, of whatever slot: their stripes were written again. */
    public LostRows minus(long row, long rows) {
        return new LostRows(bySlot.stream().map(lost -> lost.minus(row, rows)).toList());
    }

    /**
     * Returns these in so many ranges at most: with rows added between two ranges of one slot where the gap is smallest.
     *
     * @param most at least as many as there are slots
     */
    public LostRows within(int most) {
        List<RowRanges> next = new ArrayList<>(bySlot);
        for (int left = ranges() - most; left > 0; left--) {
            int best = 0;
            for (int slot = 1; slot < next.size(); slot++) {
                if (next.get(slot).smallestGap() < next.get(best).smallestGap()) {
                    best = slot;
                }
            }
            next.set(best, next.get(best).coarser());
        }
        return new LostRows(next);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LostRows lost && lost.trimmed().equals(trimmed());
    }

    @Override
    public int hashCode() {
        return trimmed().hashCode();
    }

    private List<RowRanges> trimmed() {
        int slots = bySlot.size();
        while (slots > 0 && bySlot.get(slots - 1).isEmpty()) {
            slots--;
        }
        return bySlot.subList(0, slots);
    }

    @Override
    public String toString() {
        return "lost rows " + bySlot;
    }
}
