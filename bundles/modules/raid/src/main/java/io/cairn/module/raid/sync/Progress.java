package io.cairn.module.raid.sync;

/**
 * How far a background process is.
 *
 * @param type {@link Goal#type()}
 * @param rowsDone rows that were worked on and rows that needed nothing
 * @param rowsDue all rows
 * @param cursor the row below which everything is done
 * @param startedNanos when it began, in the time of the reactors' {@code clockNanos}
 * @param bytesPerSecond what a member has been read or written at, while it worked and while it waited, over the last seconds
 * @param paused whether it is paused, or will be when the present window is done
 */
public record Progress(
        String type, long rowsDone, long rowsDue, long cursor, long startedNanos, long bytesPerSecond, boolean paused) {
    /** Returns how much is done, in percent, rounded down. */
    public int percent() {
        return rowsDue == 0 ? 100 : (int) Math.min(100, rowsDone * 100.0 / rowsDue);
    }
}
