package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoType;

/** concat: one member's whole strips after the other's. */
final class ConcatChannel extends SpreadChannel {
    /** Where each member's blocks begin in the array, and behind the last one where they end. */
    private long[] starts;

    ConcatChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
        adopted();
    }

    @Override
    void adopted() {
        Shape shape = members.shape;
        long[] next = new long[shape.members().size() + 1];
        for (int slot = 0; slot < next.length - 1; slot++) {
            next[slot + 1] =
                    next[slot] + shape.wholeStrips(shape.members().get(slot).dataBlocks());
        }
        starts = next;
    }

    private int slotOf(long block) {
        // how many others begin at the block or before it, without a branch that depends on it: no processor could
        // guess
        long[] begins = starts;
        int slot = 0;
        for (int i = 1; i < begins.length - 1; i++) {
            slot += (int) ((begins[i] - 1 - block) >>> (Long.SIZE - 1));
        }
        return slot;
    }

    @Override
    public void submitRequest(BdevIo io) {
        count();
        if (io.type() == IoType.FLUSH || io.type() == IoType.RESET) {
            startParts(io);
            return;
        }
        long first = io.offsetBlocks();
        int slot = slotOf(first);
        if (first + io.numBlocks() <= starts[slot + 1]) {
            passOn(io, slot, first - starts[slot]);
        } else {
            startParts(io);
        }
    }

    @Override
    long rowOf(long block) {
        return block - starts[slotOf(block)];
    }

    @Override
    void spread(RaidIo io, long first, long blocks) {
        for (int slot = 0; slot < starts.length - 1; slot++) {
            long from = Math.max(first, starts[slot]);
            long to = Math.min(first + blocks, starts[slot + 1]);
            io.block[slot] = from - starts[slot];
            io.blocks[slot] = Math.max(0, to - from);
        }
    }

    @Override
    void cut(RaidIo io, long first, long blocks) {
        int blockSize = members.shape.blockSize();
        for (int slot = 0; slot < starts.length - 1; slot++) {
            if (io.blocks[slot] > 0) {
                addRun(io, slot, starts[slot] + io.block[slot] - first, io.blocks[slot], blockSize);
            }
        }
    }
}
