package io.cairn.module.raid.level;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.IoQueue;
import io.cairn.reactor.Errno;

/**
 * A channel's way to one member: submits children, lines them up while the member has no I/O object free, and is closed when the last
 * child has ended. An I/O has at most one child here at a time. As a completion it is told of children that are all that an I/O has; {@link #part} is
 * told of the others.
 */
final class MemberPath implements IoCompletion {
    /** Its position in the layout: its slot, or behind all slots. */
    final int slot;
    /** The slot whose rows it holds. */
    final int place;

    final BaseLink link;
    final long dataOffset;
    /** Told of children of an I/O that has several, or more to do than its child. */
    final IoCompletion part = this::onPart;
    /** Told of the only child of an I/O that another member could not do. */
    final IoCompletion again = this::onAgain;
    /** The member's channel; null: it could not be opened, and every child ends with {@link #failure}. */
    final BdevChannel channel;
    /** How many children are with the member. */
    int out;

    private final MemberedChannel owner;
    private final IoStatus failure;
    private final BdevChannel.IoWait retry = this::onIoAvailable;
    private final IoQueue line = new IoQueue();
    private boolean retryQueued;
    /** Whether children line up: some do, or there is no channel. */
    private boolean obstructed;

    private Runnable whenClosed;
    /** Whether what is out was given up when it was let go of. */
    private boolean givenUp;

    private boolean closed;

    /**
     * Opens the member's channel.
     *
     * @param mayFail whether a member that is being removed has a path as well, on which everything fails
     */
    MemberPath(MemberedChannel owner, Layout layout, int slot, boolean mayFail) {
        this.owner = owner;
        this.slot = slot;
        this.place = layout.slotOf(slot);
        this.link = layout.at(slot).link();
        this.dataOffset = layout.dataOffset(slot);
        BdevChannel opened = null;
        IoStatus why = null;
        try {
            opened = link.openChannel();
        } catch (BdevException e) {
            if (!mayFail) {
                throw e;
            }
            why = IoStatus.errno(e.errno());
        }
        channel = opened;
        failure = why;
        obstructed = opened == null;
    }

    /** Returns whether the array has given the member up. */
    boolean isLeaving() {
        return whenClosed != null;
    }

    /** Returns whether the member has a type of I/O; true if there is no way to ask. */
    boolean serves(IoType type) {
        return channel == null || channel.bdev().supportedTypes().contains(type);
    }

    // ---- the way down ----

    /** Submits the only child of an I/O: the same at a block of the member. */
    void forward(BdevIo io, long block) {
        forward(io, block, this);
    }

    /** Submits one of several children of an I/O: the same at a block of the member. */
    void forwardPart(BdevIo io, long block) {
        forward(io, block, part);
    }

    private void forward(BdevIo io, long block, IoCompletion told) {
        if (!obstructed) {
            out++;
            Submission submission;
            try {
                submission = channel.forward(io, block, told);
            } catch (BdevException e) {
                refused(io, e);
                return;
            }
            if (submission == Submission.ACCEPTED) {
                return;
            }
            out--;
        }
        lineUp(io);
    }

    /** Submits a child of an I/O as its level has worked it out. */
    void send(BdevIo io) {
        if (obstructed || !submit(io)) {
            lineUp(io);
        }
    }

    private boolean submit(BdevIo io) {
        out++;
        Submission submission;
        try {
            submission = owner.submitChild(this, io);
        } catch (BdevException e) {
            refused(io, e);
            return true;
        }
        if (submission == Submission.ACCEPTED) {
            return true;
        }
        out--;
        return false;
    }

    private void refused(BdevIo io, BdevException why) {
        out--;
        endLater(io, IoStatus.errno(why.errno()));
    }

    /** Ends a child that the member was not given, at the end of the turn: recursion has a bound. */
    private void endLater(BdevIo io, IoStatus status) {
        owner.reactor.defer(() -> owner.partEnded(this, io, status));
    }

    private void lineUp(BdevIo io) {
        if (channel == null || closed) {
            endLater(io, failure == null ? IoStatus.NO_DEVICE : failure);
            return;
        }
        line.add(io);
        obstructed = true;
        waitForIo();
    }

    private void waitForIo() {
        if (!retryQueued) {
            retryQueued = true;
            channel.queueIoWait(retry);
        }
    }

    private void onIoAvailable() {
        retryQueued = false;
        while (!line.isEmpty()) {
            // out of the line first: an end inside the submission may bring others into it
            BdevIo io = line.take();
            if (!submit(io)) {
                line.addFirst(io);
                waitForIo();
                return;
            }
        }
        obstructed = isLeaving();
        if (obstructed) {
            closeLater();
        }
    }

    /** Takes an I/O's child out of the line; returns whether it was there. The child has not ended by that. */
    boolean forget(BdevIo io) {
        return line.remove(io);
    }

    /** Ends all children in the line. */
    void endLine(IoStatus status) {
        for (int i = line.size(); i > 0; i--) {
            owner.partEnded(this, line.take(), status);
        }
    }

    /** Gives back what waits in the line and has no other child; it has not been begun. */
    void giveBackLine() {
        for (int i = line.size(); i > 0; i--) {
            BdevIo io = line.take();
            if (owner.isWhole(io)) {
                io.complete(IoStatus.NOMEM);
            } else {
                line.add(io);
            }
        }
    }

    // ---- the way back ----

    /** The only child of an I/O has ended. */
    @Override
    public void onComplete(BdevIo child) {
        out--;
        BdevIo io = (BdevIo) child.cookie();
        if (child.status() == IoStatus.SUCCESS) {
            io.completeFrom(child);
        } else {
            owner.partEnded(this, io, outcome(child.status()));
        }
        if (whenClosed != null) {
            closeLater();
        }
    }

    private void onAgain(BdevIo child) {
        out--;
        BdevIo io = (BdevIo) child.cookie();
        if (child.status() == IoStatus.SUCCESS) {
            owner.endedAgain(this, io, child);
        } else {
            owner.partEnded(this, io, outcome(child.status()));
        }
        if (whenClosed != null) {
            closeLater();
        }
    }

    private void onPart(BdevIo child) {
        out--;
        owner.partEnded(this, (BdevIo) child.cookie(), outcome(child.status()));
        if (whenClosed != null) {
            closeLater();
        }
    }

    /** What we gave up ourselves has not been aborted for its submitter: the member is gone. */
    private IoStatus outcome(IoStatus status) {
        return givenUp && status == IoStatus.ABORTED ? IoStatus.NO_DEVICE : status;
    }

    // ---- the end ----

    /** Lets go of the member: gives up what is out, and closes the channel when it has ended. */
    void leave(Runnable left) {
        whenClosed = left;
        givenUp = true;
        obstructed = true;
        endLine(IoStatus.NO_DEVICE);
        if (channel != null) {
            channel.abortAll();
        }
        closeLater();
    }

    /** Lets go of a member that works, and whose place another one has now: what is out or in line is done, then the channel is closed. */
    void retire(Runnable left) {
        whenClosed = left;
        closeLater();
    }

    /** Aborts an I/O's child that is here; returns whether it will end soon. */
    boolean abort(BdevIo io) {
        return givenUp ? out > 0 : channel != null && channel.abortForwarded(io);
    }

    /** Not from inside a completion: the child is not over there, and a channel with I/O out cannot be closed. */
    private void closeLater() {
        if (out == 0 && line.isEmpty()) {
            owner.reactor.defer(() -> {
                if (out == 0 && line.isEmpty()) {
                    close();
                }
            });
        }
    }

    /** Closes the channel; no child is out. Twice is harmless. */
    void close() {
        if (!closed) {
            closed = true;
            obstructed = true;
            if (channel != null) {
                channel.close();
            }
            if (whenClosed != null) {
                whenClosed.run();
            }
        }
    }

    @Override
    public String toString() {
        return "slot " + slot + " (" + link.base().name() + (channel == null ? ", " + Errno.ENODEV : "") + ")";
    }
}
