package io.cairn.module.raid.level;

import java.util.Objects;
import java.util.Optional;

/**
 * What the channels of an array have in common beside its layout.
 *
 * @param control the array
 * @param intentRows the rows for which the channels ask at once whether their intent is on disk; a power of two; 0: the array has no
 *     intents, and nothing is asked. It need not be the size of a region on disk: everything is asked and answered in rows
 * @param journal protects stripes of a degraded raid5f array; empty: they are written unprotected
 */
public record ChannelSettings(ArrayControl control, long intentRows, Optional<StripeJournal> journal) {
    /** Checks the size of a region. */
    public ChannelSettings {
        Objects.requireNonNull(control, "control");
        Objects.requireNonNull(journal, "journal");
        if (intentRows != 0 && Long.bitCount(intentRows) != 1) {
            throw new IllegalArgumentException("intents for " + intentRows + " rows at once: not a power of two");
        }
    }

    /** Returns the settings of an array without intents and journal. */
    public static ChannelSettings of(ArrayControl control) {
        return new ChannelSettings(control, 0, Optional.empty());
    }
}
