package io.cairn.module.raid.level;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoVector;

/**
 * Keeps the content of a strip that is nowhere else, while its stripe is written: on a raid5f array of which a data member is missing
 * (ABSENT or TARGET), that member's strip is only the XOR of the others, and a stripe that a power cut tears would make it garbage.
 *
 * <p>Called by the channels of all reactors, each on its own reactor. The calls return at once.
 */
public interface StripeJournal {
    /** One write of one stripe. The object identifies it between {@link #protect} and {@link #done}; it is used again after that. */
    interface Entry {
        /**
         * The strip is durable, or cannot be made so. Told on the reactor that asked, exactly once, never from inside {@link #protect}.
         *
         * @param outcome SUCCESS: the stripe may be written; else it is not written, and the write fails with this if the strip is still missing in the channel's layout
         */
        void onProtected(IoStatus outcome);
    }

    /**
     * Makes a strip durable before its stripe is written.
     *
     * @param stripe the number of the stripe; the slot of its parity, where the entry goes, follows from it
     * @param missingSlot the slot whose strip this is
     * @param data one strip; may be read until the entry has been told, not later
     * @param entry told of the end; {@link #done} follows exactly once for each entry that was told SUCCESS
     */
    void protect(long stripe, int missingSlot, IoVector data, Entry entry);

    /**
     * The members have ended what was protected, with or without success. The place may be used again when they have been flushed; after an
     * end without success only when the stripe has been synchronised.
     *
     * @param good whether the stripe is whole again
     */
    void done(long stripe, Entry entry, boolean good);
}
