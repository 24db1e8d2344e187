package io.cairn.module.raid.sync;

import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.module.raid.level.Xor;
import io.cairn.reactor.IoBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Works on rows in the members' own memory, where they give it ({@code BdevChannel.directAccess}): what is read is summed on its way to the target and nothing is
 * copied in between. Everything is done within one call. One reactor; allocates nothing for a row.
 */
final class InPlace {
    /** Sums are looked at in pieces so large: what is not zero is soon found out. */
    private static final int LOOK = 1024;

    private final MemberIo[] members;
    private final Xor xor;
    private final IoVector[] views;
    private final int[] pieces;
    private final int[] offsets;

    /**
     * Makes one.
     *
     * @param members by slot; null where none is, as it is at the time of a call
     * @param xor for as many sources as there are members
     */
    InPlace(MemberIo[] members, Xor xor) {
        this.members = members;
        this.xor = xor;
        this.views = new IoVector[members.length];
        this.pieces = new int[members.length];
        this.offsets = new int[members.length];
        Arrays.setAll(views, i -> new IoVector());
    }

    /**
     * Lets a target hold the sum of what others hold. A target that has to be changed to hold nothing but zeroes is left to I/O: there are cheaper ways than to write them.
     *
     * @param spare may be used; not smaller than the rows of one member
     * @return whether it does now; if not, nothing was changed
     */
    boolean fill(int target, BitSet sources, long row, int rows, IoBuffer spare) {
        for (int slot = sources.nextSetBit(0); slot >= 0; slot = sources.nextSetBit(slot + 1)) {
            if (!isGiven(slot, IoType.READ, row, rows)) {
                return false;
            }
        }
        if (isZero(sources, spare)) {
            return isGiven(target, IoType.READ, row, rows) && isZero(target);
        }
        if (!isGiven(target, IoType.WRITE, row, rows)) {
            return false;
        }
        sum(sources, target);
        return true;
    }

    private boolean isGiven(int slot, IoType type, long row, int rows) {
        return members[slot] != null && members[slot].directAccess(type, row, rows, views[slot]);
    }

    private boolean isZero(int slot) {
        IoVector view = views[slot];
        for (int i = 0; i < view.count(); i++) {
            if (!Content.isZero(view.buffer(i), view.offset(i), view.length(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean isZero(BitSet sources, IoBuffer spare) {
        int first = sources.nextSetBit(0);
        if (sources.nextSetBit(first + 1) < 0) {
            return isZero(first);
        }
        begin();
        long left = views[first].totalLength();
        while (left > 0) {
            int length = rest(sources, (int) Math.min(left, LOOK));
            take(sources, length);
            xor.into(spare, 0, length);
            if (!Content.isZero(spare, 0, length)) {
                return false;
            }
            left -= length;
        }
        return true;
    }

    private void sum(BitSet sources, int target) {
        begin();
        boolean copy = sources.cardinality() == 1;
        int first = sources.nextSetBit(0);
        IoVector into = views[target];
        for (int i = 0; i < into.count(); i++) {
            int done = 0;
            while (done < into.length(i)) {
                int length = rest(sources, into.length(i) - done);
                if (copy) {
                    IoVector from = views[first];
                    from.buffer(pieces[first])
                            .copyTo(
                                    from.offset(pieces[first]) + offsets[first],
                                    into.buffer(i),
                                    into.offset(i) + done,
                                    length);
                    pass(first, length);
                } else {
                    take(sources, length);
                    xor.into(into.buffer(i), into.offset(i) + done, length);
                }
                done += length;
            }
        }
    }

    private void begin() {
        Arrays.fill(pieces, 0);
        Arrays.fill(offsets, 0);
    }

    /** Returns how much can be taken in one piece of every source, at most so much. */
    private int rest(BitSet sources, int most) {
        int length = most;
        for (int slot = sources.nextSetBit(0); slot >= 0; slot = sources.nextSetBit(slot + 1)) {
            length = Math.min(length, views[slot].length(pieces[slot]) - offsets[slot]);
        }
        return length;
    }

    /** Gives the next bytes of every source to the sum. */
    private void take(BitSet sources, int length) {
        for (int slot = sources.nextSetBit(0); slot >= 0; slot = sources.nextSetBit(slot + 1)) {
            xor.add(views[slot].buffer(pieces[slot]), views[slot].offset(pieces[slot]) + offsets[slot]);
            pass(slot, length);
        }
    }

    private void pass(int slot, int length) {
        offsets[slot] += length;
        if (offsets[slot] == views[slot].length(pieces[slot])) {
            offsets[slot] = 0;
            pieces[slot]++;
        }
    }
}
