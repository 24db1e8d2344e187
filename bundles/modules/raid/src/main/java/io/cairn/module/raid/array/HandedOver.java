package io.cairn.module.raid.array;

import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.RowRanges;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

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
    static final String ROWS = "rows";
    static final String BLOCK_SIZE = "block size";
    static final String DECLARED = "declared";
    static final String PROCESS = "process";
    static final String PAUSED = "paused";
    static final String LOST = "lost";

    private HandedOver() {}

    /** Spells where a process is. */
    static List<Object> process(Extension.ProcessState process) {
        return List.of(
                process.kind().name(),
                process.target().map(target -> target.slot()).orElse(-1),
                process.target().map(Extension.Target::bdev).orElse(Slot.NOBODY),
                process.cursor(),
                process.mismatches());
    }

    /** Reads what {@link #process(Extension.ProcessState)} spelled; empty if it is not there, or of another form. */
    static Optional<Extension.ProcessState> process(Object plain) {
        if (plain instanceof List<?> values
                && values.size() == 5
                && values.get(0) instanceof String kind
                && values.get(1) instanceof Integer slot
                && values.get(2) instanceof UUID bdev
                && values.get(3) instanceof Long cursor
                && values.get(4) instanceof Long mismatches) {
            return Optional.of(new Extension.ProcessState(
                    ProcessKind.valueOf(kind),
                    slot < 0 ? Optional.empty() : Optional.of(new Extension.Target(slot, bdev)),
                    cursor,
                    mismatches));
        }
        return Optional.empty();
    }

    /** Spells what is lost: slot, first row and rows of each range. */
    static List<Long> lost(LostRows lost) {
        List<Long> plain = new ArrayList<>();
        for (int slot = 0; slot < lost.slots(); slot++) {
            for (RowRanges.Range range : lost.of(slot).ranges()) {
                plain.addAll(List.of((long) slot, range.row(), range.rows()));
            }
        }
        return plain;
    }

    /** Reads what {@link #lost(LostRows)} spelled; nothing if it is not there. */
    static LostRows lost(Object plain) {
        LostRows lost = LostRows.NONE;
        if (plain instanceof List<?> values) {
            for (int i = 0; i + 2 < values.size(); i += 3) {
                lost = lost.plus(
                        Math.toIntExact((Long) values.get(i)),
                        RowRanges.NONE.plus((Long) values.get(i + 1), (Long) values.get(i + 2)));
            }
        }
        return lost;
    }

    /** Returns what is said of the intents. */
    static Map<String, Object> intents(Map<?, ?> before) {
        Map<String, Object> said = new LinkedHashMap<>();
        for (String what : List.of(SEQUENCE, REGION_ROWS, BITS, SUSPECTS)) {
            if (before.get(what) != null) {
                said.put(what, before.get(what));
            }
        }
        return said;
    }

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
