package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;

/** The array, as its background process reports to it. App thread. */
public interface ProcessListener {
    /**
     * Everything below a row is done and durable on the members: to be kept where a restart finds it. Every few seconds of work, and before a process is
     * reported as paused or stopped.
     */
    void cursor(Goal goal, long row);

    /** A member could not be read somewhere; {@code repaired}: it holds again what it should. For counts and events. */
    void readError(int slot, long row, long rows, boolean repaired, IoStatus status);

    /** A process has begun. */
    void started(Goal goal);

    /**
     * A process has ended, and has let go of all members and rows.
     *
     * @param goal as it was when it began
     */
    void ended(Goal goal, Outcome outcome);
}
