package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;

/**
 * A level without redundancy: each block is on one member. An I/O within one run of blocks is passed on as it is; one that
 * covers several has one child for each member, since what a range has of a member is one range there. The first failure is the outcome.
 */
abstract class SpreadChannel extends MemberedChannel {
    SpreadChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
    }

    /** Works out which range of each member, in blocks of its data, a range of the array is. */
    abstract void spread(RaidIo io, long first, long count);

    /** Hands the data of a range, run by run, to {@link #addRun}. */
    abstract void cut(RaidIo io, long first, long count);

    /** Adds the data of a run to its member's part. */
    static void addRun(RaidIo io, int slot, long at, long count, int blockSize) {
        Slices.add(io.vector(slot), io.io, at * blockSize, count * blockSize);
    }

    /** Passes on an I/O within one run. */
    final void passOn(BdevIo io, int slot, long row) {
        MemberPath path = members.bySlot[slot];
        if (path == null) {
            io.complete(IoStatus.NO_DEVICE);
        } else {
            path.forward(io, path.dataOffset + row);
        }
    }

    /** Starts an I/O that has children on several members. */
    final void startParts(BdevIo io) {
        if (io.type() == IoType.READ && !io.hasData()) {
            io.needData();
            return;
        }
        RaidIo parts = RaidIo.of(io);
        parts.forgetFailures();
        parts.state = RaidIo.State.OUT;
        parts.pending = 1;
        boolean toAll = io.type() == IoType.FLUSH || io.type() == IoType.RESET;
        if (!toAll) {
            workOut(parts);
        }
        MemberPath[] all = members.bySlot;
        for (int slot = 0; slot < all.length; slot++) {
            if (toAll ? isAsked(all[slot], io.type()) : parts.blocks[slot] > 0) {
                parts.pending++;
                if (all[slot] == null) {
                    parts.failure = IoStatus.NO_DEVICE;
                    parts.pending--;
                } else {
                    all[slot].send(io);
                }
            }
        }
        partDone(parts);
    }

    private static boolean isAsked(MemberPath path, IoType type) {
        return path == null || type != IoType.FLUSH || path.serves(type);
    }

    private void workOut(RaidIo parts) {
        BdevIo io = parts.io;
        spread(parts, io.offsetBlocks(), io.numBlocks());
        if (io.type() == IoType.READ || io.type() == IoType.WRITE) {
            for (int slot = 0; slot < members.bySlot.length; slot++) {
                parts.vector(slot).clear();
            }
            cut(parts, io.offsetBlocks(), io.numBlocks());
        }
    }

    @Override
    final Submission submitChild(MemberPath path, BdevIo io) {
        RaidIo own = RaidIo.of(io);
        if (own.state == RaidIo.State.OUT) {
            return switch (io.type()) {
                case FLUSH, RESET -> submitToAll(path, io);
                default -> submitPart(path, own);
            };
        }
        return path.channel.forward(io, path.dataOffset + rowOf(io.offsetBlocks()), path);
    }

    @Override
    final boolean isWhole(BdevIo io) {
        return RaidIo.of(io).state == RaidIo.State.IDLE;
    }

    /** Returns the row of a block on its member. */
    abstract long rowOf(long block);

    @Override
    final void partEnded(MemberPath path, BdevIo io, IoStatus status) {
        RaidIo own = RaidIo.of(io);
        if (!status.isSuccess() && status != IoStatus.ABORTED) {
            control.memberError(path.slot, io.type(), status);
        }
        if (own.state != RaidIo.State.OUT) {
            io.complete(status);
            return;
        }
        if (!status.isSuccess() && own.failure == null) {
            own.failure = status;
        }
        partDone(own);
    }

    private static void partDone(RaidIo parts) {
        if (--parts.pending == 0) {
            parts.state = RaidIo.State.IDLE;
            parts.io.complete(parts.failure == null ? IoStatus.SUCCESS : parts.failure);
        }
    }

    @Override
    public final boolean abort(BdevIo victim) {
        return abortChildren(victim);
    }

    /** Gives back what waits for I/O objects of the only member that it is for; what has several is under way and ends by itself. */
    @Override
    public final void giveBack() {
        for (MemberPath path : members.writable) {
            path.giveBackLine();
        }
    }

    // ---- nothing to agree on ----

    @Override
    public final void failureRefused(int slot) {}

    @Override
    public final void lock(long row, long rows, Runnable locked) {
        throw new IllegalStateException(members.shape.level() + " has no rows to lock");
    }

    @Override
    public final void whenChangesEnded(Runnable ended) {
        throw new IllegalStateException(members.shape.level() + " has no rows to agree on");
    }

    @Override
    public final void unlock() {}

    @Override
    public final void intended(long row, long rows) {}

    @Override
    public final void forgetIntents(RegionSet busy) {}

    @Override
    public final void unsynced(RegionSet regions) {}
}
