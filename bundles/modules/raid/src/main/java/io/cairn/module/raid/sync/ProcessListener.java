package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import java.util.concurrent.CompletionStage;

/** The array, as its background process reports to it. App thread. */
public interface ProcessListener {
    /**
     * Everything below a row is done and durable on the members: to be kept where a restart finds it. Every few seconds of work, and before a process is
     * reported as paused or stopped.
     */
    void cursor(Goal goal, long row);

    /** A member could not be read somewhere; {@code repaired}: it holds again what it should. For counts and events. */
    void readError(int slot, long row, long rows, boolean repaired, IoStatus status);

    /**
     * Rows of a raid5f array with a member missing are in doubt, and are locked: what cannot be made whole of them is given up ({@link Doubts}).
     *
     * @param missing the slot that may not be read
     * @return whether they may leave the set of suspects; never fails
     */
    CompletionStage<Boolean> surrender(int missing, long row, long rows);

    /** A process has begun. */
    void started(Goal goal);

    /**
     * A process has ended, and has let go of all members and rows.
     *
     * @param goal as it was when it began
     */
    void ended(Goal goal, Outcome outcome);
}
