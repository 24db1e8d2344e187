package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.level.RegionSet;
import java.util.function.Consumer;

/**
 * A member as the place where write intents are kept. App thread; each call is answered exactly once, on the app thread, later or from inside
 * the call. {@link WriteIntents} has at most one write of a page out at a time.
 */
public interface IntentHome {
    /** Returns the member's slot, for reports. */
    int slot();

    /**
     * Writes one page of the bitmap to the member, not necessarily durably.
     *
     * @param page counts from 0; a page has as many regions as {@link WriteIntents} was told
     * @param bits the whole bitmap, by the numbers of its bits; what the page has of it is copied before this returns
     */
    void writePage(int page, RegionSet bits, Consumer<IoStatus> done);

    /** Makes durable what the member has completed so far, data and pages. Answers success where the member has no write cache. */
    void flush(Consumer<IoStatus> done);
}
