package io.cairn.module.raid.level;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** A set of regions of rows, equally large. Any thread; each bit is atomic, several together are not. */
public final class RegionSet {
    private final long regionRows;
    private final int shift;
    private final int count;
    private final AtomicLongArray words;
    /** How many are in the set: never less than there are, so that an empty set that is filled is not taken for empty. */
    private final AtomicInteger size = new AtomicInteger();

    /**
     * Makes an empty set.
     *
     * @param rows what is divided into regions
     * @param regionRows rows in a region; a power of two
     */
    public RegionSet(long rows, long regionRows) {
        if (Long.bitCount(regionRows) != 1) {
            throw new IllegalArgumentException("a region of " + regionRows + " rows: not a power of two");
        }
        this.regionRows = regionRows;
        this.shift = Long.numberOfTrailingZeros(regionRows);
        this.count = Math.toIntExact((rows + regionRows - 1) >>> shift);
        this.words = new AtomicLongArray((count + Long.SIZE - 1) / Long.SIZE);
    }

    /** Returns how many regions there are. */
    public int count() {
        return count;
    }

    /** Returns how many rows a region has. */
    public long regionRows() {
        return regionRows;
    }

    /** Returns the region of a row. */
    public int regionOf(long row) {
        return (int) (row >>> shift);
    }

    /** Returns whether a region is in the set. */
    public boolean contains(int region) {
        return (words.get(region >>> 6) & 1L << region) != 0;
    }

    /** Returns whether any region of these rows is in the set. */
    public boolean containsAny(long row, long rows) {
        int last = regionOf(row + rows - 1);
        for (int region = regionOf(row); region <= last; region++) {
            if (contains(region)) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether all regions of these rows are in the set. */
    public boolean containsAll(long row, long rows) {
        int last = regionOf(row + rows - 1);
        for (int region = regionOf(row); region <= last; region++) {
            if (!contains(region)) {
                return false;
            }
        }
        return true;
    }

    /** Adds a region. */
    public void add(int region) {
        long bit = 1L << region;
        size.incrementAndGet();
        if ((words.getAndUpdate(region >>> 6, word -> word | bit) & bit) != 0) {
            size.decrementAndGet();
        }
    }

    /** Adds the regions of some rows. */
    public void addRows(long row, long rows) {
        int last = regionOf(row + rows - 1);
        for (int region = regionOf(row); region <= last; region++) {
            add(region);
        }
    }

    /** Takes a region out. */
    public void remove(int region) {
        long bit = 1L << region;
        if ((words.getAndUpdate(region >>> 6, word -> word & ~bit) & bit) != 0) {
            size.decrementAndGet();
        }
    }

    /** Returns the first region from this one on that is in the set; -1: none. */
    public int next(int from) {
        for (int region = from; region < count; region++) {
            long word = words.get(region >>> 6) >>> region;
            if (word != 0) {
                int found = region + Long.numberOfTrailingZeros(word);
                return found < count ? found : -1;
            }
            region |= Long.SIZE - 1;
        }
        return -1;
    }

    /** Returns whether nothing is in the set. Costs next to nothing. */
    public boolean isEmpty() {
        return size.get() == 0;
    }

    /** Returns how many regions are in the set. */
    public int size() {
        return size.get();
    }
}
