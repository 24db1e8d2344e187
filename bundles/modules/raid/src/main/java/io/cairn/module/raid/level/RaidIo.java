package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoVector;
import io.cairn.reactor.IoBuffer;
import java.util.Arrays;

/**
 * What a channel keeps for one I/O that has more than one child, or more to do than its child. Made once per I/O object and used again with it;
 * nothing is made per I/O once it has been through everything.
 */
final class RaidIo implements StripeJournal.Entry {
    /** Where an I/O is. */
    enum State {
        /** Not here, or a healthy read on its way: nothing to look after. */
        IDLE,
        /** In line for a locked range; not begun. */
        AT_LOCK,
        /** In line for an intent; not begun. */
        AT_INTENT,
        /** In line for memory. */
        AT_MEMORY,
        /** A read in line for the end of writes of its stripe. */
        AT_STRIPE,
        /** Its strip goes to the journal. */
        AT_JOURNAL,
        /** Children are out. */
        OUT,
        /** Done as far as can be, and waits until a failure is on disk. */
        HELD,
        /** Done, and waits until it is on disk that its rows are not lost any more. */
        AT_RECORD
    }

    BdevIo io;
    State state = State.IDLE;
    /** Children that have not ended, and one more while they are submitted. */
    int pending;
    /** Which count of changes it is in. */
    int epoch;

    /** The rows that a change is about. */
    long row;

    long rows;
    /** The rows of the step that it is at: all of them, or one stripe where each needs the journal. */
    long stepRow;

    long stepRows;
    /** The members that the step began with. */
    Members members;

    /** How the first child ended that did not succeed; null: all did. */
    IoStatus failure;

    /** Whether a child was given up, so that the I/O is. */
    boolean aborted;

    /** Whether that was asked for, by an abort: children that end so are not sent again. */
    boolean abandoned;

    /** How many children were sent again since the channel's reset number {@link #resetsSeen}. */
    int sentAgain;

    int resetsSeen;

    /** By slot: who did not do its part, and how that ended; null: did it, or was not asked. */
    MemberPath[] missed;

    IoStatus[] missedStatus;
    boolean[] reported;
    int missedCount;

    /** By slot: the part of the member, in its blocks; 0 blocks: none. */
    final long[] block;

    final long[] blocks;
    private final IoVector[] vectors;

    // ---- parity ----

    /** By slot: what is to be read is not to be had there. */
    final boolean[] lost;

    /** Borrowed memory, and how many there are. */
    final IoBuffer[] memory;

    int memoryCount;
    /** Which slot is being reconstructed; -1: none. */
    int reconstructing = -1;

    /** What was known of writes of its stripe when a reconstruction began. */
    long stamp;

    /** Where a step is counted as being out; -1: it is not. */
    int countedAt = -1;

    int journaledSlot = -1;
    ParityChannel journalOwner;

    RaidIo(int members) {
        missed = new MemberPath[members];
        missedStatus = new IoStatus[members];
        reported = new boolean[members];
        lost = new boolean[members];
        block = new long[members];
        blocks = new long[members];
        vectors = new IoVector[members];
        memory = new IoBuffer[members];
    }

    static RaidIo of(BdevIo io) {
        RaidIo own = (RaidIo) io.context();
        if (own.io != io) {
            own.io = io;
        }
        return own;
    }

    /** Makes room for members that the array did not have when this was made: a mirror gets legs. */
    void ensure(int members) {
        if (missed.length < members) {
            missed = Arrays.copyOf(missed, members);
            missedStatus = Arrays.copyOf(missedStatus, members);
            reported = Arrays.copyOf(reported, members);
        }
    }

    /** Returns the slot's memory in pieces; its owner clears it. */
    IoVector vector(int slot) {
        if (vectors[slot] == null) {
            vectors[slot] = new IoVector();
        }
        return vectors[slot];
    }

    /** Notes that a member did not do its part. */
    void miss(MemberPath path, IoStatus status) {
        if (failure == null) {
            failure = status;
        }
        if (missed[path.slot] == null) {
            missedCount++;
        }
        missed[path.slot] = path;
        missedStatus[path.slot] = status;
    }

    /** Forgets what did not succeed. */
    void forgetFailures() {
        failure = null;
        aborted = false;
        abandoned = false;
        sentAgain = 0;
        if (missedCount > 0) {
            missedCount = 0;
            Arrays.fill(missed, null);
            Arrays.fill(missedStatus, null);
            Arrays.fill(reported, false);
        }
    }

    @Override
    public void onProtected(IoStatus outcome) {
        journalOwner.stripProtected(this, outcome);
    }
}
