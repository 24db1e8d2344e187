package io.cairn.module.raid.level;

import java.util.ArrayList;
import java.util.List;

/**
 * Some rows, as ranges that neither overlap nor touch, in their order. Immutable; any thread.
 *
 * @param ranges ascending
 */
public record RowRanges(List<Range> ranges) {
    /** No row at all. */
    public static final RowRanges NONE = new RowRanges(List.of());

    /**
     * Rows that follow one another.
     *
     * @param row the first one
     * @param rows how many, at least 1
     */
    public record Range(long row, long rows) {
        long end() {
            return row + rows;
        }
    }

    /** Copies what could change. */
    public RowRanges {
        ranges = List.copyOf(ranges);
    }

    /** Returns whether there is none. */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Returns how many rows there are. */
    public long rows() {
        return ranges.stream().mapToLong(Range::rows).sum();
    }

    /** Returns whether any of some rows is among these. Allocates nothing. */
    public boolean containsAny(long row, long rows) {
        int low = 0;
        int high = ranges.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ranges.get(middle).end() <= row) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < ranges.size() && ranges.get(low).row() < row + rows;
    }

    /** Returns these and some more. */
    public RowRanges plus(long row, long rows) {
        if (rows <= 0) {
            return this;
        }
        List<Range> all = new ArrayList<>();
        long first = row;
        long end = row + rows;
        int i = 0;
        while (i < ranges.size() && ranges.get(i).end() < first) {
            all.add(ranges.get(i++));
        }
        while (i < ranges.size() && ranges.get(i).row() <= end) {
            first = Math.min(first, ranges.get(i).row());
            end = Math.max(end, ranges.get(i++).end());
        }
        all.add(new Range(first, end - first));
        all.addAll(ranges.subList(i, ranges.size()));
        return new RowRanges(all);
    }

    /** Returns these and others. */
    public RowRanges plus(RowRanges others) {
        RowRanges all = this;
        for (Range range : others.ranges) {
            all = all.plus(range.row(), range.rows());
        }
        return all;
    }

    /** Returns these without some. */
    public RowRanges minus(long row, long rows) {
        if (!containsAny(row, rows)) {
            return this;
        }
        List<Range> left = new ArrayList<>();
        for (Range range : ranges) {
            addPart(left, range.row(), Math.min(range.end(), row));
            addPart(left, Math.max(range.row(), row + rows), range.end());
        }
        return new RowRanges(left);
    }

    /** Returns those of these that are among some. */
    public RowRanges within(long row, long rows) {
        List<Range> part = new ArrayList<>();
        for (Range range : ranges) {
            addPart(part, Math.max(range.row(), row), Math.min(range.end(), row + rows));
        }
        return new RowRanges(part);
    }

    private static void addPart(List<Range> to, long from, long end) {
        if (from < end) {
            to.add(new Range(from, end - from));
        }
    }

    /** Returns these in one range less: with the rows of the smallest gap. Of one range at most, these. */
    RowRanges coarser() {
        int best = -1;
        long smallest = Long.MAX_VALUE;
        for (int i = 1; i < ranges.size(); i++) {
            long gap = ranges.get(i).row() - ranges.get(i - 1).end();
            if (gap < smallest) {
                smallest = gap;
                best = i;
            }
        }
        return best < 0 ? this : plus(ranges.get(best - 1).end(), smallest);
    }

    /** Returns the rows of the smallest gap between two ranges; {@link Long#MAX_VALUE}: there is none. */
    long smallestGap() {
        long smallest = Long.MAX_VALUE;
        for (int i = 1; i < ranges.size(); i++) {
            smallest =
                    Math.min(smallest, ranges.get(i).row() - ranges.get(i - 1).end());
        }
        return smallest;
    }
}
