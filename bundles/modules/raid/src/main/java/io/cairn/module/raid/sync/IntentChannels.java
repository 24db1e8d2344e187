package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.RegionSet;
import java.util.function.Consumer;

/** The array's channels of all reactors, as {@link WriteIntents} talks to them. App thread. */
public interface IntentChannels {
    /** Tells all channels that the intent to change these rows is kept: what waited for it goes on. */
    void intended(long row, long rows);

    /**
     * Asks every channel which intents it still counts on, and has it forget the others ({@code RaidChannel.forgetIntents}).
     *
     * <p>What a channel tells the app thread after its answer (an intent that it wants again) arrives after the answer or before {@code busy}
     * is told; what it told before (suspect rows) arrives before {@code busy} is told.
     *
     * @param busy told on the app thread, once, when all have answered: the regions that any of them counts on
     */
    void forgetIntents(Consumer<RegionSet> busy);
}
