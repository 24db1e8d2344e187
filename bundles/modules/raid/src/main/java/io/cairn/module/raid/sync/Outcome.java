package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

/** How a background process ended. */
public sealed interface Outcome {
    /**
     * Everything was done; what was written is durable.
     *
     * @param mismatches blocks (of rows) on which the members did not agree
     * @param repaired how many of those agree now
     * @param unreadable blocks (of rows) that no member could give, and that were left as they are: of a scrub only
     */
    record Done(long mismatches, long repaired, long unreadable) implements Outcome {}

    /**
     * It was stopped on request.
     *
     * @param row everything below is done and durable
     */
    record Stopped(long row) implements Outcome {}

    /**
     * A member did not take what was written to it, or could not be flushed: the target of a rebuild, or a member that should agree with the others.
     */
    record MemberFailed(int slot, IoType type, IoStatus status) implements Outcome {}

    /**
     * Rows could not be read from anybody: they are lost to the target.
     *
     * @param slot the member that answered last
     */
    record RowsLost(long row, long rows, int slot, IoStatus status) implements Outcome {}

    /**
     * The members that are left are not enough for the goal, or its target has gone.
     *
     * @param row everything below is done; not necessarily durable
     */
    record MembersMissing(long row) implements Outcome {}
}
