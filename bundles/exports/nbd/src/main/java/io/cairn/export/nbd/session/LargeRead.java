package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.NbdErrors;
import io.cairn.export.nbd.protocol.RequestHeader;
import io.cairn.reactor.BufferPool;

/**
 * A long read: one piece after the other, each into memory of its own and sent as soon as it is there, so that it needs no more
 * memory than a piece however long it is. A structured reply has a chunk per piece. A simple reply has one header for all;
 * nothing else may be sent before its end, and an error after its beginning can only be told by hanging up.
 */
final class LargeRead extends Request {
    private SharedBuffer memory;
    private long position;
    private int pieceLength;

    LargeRead(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        position = 0;
        nextPiece();
    }

    @Override
    Issued issue(BdevChannel channel) {
        if (position > 0 && owner.outputFull()) {
            return Issued.OUTPUT_FULL;
        }
        if (memory == null) {
            memory = owner.buffers().takeLarge(pieceLength);
            if (memory == null) {
                return Issued.NO_MEMORY;
            }
        }
        int shift = owner.blockShift();
        return issued(channel.read(
                memory.memory(), 0, (offset() + position) >>> shift, pieceLength >>> shift, COMPLETION, this));
    }

    @Override
    void done(BdevIo io) {
        end(NbdErrors.of(io.status()));
    }

    @Override
    void sendSuccess() {
        boolean last = position + pieceLength == length();
        if (owner.structured()) {
            owner.sendDataHeader(cookie(), last, offset() + position, pieceLength);
        } else if (position == 0) {
            owner.sendAck(cookie());
        }
        owner.send(memory.memory(), 0, pieceLength, memory);
        memory = null;
        position += pieceLength;
        if (last) {
            owner.finished(this);
        } else {
            if (!owner.structured()) {
                owner.holdReplies(this);
            }
            nextPiece();
            owner.submit(this);
        }
    }

    @Override
    void sendFailure() {
        if (memory != null) {
            memory.release();
            memory = null;
        }
        if (position > 0 && !owner.structured()) {
            owner.hangUp();
            owner.finished(this);
        } else {
            super.sendFailure();
        }
    }

    @Override
    long weight() {
        return Math.min(length(), BufferPool.LARGEST);
    }

    @Override
    void recycle() {
        owner.requests().largeReads().give(this);
    }

    private void nextPiece() {
        pieceLength = (int) Math.min(length() - position, BufferPool.LARGEST);
    }
}
