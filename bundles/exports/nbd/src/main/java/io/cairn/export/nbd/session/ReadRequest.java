package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.NbdErrors;
import io.cairn.export.nbd.protocol.Replies;
import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;

/**
 * A short read. Its data are read to right behind the reply's header in memory of ours: what the bdev could lend would be valid
 * only until the completion returns, and the send outlives that.
 */
final class ReadRequest extends Request {
    /** The longest read that is done this way, in bytes. */
    static final int LONGEST = 64 * 1024;

    private SharedBuffer memory;
    private int dataOffset;

    ReadRequest(Transmission owner) {
        super(owner);
    }

    @Override
    Issued issue(BdevChannel channel) {
        if (memory == null) {
            memory = owner.replyMemory().reserve(header(), (int) length(), owner.alignment());
            if (memory == null) {
                return Issued.NO_MEMORY;
            }
            dataOffset = owner.replyMemory().dataOffset();
        }
        return issued(channel.read(memory.memory(), dataOffset, firstBlock(), blocks(), COMPLETION, this));
    }

    @Override
    void done(BdevIo io) {
        end(NbdErrors.of(io.status()));
    }

    @Override
    void sendSuccess() {
        IoBuffer buffer = memory.memory();
        ByteBuffer bytes = buffer.bytes();
        int at = dataOffset - header();
        if (owner.structured()) {
            Replies.data(bytes, at, cookie(), true, offset(), (int) length());
        } else {
            Replies.simple(bytes, at, cookie(), 0);
        }
        // the reference goes with the memory
        owner.send(buffer, at, header() + (int) length(), memory);
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
        return length();
    }

    @Override
    void recycle() {
        owner.requests().reads().give(this);
    }

    private int header() {
        return owner.structured() ? Replies.DATA_CHUNK : Replies.SIMPLE;
    }
}
