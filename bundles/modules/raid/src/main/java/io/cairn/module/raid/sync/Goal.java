package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.RegionSet;

/** What a background process is to do. Rows below {@code from} have been done before an interruption. */
public sealed interface Goal {
    /** Returns the row to begin at. */
    long from();

    /** Returns the same from another row on: what is left of it after an interruption. */
    Goal continued(long row);

    /** Returns the name that users see: {@code rebuild}, {@code replace}, {@code resync}, {@code grow}, {@code repair}, {@code scrub}. */
    String type();

    /**
     * Fill a TARGET with what it should hold.
     *
     * @param slot the TARGET's slot
     * @param due the regions to fill, which nobody changes; null: all
     */
    record Rebuild(int slot, RegionSet due, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Rebuild(slot, due, row);
        }

        @Override
        public String type() {
            return "rebuild";
        }
    }

    /**
     * Fill the TARGET beside a member with what that member has; where it cannot be read, with what the others say.
     *
     * @param slot the member's slot
     * @param due the regions to fill, which nobody changes; null: all
     */
    record Replace(int slot, RegionSet due, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Replace(slot, due, row);
        }

        @Override
        public String type() {
            return "replace";
        }
    }

    /**
     * Make the members agree again: raid1 copies the leg that is read (the first that is IN_SYNC), raid5f computes parity anew. One pass: what
     * becomes suspect behind the cursor is left for the next one.
     *
     * @param suspects where to do that, shared with the channels; a region is taken out when all its rows agree, before any of them may be changed again
     */
    record Resync(RegionSet suspects, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Resync(suspects, row);
        }

        @Override
        public String type() {
            return "resync";
        }
    }

    /**
     * Make the members agree on rows that are new because they have grown, as a resync does.
     *
     * @param suspects the new rows are to be in there when the process begins; what agrees is taken out
     */
    record Grow(RegionSet suspects, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Grow(suspects, row);
        }

        @Override
        public String type() {
            return "grow";
        }
    }

    /**
     * Look for members that cannot be read, or do not hold what they should, and write them again: a scrub of some regions.
     *
     * @param due where; nobody changes it
     * @param suspects rows that need not agree and are left out
     */
    record Repair(RegionSet due, RegionSet suspects, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Repair(due, suspects, row);
        }

        @Override
        public String type() {
            return "repair";
        }
    }

    /**
     * Compare what the members hold.
     *
     * @param repair whether to make them agree: raid1 takes what most legs have, or the first leg; raid5f computes parity anew
     * @param suspects rows that need not agree and are left out
     * @param found what was found below {@code from}
     */
    record Scrub(boolean repair, RegionSet suspects, long from, Findings found) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Scrub(repair, suspects, row, found);
        }

        @Override
        public String type() {
            return "scrub";
        }
    }
}
