package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

/** How a background process ended. */
public sealed interface Outcome {
    /**
     * Everything was done; what was written is durable.
     *
     * @param found what was found on the way
     */
    record Done(Findings found) implements Outcome {}

    /**
     * It was stopped on request.
     *
     * @param rest what is left to be done; everything before it is durable
     */
    record Stopped(Goal rest) implements Outcome {}

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
     * @param rest what is left to be done; what was before it is not necessarily durable
     */
    record MembersMissing(Goal rest) implements Outcome {}
}
