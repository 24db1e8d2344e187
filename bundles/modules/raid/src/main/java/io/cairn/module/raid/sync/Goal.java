package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.RegionSet;

/** What a background process is to do. Rows below {@code from} have been done before an interruption. */
public sealed interface Goal {
    /** Returns the row to begin at. */
    long from();

    /** Returns the same from another row on: what is left of it after an interruption. */
    Goal continued(long row);

    /** Returns the name that users see: {@code rebuild}, {@code resync}, {@code grow}, {@code scrub}. */
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
     * Make the members agree again: raid1 copies the leg that is read, raid5f computes parity anew.
     *
     * @param unsynced shared with the channels; the process takes out what agrees. It may grow meanwhile: the process ends when it is empty
     */
    record Resync(RegionSet unsynced, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Resync(unsynced, row);
        }

        @Override
        public String type() {
            return "resync";
        }
    }

    /** Make the members agree on rows that are new because they have grown; they are to be unsynced rows until the process has ended. */
    record Grow(long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Grow(row);
        }

        @Override
        public String type() {
            return "grow";
        }
    }

    /**
     * Compare what the members hold.
     *
     * @param repair whether to make them agree: raid1 takes what most legs have, or the first leg; raid5f computes parity anew
     * @param unsynced rows that need not agree and are left out; null: none
     */
    record Scrub(boolean repair, RegionSet unsynced, long from) implements Goal {
        @Override
        public Goal continued(long row) {
            return new Scrub(repair, unsynced, row);
        }

        @Override
        public String type() {
            return "scrub";
        }
    }
}
