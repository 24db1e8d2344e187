package io.cairn.module.raid.array;

import io.cairn.module.raid.level.RegionSet;

/** The spelling of what one module of this name hands over to the next: values of the JDK's types. */
final class HandedOver {
    static final String REGION_ROWS = "region rows";
    static final String BITS = "bits";
    static final String SUSPECTS = "suspects";
    static final String SEQUENCE = "sequence";
    static final String COMPLETE = "complete";
    static final String STATES = "states";
    static final String UUIDS = "uuids";
    static final String NAMES = "names";
    static final String LEFT_AT = "left at";
    static final String WAS_IN = "was in";
    static final String ERRORS = "errors";

    private HandedOver() {}

    /** Spells a set as words of 64 regions. */
    static long[] words(RegionSet set) {
        long[] words = new long[(set.count() + Long.SIZE - 1) / Long.SIZE];
        for (int region = set.next(0); region >= 0; region = set.next(region + 1)) {
            words[region / Long.SIZE] |= 1L << region;
        }
        return words;
    }

    /** Reads what {@link #words} spelled. */
    static RegionSet regions(long[] words, int count, long regionRows) {
        RegionSet set = new RegionSet(count * regionRows, regionRows);
        for (int region = 0; region < Math.min(count, words.length * Long.SIZE); region++) {
            if ((words[region / Long.SIZE] & 1L << region) != 0) {
                set.add(region);
            }
        }
        return set;
    }
}
