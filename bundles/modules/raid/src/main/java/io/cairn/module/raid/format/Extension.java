package io.cairn.module.raid.format;

import io.cairn.module.raid.level.LostRows;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What an array remembers beyond SPDK's superblock ({@code docs/decisions/0012-raid.md}, "On disk").
 *
 * @param arrayUuid the array that it belongs to
 * @param superblockSequence the sequence number of the superblock that was written after it
 * @param generation counts up with each write; of two valid copies the one with the higher generation counts
 * @param completeSequence the sequence number of the superblock at which the array was last complete
 * @param intentsSince the sequence number of the superblock since which the intents say all that has changed; higher than the one before if they have been lost since
 * @param regionRows rows in a region of the intents; a power of two
 * @param regions how many regions there are
 * @param process the process that was under way
 * @param lastScrub how the last scrub ended that went to the end
 * @param paused whether a user has paused processes: the one that was under way, and those that will be
 * @param unsettled of a raid5f with a member missing: whether rows with an intent may be torn that the journal knows nothing of
 * @param lost rows of members of a raid5f whose content is lost, and must not be served
 */
public record Extension(
        UUID arrayUuid,
        long superblockSequence,
        long generation,
        long completeSequence,
        long intentsSince,
        long regionRows,
        int regions,
        Optional<ProcessState> process,
        Optional<Scrub> lastScrub,
        boolean paused,
        boolean unsettled,
        LostRows lost) {
    /** Returns whether the intents said less than the truth when it was written: a change may have none. */
    public boolean areIntentsLost() {
        return intentsSince > superblockSequence;
    }

    /** Makes one whose processes are not paused and whose rows are settled, with nothing lost, neither rows nor intents. */
    public Extension(
            UUID arrayUuid,
            long superblockSequence,
            long generation,
            long completeSequence,
            long regionRows,
            int regions,
            Optional<ProcessState> process,
            Optional<Scrub> lastScrub) {
        this(
                arrayUuid,
                superblockSequence,
                generation,
                completeSequence,
                completeSequence,
                regionRows,
                regions,
                process,
                lastScrub,
                false,
                false,
                LostRows.NONE);
    }

    /**
     * A process under way.
     *
     * @param kind what it does
     * @param target what it is done to, for a rebuild; empty for the others
     * @param cursor the row up to which it is done
     * @param mismatches how many rows a scrub has found to differ so far
     */
    public record ProcessState(ProcessKind kind, Optional<Target> target, long cursor, long mismatches) {}

    /**
     * The member that a rebuild is for.
     *
     * @param slot its slot
     * @param bdev its UUID: another one in the slot is rebuilt from the beginning
     */
    public record Target(int slot, UUID bdev) {}

    /**
     * A scrub that went to the end.
     *
     * @param ended when, to the millisecond
     * @param mismatches how many rows were found to differ
     * @param repaired whether they were made equal
     */
    public record Scrub(Instant ended, long mismatches, boolean repaired) {}

    /**
     * Returns whether this is to be believed beside a superblock: the extension is written first, so one that is older belongs to an earlier
     * time, and somebody else (SPDK) has had the array since.
     */
    public boolean isCurrentFor(long sequenceOfSuperblock) {
        return superblockSequence >= sequenceOfSuperblock;
    }
}
