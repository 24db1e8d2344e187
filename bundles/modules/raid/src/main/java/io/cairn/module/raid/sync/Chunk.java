package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.IoBuffer;
import java.util.BitSet;

/**
 * A few rows that a process works on in one go, within its lock; used again and again. A level's and goal's way to do that is a subclass.
 *
 * <p>Rows are tried all together first; where that fails because somebody cannot be read, a block at a time, so that what is lost is told exactly. When a
 * member leaves, what was tried is tried again with those that are left.
 */
abstract class Chunk {
    /** The rows of one member in one buffer. */
    protected final IoBuffer[] buffers;

    protected final ProcessRun run;
    private final int blockSize;
    private final BitSet unread = new BitSet();
    private long row;
    private long end;
    private int piece;
    private int out;
    private boolean restart;
    private Runnable stepDone;
    private IoStatus lastError;
    private int lastErrorSlot;

    Chunk(ProcessRun run, int blockSize, IoBuffer[] buffers) {
        this.run = run;
        this.blockSize = blockSize;
        this.buffers = buffers;
    }

    /** Begins; {@link ProcessRun#chunkDone} is told of the end. */
    final void start(long first, int rows) {
        row = first;
        end = first + rows;
        piece = rows;
        begin();
    }

    final void free() {
        for (IoBuffer buffer : buffers) {
            buffer.free();
        }
    }

    /** The first row that is not done. */
    final long row() {
        return row;
    }

    final int rows() {
        return piece;
    }

    final int bytes() {
        return piece * blockSize;
    }

    final int blockSize() {
        return blockSize;
    }

    /** Returns whether a member could not be read at these rows. */
    final boolean isUnread(int slot) {
        return unread.get(slot);
    }

    final BitSet unread() {
        return unread;
    }

    /** Tries these rows: asks for I/O and says with {@link #then} what follows. */
    protected abstract void attempt();

    private void begin() {
        unread.clear();
        tryRows();
    }

    /** Tries the same rows (again), knowing who cannot be read. */
    protected final void tryRows() {
        stepDone = null;
        restart = false;
        if (run.isEnding()) {
            run.chunkDone(this, false);
            return;
        }
        out = 1;
        attempt();
        one();
    }

    /** Says what follows when all I/O that was asked for is over, unless it has to be tried again. */
    protected final void then(Runnable next) {
        stepDone = next;
    }

    /** Begins the next step of the attempt, from inside what {@link #then} was given. */
    protected final void step(Runnable io, Runnable next) {
        out = 1;
        stepDone = next;
        io.run();
        one();
    }

    protected final void read(int slot, IoBuffer into) {
        out++;
        MemberIo member = run.member(slot);
        if (member == null) {
            run.defer(() -> readEnded(slot, null, MemberIo.missing()));
        } else {
            member.read(into, 0, row, piece, status -> readEnded(slot, member, status));
        }
    }

    private void readEnded(int slot, MemberIo member, IoStatus status) {
        if (!status.isSuccess()) {
            if (run.member(slot) != member || member == null) {
                restart = true;
            } else {
                unread.set(slot);
                lastError = status;
                lastErrorSlot = slot;
            }
        }
        one();
    }

    /** Writes part of the rows; a failure ends the process. */
    protected final void write(int slot, IoBuffer from, int firstOfPiece, int count) {
        changed(
                slot,
                IoType.WRITE,
                (member, ended) -> member.write(from, firstOfPiece * blockSize, row + firstOfPiece, count, ended));
    }

    protected final void writeZeroes(int slot) {
        changed(slot, IoType.WRITE_ZEROES, (member, ended) -> member.writeZeroes(row, piece, ended));
    }

    private interface Change {
        void of(MemberIo member, MemberIo.Ended ended);
    }

    private void changed(int slot, IoType type, Change change) {
        MemberIo member = run.member(slot);
        if (member == null) {
            restart = true;
            return;
        }
        out++;
        change.of(member, status -> {
            if (!status.isSuccess()) {
                if (run.member(slot) != member) {
                    restart = true;
                } else {
                    run.end(new Outcome.MemberFailed(slot, type, status));
                }
            }
            one();
        });
    }

    private void one() {
        if (--out > 0) {
            return;
        }
        if (run.isEnding()) {
            run.chunkDone(this, false);
        } else if (restart) {
            begin();
        } else {
            stepDone.run();
        }
    }

    /**
     * Gives the target the sum of what others hold, in the members' own memory, if all of them give that just now. What is all zero is written only by I/O, see
     * {@link #fill}. Instead of asking for I/O; these rows are done then.
     *
     * @param sources one: the target is to be a copy
     * @param spare a buffer that may be used
     * @return false: nothing was changed, I/O has to be asked for
     */
    protected final boolean fillInPlace(int target, BitSet sources, IoBuffer spare) {
        int rows = run.fillInPlace(target, sources, row, piece, spare);
        if (rows == 0) {
            return false;
        }
        out++;
        // later, so that a turn ends
        run.defer(this::one);
        then(() -> rowsDone(rows));
        return true;
    }

    /**
     * Gives a target what it should hold, then goes on with the next rows. Zeroes are not written where there are zeroes, and by WRITE_ZEROES elsewhere: a
     * thin target stays thin.
     *
     * @param spare a buffer that may be used
     */
    protected final void fill(int target, IoBuffer content, IoBuffer spare) {
        if (!Content.isZero(content, 0, bytes())) {
            step(() -> write(target, content, 0, piece), this::rowsDone);
            return;
        }
        step(() -> read(target, spare), () -> {
            boolean there = !isUnread(target) && Content.isZero(spare, 0, bytes());
            unread.clear(target);
            if (there) {
                rowsDone();
            } else if (run.canZero(target)) {
                step(() -> writeZeroes(target), this::rowsDone);
            } else {
                step(() -> write(target, content, 0, piece), this::rowsDone);
            }
        });
    }

    /** These rows are done: goes on with the next. */
    protected final void rowsDone() {
        rowsDone(piece);
    }

    private void rowsDone(int rows) {
        row += rows;
        if (row == end) {
            run.chunkDone(this, true);
        } else {
            piece = (int) Math.min(piece, end - row);
            begin();
        }
    }

    /**
     * These rows cannot be had from those who were asked: tries them a block at a time.
     *
     * @return false if it was one block already
     */
    protected final boolean narrow() {
        if (piece == 1) {
            return false;
        }
        piece = 1;
        begin();
        return true;
    }

    /** One block is lost to the target: ends the process. */
    protected final void lost() {
        run.end(new Outcome.RowsLost(row, piece, lastErrorSlot, lastError));
        run.chunkDone(this, false);
    }

    /** Tells of those who could not be read. */
    protected final void reportUnread(boolean repaired) {
        for (int slot = unread.nextSetBit(0); slot >= 0; slot = unread.nextSetBit(slot + 1)) {
            if (run.role(slot) == MemberRole.IN_SYNC) {
                run.readError(slot, row, piece, repaired, lastError);
            }
        }
    }
}
