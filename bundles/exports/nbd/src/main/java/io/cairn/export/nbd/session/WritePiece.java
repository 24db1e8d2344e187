package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.NbdErrors;

/** A piece of a long write. */
final class WritePiece extends Step {
    private final Transmission owner;
    private LargeWrite whole;
    private SharedBuffer memory;
    private long offset;
    private int length;

    WritePiece(Transmission owner) {
        this.owner = owner;
    }

    void begin(LargeWrite of, SharedBuffer data, long offsetBytes, int lengthBytes) {
        whole = of;
        memory = data;
        offset = offsetBytes;
        length = lengthBytes;
    }

    @Override
    Issued issue(BdevChannel channel) {
        int shift = owner.blockShift();
        return Request.issued(channel.write(memory.memory(), 0, offset >>> shift, length >>> shift, COMPLETION, this));
    }

    @Override
    void done(BdevIo io) {
        ended(NbdErrors.of(io.status()));
    }

    @Override
    void refused(int error) {
        ended(error);
    }

    private void ended(int error) {
        LargeWrite told = whole;
        whole = null;
        memory.release();
        memory = null;
        owner.requests().pieces().give(this);
        told.pieceDone(length, error);
    }
}
