package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.Handshake;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.protocol.Replies;
import io.cairn.export.nbd.protocol.RequestHeader;

/**
 * A BLOCK_STATUS: walks from data to hole to data. Where the bdev cannot say, everything is data; that is always true
 * enough, by the protocol text.
 */
final class StatusRequest extends Request {
    private static final int MOST_EXTENTS = 256;
    private static final int DATA = 0;
    private static final int HOLE = Nbd.STATE_HOLE | Nbd.STATE_ZERO;

    private SharedBuffer memory;
    private int chunkOffset;
    private boolean one;
    private boolean seekingHole;
    private int extents;
    private long position;

    StatusRequest(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        one = header.has(Nbd.CMD_FLAG_REQ_ONE);
        seekingHole = false;
        extents = 0;
        position = offset();
    }

    @Override
    Issued issue(BdevChannel channel) {
        if (memory == null) {
            memory = owner.replyMemory().reserve(0, Replies.STATUS_CHUNK + MOST_EXTENTS * Replies.EXTENT, 1);
            if (memory == null) {
                return Issued.NO_MEMORY;
            }
            chunkOffset = owner.replyMemory().dataOffset();
        }
        long block = position >>> owner.blockShift();
        return issued(
                seekingHole ? channel.seekHole(block, COMPLETION, this) : channel.seekData(block, COMPLETION, this));
    }

    @Override
    void done(BdevIo io) {
        if (!io.status().isSuccess()) {
            restIsData();
            return;
        }
        long end = offset() + length();
        long found = io.result() < 0 ? end : Math.min(end, io.result() << owner.blockShift());
        if (found > position) {
            add(found - position, seekingHole ? DATA : HOLE);
            position = found;
        } else if (seekingHole) {
            // a hole where there were data just now: somebody changed it between the two questions
            restIsData();
            return;
        }
        if (position == end || (one && extents > 0) || extents == MOST_EXTENTS) {
            end(0);
        } else {
            seekingHole = !seekingHole;
            owner.submit(this);
        }
    }

    /** The bdev does not say more. */
    private void restIsData() {
        long rest = offset() + length() - position;
        if (extents < MOST_EXTENTS && !(one && extents > 0)) {
            add(rest, DATA);
        }
        end(0);
    }

    private void add(long length, int state) {
        Replies.extent(
                memory.memory().bytes(), chunkOffset + Replies.STATUS_CHUNK + extents * Replies.EXTENT, length, state);
        extents++;
    }

    @Override
    void sendSuccess() {
        Replies.status(memory.memory().bytes(), chunkOffset, cookie(), Handshake.BASE_ALLOCATION_ID, extents);
        owner.send(memory.memory(), chunkOffset, Replies.STATUS_CHUNK + extents * Replies.EXTENT, memory);
        memory = null;
        owner.finished(this);
    }

    @Override
    void sendFailure() {
        if (memory != null) {
            memory.release();
            memory = null;
        }
        super.sendFailure();
    }

    @Override
    long weight() {
        return 0;
    }

    @Override
    void recycle() {
        owner.requests().statuses().give(this);
    }
}
