package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.RegionSet;

/** The array's channels of all reactors, as {@link WriteIntents} talks to them. App thread. */
public interface IntentChannels {
    /** Tells all channels that the intent to change these rows is kept: what waited for it goes on. */
    void intended(long row, long rows);

    /**
     * Asks every channel which intents it still counts on, and has it forget the others ({@code RaidChannel.forgetIntents}).
     *
     * <p>What a channel tells the app thread after its answer (an intent that it wants again) arrives on the app thread after it; what it told before (suspect
     * rows) arrives before it.
     *
     * @param busy gets the regions that any of them counts on
     * @param answered run on the app thread, once, when all have answered
     */
    void forgetIntents(RegionSet busy, Runnable answered);

    /** Returns the channels of an array. */
    static IntentChannels of(ArrayChannels channels) {
        return new IntentChannels() {
            @Override
            public void intended(long row, long rows) {
                channels.intended(row, rows);
            }

            @Override
            public void forgetIntents(RegionSet busy, Runnable answered) {
                channels.forgetIntents(busy).thenRun(answered);
            }
        };
    }
}
