package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;

/**
 * raid1: all members hold everything. A read goes to the leg with the fewest I/Os out, and stays on one leg while it goes on where the
 * one before it ended; where the members do not agree, to the first. When a leg cannot read, the next one is asked. Changes go to all.
 */
final class MirrorChannel extends RedundantChannel {
    private int lastLeg;
    private long lastEnd = -1;

    MirrorChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
    }

    // ---- reads ----

    @Override
    void read(BdevIo io) {
        count();
        MemberPath[] legs = members.readable;
        long first = io.offsetBlocks();
        long count = io.numBlocks();
        MemberPath leg;
        if (legs.length == 0) {
            io.complete(IoStatus.NO_DEVICE);
            return;
        } else if (legs.length == 1 || !isSynced(first, count)) {
            leg = legs[0];
        } else {
            leg = choose(legs, first);
            lastEnd = first + count;
        }
        leg.forward(io, leg.dataOffset + first);
    }

    private MemberPath choose(MemberPath[] legs, long first) {
        if (first == lastEnd && lastLeg < legs.length) {
            return legs[lastLeg];
        }
        // begins behind the last one, so that legs that are equally busy take turns
        int best = lastLeg + 1 < legs.length ? lastLeg + 1 : 0;
        int fewest = legs[best].out;
        for (int i = best + 1, left = legs.length - 1; left > 0; i++, left--) {
            int leg = i < legs.length ? i : i - legs.length;
            if (legs[leg].out < fewest) {
                best = leg;
                fewest = legs[leg].out;
            }
        }
        lastLeg = best;
        return legs[best];
    }

    @Override
    Submission submitRead(MemberPath path, BdevIo io) {
        boolean again = RaidIo.of(io).state == RaidIo.State.OUT;
        return path.channel.forward(io, path.dataOffset + io.offsetBlocks(), again ? path.again : path);
    }

    /** A leg could not read: the next one that has not been asked is. */
    @Override
    void readPartEnded(MemberPath path, BdevIo io, IoStatus status) {
        RaidIo read = RaidIo.of(io);
        if (status == IoStatus.ABORTED || isGivenUp(io)) {
            endRead(read, false);
            io.complete(IoStatus.ABORTED);
            return;
        }
        read.ensure(members.bySlot.length);
        read.miss(path, status);
        MemberPath next = notAsked(read);
        if (next == null) {
            IoStatus first = read.failure;
            endRead(read, false);
            io.complete(first);
        } else {
            read.state = RaidIo.State.OUT;
            next.send(io);
        }
    }

    private MemberPath notAsked(RaidIo read) {
        for (MemberPath leg : members.readable) {
            if (read.missed[leg.slot] != leg) {
                return leg;
            }
        }
        return null;
    }

    @Override
    void endedAgain(MemberPath path, BdevIo io, BdevIo child) {
        endRead(RaidIo.of(io), true);
        io.completeFrom(child);
    }

    private void endRead(RaidIo read, boolean recovered) {
        for (int slot = 0; slot < read.missed.length && read.missedCount > 0; slot++) {
            if (read.missed[slot] != null && !read.missed[slot].isLeaving()) {
                control.readError(
                        slot, read.io.offsetBlocks(), read.io.numBlocks(), recovered, read.missedStatus[slot]);
            }
        }
        read.forgetFailures();
        read.state = RaidIo.State.IDLE;
    }

    // ---- changes ----

    @Override
    boolean setRows(RaidIo change) {
        change.row = change.io.offsetBlocks();
        change.rows = change.io.numBlocks();
        return true;
    }

    @Override
    void startStep(RaidIo change) {
        sendStep(change);
    }

    /** Whichever leg is believed, it has the old or the new blocks. */
    @Override
    boolean mayAbandon() {
        return true;
    }

    /** The common case, without a detour. */
    @Override
    void send(MemberPath path, RaidIo change) {
        if (change.io.type() == IoType.WRITE) {
            path.forwardPart(change.io, path.dataOffset + change.row);
        } else {
            path.send(change.io);
        }
    }

    @Override
    Submission submitChange(MemberPath path, RaidIo change) {
        BdevIo io = change.io;
        long block = path.dataOffset + change.row;
        return switch (io.type()) {
            case WRITE -> path.channel.forward(io, block, path.part);
            default -> submitWithoutData(path, io, block, change.rows);
        };
    }
}
