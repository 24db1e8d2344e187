package io.cairn.module.raid.sync;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.module.raid.level.Layout;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayDeque;

/** A process's own channel to one member, in rows; what a reset of the member aborts is given to it again. One reactor. */
final class MemberIo implements IoCompletion {
    /** How an I/O ended; told exactly once, never from inside the call that began it. */
    @FunctionalInterface
    interface Ended {
        void ended(IoStatus status);
    }

    @FunctionalInterface
    private interface Submit {
        Submission to(BdevChannel channel, IoCompletion completion, Object cookie);
    }

    /** How often one I/O is submitted again that was aborted. A member that is reset all the time ends the process. */
    private static final int MOST_ABORTS = 8;

    private static final class Op {
        private final Submit submit;
        private final Ended ended;
        private int aborts;

        Op(Submit submit, Ended ended) {
            this.submit = submit;
            this.ended = ended;
        }
    }

    private final int slot;
    private final Layout.Slot place;
    private final long dataOffset;
    private final BdevChannel channel;
    private final ArrayDeque<Op> waiting = new ArrayDeque<>();
    private boolean waits;
    private boolean written;
    private int out;
    private Runnable gone;

    /**
     * Opens the channel.
     *
     * @throws BdevException the member is being removed
     */
    MemberIo(int slot, Layout layout) {
        this.slot = slot;
        this.place = layout.at(slot);
        this.dataOffset = layout.dataOffset(slot);
        this.channel = place.link().openChannel();
    }

    int slot() {
        return slot;
    }

    /** Returns whether this is the member that a slot of a layout has. */
    boolean isIn(Layout.Slot other) {
        return other.link() == place.link();
    }

    /**
     * Gives the member's own memory behind rows, if it has that and nothing stands in the way; the caller's until it returns to the reactor's loop.
     *
     * @param type READ or WRITE
     */
    boolean directAccess(IoType type, long row, long rows, IoVector pieces) {
        if (gone != null || !waiting.isEmpty()) {
            return false;
        }
        boolean given;
        try {
            given = channel.directAccess(type, dataOffset + row, rows, pieces);
        } catch (BdevException e) {
            // an I/O tells how it is refused
            return false;
        }
        written |= given && type == IoType.WRITE;
        return given;
    }

    void read(IoBuffer buffer, int at, long row, long rows, Ended ended) {
        begin(new Op(
                (to, completion, cookie) -> to.read(buffer, at, dataOffset + row, rows, completion, cookie), ended));
    }

    void write(IoBuffer buffer, int at, long row, long rows, Ended ended) {
        written = true;
        begin(new Op(
                (to, completion, cookie) -> to.write(buffer, at, dataOffset + row, rows, completion, cookie), ended));
    }

    void writeZeroes(long row, long rows, Ended ended) {
        written = true;
        begin(new Op((to, completion, cookie) -> to.writeZeroes(dataOffset + row, rows, completion, cookie), ended));
    }

    /** Makes durable what was written; success at once (but later than this call) if nothing was, or there is no cache. */
    void flush(Ended ended) {
        if (!written || !channel.bdev().hasWriteCache()) {
            channel.reactor().defer(() -> ended.ended(IoStatus.SUCCESS));
            return;
        }
        written = false;
        begin(new Op(BdevChannel::flush, ended));
    }

    /** Gives up all I/O, closes the channel when it has ended, and tells. */
    void leave(Runnable told) {
        gone = told;
        while (!waiting.isEmpty()) {
            end(waiting.poll(), IoStatus.ABORTED);
        }
        if (out > 0) {
            channel.abortAll();
        }
        // this may be inside a completion, which the channel counts as out until it returns
        closeIfGone();
    }

    private void begin(Op op) {
        if (gone != null) {
            end(op, IoStatus.ABORTED);
        } else if (!waiting.isEmpty() || !submit(op)) {
            waiting.add(op);
        }
    }

    private boolean submit(Op op) {
        Submission submission;
        try {
            submission = op.submit.to(channel, this, op);
        } catch (BdevException e) {
            end(op, IoStatus.errno(e.errno()));
            return true;
        }
        if (submission == Submission.ACCEPTED) {
            out++;
            return true;
        }
        if (!waits) {
            waits = true;
            channel.queueIoWait(this::tryAgain);
        }
        return false;
    }

    private void tryAgain() {
        waits = false;
        while (!waiting.isEmpty()) {
            Op op = waiting.poll();
            if (!submit(op)) {
                waiting.addFirst(op);
                return;
            }
        }
        closeIfGone();
    }

    private void end(Op op, IoStatus status) {
        channel.reactor().defer(() -> op.ended.ended(status));
    }

    @Override
    public void onComplete(BdevIo io) {
        IoStatus status = io.status();
        Op op = (Op) io.cookie();
        out--;
        if (status.kind() == IoStatus.Kind.ABORTED && gone == null && op.aborts < MOST_ABORTS) {
            // by a reset of the member, which says nothing about these rows. If it is on its way out, that refuses the
            // next attempt
            op.aborts++;
            begin(op);
            return;
        }
        op.ended.ended(status);
        closeIfGone();
    }

    private void closeIfGone() {
        if (gone != null && out == 0) {
            channel.reactor().defer(this::close);
        }
    }

    private void close() {
        Runnable told = gone;
        if (told != null && out == 0 && !closed) {
            closed = true;
            channel.close();
            told.run();
        }
    }

    private boolean closed;

    /** Returns the status of a member that has no channel. */
    static IoStatus missing() {
        return IoStatus.errno(Errno.ENODEV);
    }
}
