package io.cairn.module.raid.level;

import java.util.Arrays;

/**
 * What one channel knows of the intents on disk, region by region, and how many of its changes are out in each. One reactor. The regions
 * are its own: they need not be those on disk.
 */
final class KnownIntents {
    /** The intent is on disk. */
    private static final byte KNOWN = 1;

    /** Used since the last call of {@link #forget}. */
    private static final byte USED = 2;

    /** Asked for, not answered. */
    private static final byte ASKED = 4;

    private final ArrayControl control;
    private final long regionRows;
    private final int shift;
    private long rows;
    private byte[] state = new byte[0];
    private int[] out = new int[0];

    /**
     * Makes one that knows nothing.
     *
     * @param regionRows rows in a region; a power of two
     */
    KnownIntents(ArrayControl control, long regionRows, long rows) {
        this.control = control;
        this.regionRows = regionRows;
        this.shift = Long.numberOfTrailingZeros(regionRows);
        resize(rows);
    }

    /** Follows the array's size; it does not shrink. */
    void resize(long newRows) {
        int cut = (int) (rows >>> shift);
        if (newRows > rows && cut < state.length) {
            // what is known of the region that the end has cut short, or was asked for, is about its old rows
            state[cut] &= ~(KNOWN | ASKED);
        }
        rows = newRows;
        int count = Math.toIntExact((newRows + regionRows - 1) >>> shift);
        if (count > state.length) {
            state = Arrays.copyOf(state, count);
            out = Arrays.copyOf(out, count);
        }
    }

    /**
     * Begins a change, if all its intents are known to be on disk; else asks for those that are not and have not been asked for.
     *
     * @return whether it has begun: {@link #end} follows
     */
    boolean begin(long row, long count) {
        int first = (int) (row >>> shift);
        int last = (int) ((row + count - 1) >>> shift);
        for (int region = first; region <= last; region++) {
            if ((state[region] & KNOWN) == 0) {
                ask(region, last);
                return false;
            }
        }
        for (int region = first; region <= last; region++) {
            state[region] |= USED;
            out[region]++;
        }
        return true;
    }

    private void ask(int from, int last) {
        int region = from;
        while (region <= last) {
            if ((state[region] & (KNOWN | ASKED)) != 0) {
                region++;
                continue;
            }
            int begin = region;
            while (region <= last && (state[region] & (KNOWN | ASKED)) == 0) {
                state[region++] |= ASKED;
            }
            long row = begin * regionRows;
            control.intend(row, Math.min(rows, region * regionRows) - row);
        }
    }

    /** Ends a change. */
    void end(long row, long count) {
        int last = (int) ((row + count - 1) >>> shift);
        for (int region = (int) (row >>> shift); region <= last; region++) {
            out[region]--;
        }
    }

    /** The intents of the regions that are wholly within these rows are on disk. */
    void intended(long row, long count) {
        // the last region may be cut short by the end
        int end = row + count >= rows ? state.length : (int) ((row + count) >>> shift);
        for (int region = (int) ((row + regionRows - 1) >>> shift); region < end; region++) {
            // counts as used: somebody has asked and has not come to use it yet
            state[region] = (byte) ((state[region] & ~ASKED) | KNOWN | USED);
        }
    }

    /** Forgets what is not in use; tells the rows of what is, and of what was asked for. */
    void forget(RegionSet busy) {
        for (int region = 0; region < state.length; region++) {
            if (state[region] != 0 || out[region] > 0) {
                if (out[region] > 0 || (state[region] & (USED | ASKED)) != 0) {
                    long row = region * regionRows;
                    busy.addRows(row, Math.min(rows, row + regionRows) - row);
                    state[region] &= ~USED;
                } else {
                    state[region] = 0;
                }
            }
        }
    }
}
