package io.cairn.module.raid.level;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** What the channels of all levels have: ways to the members, and how they change. */
abstract class MemberedChannel extends RaidChannel {
    final Reactor reactor;
    final ArrayControl control;
    Members members;
    /** I/Os that were given; read by others. */
    private final AtomicLong ios;

    private final Runnable onClosed;
    private final List<MemberPath> leaving = new ArrayList<>();
    private boolean ended;
    private long endedNanos;

    MemberedChannel(Layout layout, ChannelSettings settings, Opening opening) {
        this.ios = opening.ios();
        this.reactor = opening.reactor();
        this.control = settings.control();
        this.onClosed = opening.onClosed();
        this.members = open(layout);
    }

    private Members open(Layout layout) {
        MemberPath[] paths = new MemberPath[layout.positions()];
        try {
            for (int slot = 0; slot < paths.length; slot++) {
                paths[slot] = open(layout, slot, layout.shape().level().isRedundant());
            }
        } catch (RuntimeException e) {
            for (MemberPath path : paths) {
                if (path != null) {
                    path.close();
                }
            }
            throw e;
        }
        return new Members(layout, paths);
    }

    private MemberPath open(Layout layout, int slot, boolean mayFail) {
        return layout.at(slot).role() == MemberRole.ABSENT ? null : new MemberPath(this, layout, slot, mayFail);
    }

    // ---- what a level does ----

    /**
     * Submits an I/O's child to a member, as it was worked out; again when the member had no I/O object.
     *
     * @throws BdevException the member refuses it
     */
    abstract Submission submitChild(MemberPath path, BdevIo io);

    /** The only child of an I/O has succeeded that another member could not do. */
    void endedAgain(MemberPath path, BdevIo io, BdevIo child) {
        throw new IllegalStateException("nothing is done again");
    }

    /** A child has ended, or was refused; of an I/O with one child only if it failed. */
    abstract void partEnded(MemberPath path, BdevIo io, IoStatus status);

    /** Returns whether a child in line is all that its I/O has come to. */
    abstract boolean isWhole(BdevIo io);

    /** The layout has changed. */
    void adopted() {}

    // ---- for the levels ----

    /** Counts an I/O, where others may look at it; no other thread counts here. */
    final void count() {
        ios.setOpaque(ios.getPlain() + 1);
    }

    /** Submits the part of a member that a context holds. */
    final Submission submitPart(MemberPath path, RaidIo part) {
        int slot = path.place;
        return submitPart(path, part.io, path.dataOffset + part.block[slot], part.blocks[slot], part.vector(slot));
    }

    private static Submission submitPart(MemberPath path, BdevIo io, long block, long blocks, IoVector vector) {
        BdevChannel to = path.channel;
        IoCompletion part = path.part;
        return switch (io.type()) {
            case READ ->
                vector.count() == 1
                        ? to.read(vector.buffer(0), vector.offset(0), block, blocks, part, io)
                        : to.read(vector, block, blocks, part, io);
            case WRITE ->
                vector.count() == 1
                        ? to.write(vector.buffer(0), vector.offset(0), block, blocks, part, io)
                        : to.write(vector, block, blocks, part, io);
            default -> submitWithoutData(path, io, block, blocks);
        };
    }

    /** Submits a member's part of an unmap or a write of zeroes. */
    static Submission submitWithoutData(MemberPath path, BdevIo io, long block, long blocks) {
        // a member that cannot forget must not keep what the others have forgotten
        return io.type() == IoType.UNMAP && path.serves(IoType.UNMAP)
                ? path.channel.unmap(block, blocks, path.part, io)
                : path.channel.writeZeroes(block, blocks, path.part, io);
    }

    /** Submits the child of an I/O that is for members as a whole. */
    static Submission submitToAll(MemberPath path, BdevIo io) {
        return io.type() == IoType.FLUSH ? path.channel.flush(path.part, io) : path.channel.reset(path.part, io);
    }

    /** Whether an I/O was submitted before the last reset or removal: it is not tried anew. */
    final boolean isGivenUp(BdevIo io) {
        return ended && io.submittedNanos() - endedNanos <= 0;
    }

    /** Aborts an I/O's children at the members; returns whether it will end soon. */
    final boolean abortChildren(BdevIo io) {
        boolean ending = false;
        for (MemberPath path : members.writable) {
            if (path.forget(io)) {
                reactor.defer(() -> partEnded(path, io, IoStatus.ABORTED));
                ending = true;
            } else if (path.channel != null) {
                ending |= path.channel.abortForwarded(io);
            }
        }
        for (MemberPath path : leaving) {
            ending |= path.abort(io);
        }
        return ending;
    }

    // ---- the array's calls ----

    @Override
    public final void adopt(Layout next, Runnable done) {
        Members before = members;
        MemberPath[] paths = new MemberPath[next.positions()];
        List<MemberPath> gone = new ArrayList<>();
        for (int slot = 0; slot < paths.length; slot++) {
            MemberPath old = slot < before.bySlot.length ? before.bySlot[slot] : null;
            if (old != null && old.link == next.at(slot).link()) {
                paths[slot] = old;
            } else {
                if (old != null) {
                    gone.add(old);
                }
                paths[slot] = open(next, slot, true);
            }
        }
        for (int slot = paths.length; slot < before.bySlot.length; slot++) {
            if (before.bySlot[slot] != null) {
                gone.add(before.bySlot[slot]);
            }
        }
        Layout previous = before.layout;
        members = new Members(next, paths);
        leave(gone, path -> next.hasReplaced(previous, path.place), done);
        adopted();
    }

    /** Closes ways: those of a member that was replaced, and that of the one who did when it was beside it, when what is out there is done. */
    private void leave(List<MemberPath> gone, Predicate<MemberPath> replaced, Runnable done) {
        leaving.addAll(gone);
        int[] left = {gone.size() + 1};
        Runnable closed = () -> {
            if (--left[0] == 0) {
                done.run();
            }
        };
        for (MemberPath path : gone) {
            Runnable away = () -> {
                leaving.remove(path);
                closed.run();
            };
            if (replaced.test(path)) {
                path.retire(away);
            } else {
                path.leave(away);
            }
        }
        // last of all what is done at once: I/O that waited for a failure ends before the answer
        reactor.defer(closed);
    }

    /** Default: nobody waits for that. */
    @Override
    public void spreading(boolean underWay) {}

    @Override
    public void endKept() {
        ended = true;
        endedNanos = reactor.nowNanos();
        for (MemberPath path : members.writable) {
            path.endLine(IoStatus.ABORTED);
        }
    }

    @Override
    public void close() {
        for (MemberPath path : List.copyOf(leaving)) {
            path.close();
        }
        for (MemberPath path : members.writable) {
            path.close();
        }
        onClosed.run();
    }
}
