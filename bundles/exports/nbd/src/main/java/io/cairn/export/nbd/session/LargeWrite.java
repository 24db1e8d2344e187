package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A long write: its pieces are written as they come, beside each other; the reply comes after the last of them. */
final class LargeWrite extends ChangingRequest {
    private long arrived;
    private int piecesOut;
    private boolean complete;
    private int firstError;

    LargeWrite(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        arrived = 0;
        piecesOut = 0;
        complete = false;
        firstError = 0;
    }

    /** Writes the piece that has come; takes over the reference. */
    void piece(SharedBuffer memory, int length, boolean last) {
        WritePiece piece = owner.requests().pieces().take();
        piece.begin(this, memory, offset() + arrived, length);
        arrived += length;
        piecesOut++;
        complete = last;
        owner.weigh(length);
        owner.submit(piece);
    }

    /** The rest will not come. */
    void cutShort(int error) {
        complete = true;
        if (firstError == 0) {
            firstError = error;
        }
        endWhenDone();
    }

    /** A piece is written, or could not be. */
    void pieceDone(int length, int error) {
        piecesOut--;
        owner.weigh(-length);
        if (firstError == 0) {
            firstError = error;
        }
        endWhenDone();
    }

    private void endWhenDone() {
        if (!complete || piecesOut > 0) {
            owner.proceed();
        } else if (firstError != 0) {
            end(firstError);
        } else {
            allChanged();
        }
    }

    @Override
    Issued issueChange(BdevChannel channel) {
        throw new IllegalStateException("the pieces submit themselves");
    }

    @Override
    boolean changed() {
        throw new IllegalStateException("the pieces are told themselves");
    }

    @Override
    long weight() {
        return 0;
    }

    @Override
    void recycle() {
        owner.requests().largeWrites().give(this);
    }
}
