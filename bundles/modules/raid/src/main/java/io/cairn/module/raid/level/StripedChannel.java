package io.cairn.module.raid.level;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoType;

/** raid0: strip s is on member s mod n, as that member's strip s div n. */
final class StripedChannel extends SpreadChannel {
    private final int count;
    private final long strip;
    private final int shift;
    /** To divide by the number of members with a mask; -1 where it is no power of two. */
    private final int countShift;

    StripedChannel(Layout layout, ChannelSettings settings, Opening opening) {
        super(layout, settings, opening);
        count = layout.shape().members().size();
        strip = layout.shape().stripBlocks();
        shift = Long.bitCount(strip) == 1 ? Long.numberOfTrailingZeros(strip) : -1;
        countShift = Integer.bitCount(count) == 1 ? Integer.numberOfTrailingZeros(count) : -1;
    }

    private long stripOf(long block) {
        return shift >= 0 ? block >>> shift : block / strip;
    }

    private int slotOf(long index) {
        return countShift >= 0 ? (int) index & count - 1 : (int) (index % count);
    }

    private long turnOf(long index) {
        return countShift >= 0 ? index >>> countShift : index / count;
    }

    @Override
    public void submitRequest(BdevIo io) {
        count();
        IoType type = io.type();
        long first = io.offsetBlocks();
        long index = stripOf(first);
        if (type != IoType.FLUSH && type != IoType.RESET && index == stripOf(first + io.numBlocks() - 1)) {
            passOn(io, slotOf(index), turnOf(index) * strip + (first - index * strip));
        } else {
            startParts(io);
        }
    }

    @Override
    long rowOf(long block) {
        long index = stripOf(block);
        return turnOf(index) * strip + (block - index * strip);
    }

    @Override
    void spread(RaidIo io, long first, long blocks) {
        long last = first + blocks - 1;
        long firstStrip = stripOf(first);
        long lastStrip = stripOf(last);
        for (int slot = 0; slot < count; slot++) {
            long from = firstStrip + Math.floorMod(slot - firstStrip, (long) count);
            long to = lastStrip - Math.floorMod(lastStrip - slot, (long) count);
            if (from > to) {
                io.blocks[slot] = 0;
            } else {
                long start = from == firstStrip ? rowOf(first) : turnOf(from) * strip;
                long end = to == lastStrip ? rowOf(last) + 1 : (turnOf(to) + 1) * strip;
                io.block[slot] = start;
                io.blocks[slot] = end - start;
            }
        }
    }

    @Override
    void cut(RaidIo io, long first, long blocks) {
        int blockSize = members.shape.blockSize();
        long at = 0;
        while (at < blocks) {
            long index = stripOf(first + at);
            long run = Math.min(blocks - at, (index + 1) * strip - (first + at));
            addRun(io, slotOf(index), at, run, blockSize);
            at += run;
        }
    }
}
