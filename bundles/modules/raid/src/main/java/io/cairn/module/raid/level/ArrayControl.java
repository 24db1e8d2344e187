package io.cairn.module.raid.level;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

/**
 * The array, as its channels report to it. Called on a channel's reactor; returns at once and answers by messages to the channels: never
 * from inside the call.
 */
public interface ArrayControl {
    /**
     * A member that is IN_SYNC or TARGET did not do what changes its data (or could not make it durable), and others did: it is to be failed.
     * The channel keeps the I/O until it has been told a layout in which the slot is ABSENT or has another member (and the failure is
     * on disk: a write that a member missed may be acknowledged only then), or {@link RaidChannel#failureRefused}. May be called again for the
     * same slot before the answer, by other I/O and by other channels.
     */
    void memberFailed(int slot, IoType type, IoStatus status);

    /**
     * A read of a member failed. The channel does not write the good data back: what it has read may be older than what another reactor
     * writes meanwhile. Whoever repairs locks the rows on all channels, reads the others and writes the member.
     *
     * @param recovered whether the data came from the others: then the member's rows can be repaired
     */
    void readError(int slot, long row, long rows, boolean recovered, IoStatus status);

    /**
     * An I/O of a member of a level without redundancy failed, and so did the array's: for counts. Default: nobody counts.
     */
    default void memberError(int slot, IoType type, IoStatus status) {}

    /**
     * A change of these rows ended without success after it had begun: the members may differ there. They are to be synchronised again;
     * until then one member is read. The channel has already added them to the set of {@link RaidChannel#unsynced}, which all
     * channels share, so that no read finds two answers; the change is told to its submitter after this call.
     */
    void suspect(long row, long rows);

    /**
     * Stripes were written whole in which rows are lost ({@link RaidChannel#lost}) or in doubt while a member is missing: they are to be made durable, and then told as no longer lost. The channel keeps
     * the change until {@link RaidChannel#rewriteRecorded} answers. Called by raid5f only. Default: nothing is ever lost.
     */
    default void rewritten(long row, long rows) {
        throw new IllegalStateException("no rows are lost");
    }

    /**
     * Returns whether the array's bdev is being removed: then a change that has begun may be given up, whatever is lost by that. From any
     * thread. Default: it is not.
     */
    default boolean isLeaving() {
        return false;
    }

    /**
     * Rows are about to be changed whose intent is not on disk, as far as the channel knows. Answered by {@link RaidChannel#intended}.
     */
    void intend(long row, long rows);
}
