package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoVector;
import io.cairn.export.nbd.protocol.NbdErrors;
import java.util.ArrayList;
import java.util.List;

/** A piece of a long write, in one buffer or several. */
final class WritePiece extends Step {
    private final Transmission owner;
    private final List<SharedBuffer> memory = new ArrayList<>();
    private final IoVector vector = new IoVector();
    private LargeWrite whole;
    private long offset;
    private int length;

    WritePiece(Transmission owner) {
        this.owner = owner;
    }

    void begin(LargeWrite of, long offsetBytes) {
        whole = of;
        offset = offsetBytes;
        length = 0;
    }

    /** Adds memory that is full of the next bytes; takes over the reference. */
    void add(SharedBuffer data, int lengthBytes) {
        memory.add(data);
        vector.add(data.memory(), 0, lengthBytes);
        length += lengthBytes;
    }

    @Override
    Issued issue(BdevChannel channel) {
        int shift = owner.blockShift();
        long block = offset >>> shift;
        int blocks = length >>> shift;
        return Request.issued(
                vector.count() == 1
                        ? channel.write(vector.buffer(0), 0, block, blocks, COMPLETION, this)
                        : channel.write(vector, block, blocks, COMPLETION, this));
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
        vector.clear();
        for (int i = 0; i < memory.size(); i++) {
            memory.get(i).release();
        }
        memory.clear();
        owner.requests().pieces().give(this);
        told.pieceDone(length, error);
    }
}
