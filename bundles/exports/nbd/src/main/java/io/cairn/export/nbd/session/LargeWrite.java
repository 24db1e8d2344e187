package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A long write: its pieces are written as they are complete, beside each other; the reply comes after the last of them. */
final class LargeWrite extends ChangingRequest {
    private long arrived;
    private WritePiece gathered;
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

    /** Takes over the memory that has come, and writes the piece that is complete with it. */
    void piece(SharedBuffer memory, int length, boolean pieceComplete, boolean last) {
        if (gathered == null) {
            gathered = owner.requests().pieces().take();
            gathered.begin(this, offset() + arrived);
            piecesOut++;
        }
        gathered.add(memory, length);
        arrived += length;
        complete = last;
        owner.weigh(length);
        if (pieceComplete) {
            WritePiece piece = gathered;
            gathered = null;
            owner.submit(piece);
        }
    }

    /** The rest will not come. */
    void cutShort(int error) {
        complete = true;
        if (firstError == 0) {
            firstError = error;
        }
        if (gathered == null) {
            endWhenDone();
        } else {
            WritePiece incomplete = gathered;
            gathered = null;
            incomplete.refused(error);
        }
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
