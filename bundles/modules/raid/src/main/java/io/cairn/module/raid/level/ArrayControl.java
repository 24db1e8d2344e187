package io.cairn.module.raid.level;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

/**
 * The array, as its channels report to it. Called on a channel's reactor; returns at once and answers by messages to the channels: never
 * from inside the call.
 */
public interface ArrayControl {
    /**
     * A member that is IN_SYNC or TARGET did not do what changes its data (or could not make it durable). The channel keeps the I/O until it
     * has been told a layout in which the slot is ABSENT (and the member's failure is on disk: a write that a member missed
     * may be acknowledged only then), or {@link RaidChannel#failureRefused}. May be called again for the same slot before the answer.
     */
    void memberFailed(int slot, IoType type, IoStatus status);

    /** A read of a member failed and was made good from the others, or could not be ({@code repaired} false). For counts and events. */
    void readError(int slot, long row, long rows, boolean repaired, IoStatus status);

    /**
     * A change of these rows ended without success after it had begun: the members may differ there. They are to be synchronised again;
     * until then one member is read.
     */
    void suspect(long row, long rows);

    /**
     * Rows are about to be changed whose intent is not on disk, as far as the channel knows. Answered by {@link RaidChannel#intended}.
     */
    void intend(long row, long rows);
}
