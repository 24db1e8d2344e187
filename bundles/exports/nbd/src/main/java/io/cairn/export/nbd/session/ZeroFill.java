package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.IoVector;
import io.cairn.export.nbd.protocol.RequestHeader;
import io.cairn.reactor.IoBuffer;

/**
 * A WRITE_ZEROES that must not leave a hole: zeroes are written as data, because the bdev layer's own WRITE_ZEROES may
 * deallocate. One run of zeroes is written again and again.
 */
final class ZeroFill extends ChangingRequest {
    private final IoVector vector = new IoVector();
    private long position;
    private long writing;

    ZeroFill(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        position = 0;
    }

    @Override
    Issued issueChange(BdevChannel channel) {
        writing = Math.min(length() - position, owner.longestPiece());
        IoBuffer zeroes = owner.zeroes();
        vector.clear();
        for (long left = writing; left > 0; left -= zeroes.capacity()) {
            vector.add(zeroes, 0, (int) Math.min(left, zeroes.capacity()));
        }
        int shift = owner.blockShift();
        return issued(channel.write(vector, (offset() + position) >>> shift, writing >>> shift, COMPLETION, this));
    }

    @Override
    boolean changed() {
        position += writing;
        if (position < length()) {
            owner.submit(this);
            return false;
        }
        return true;
    }

    @Override
    long weight() {
        return 0;
    }

    @Override
    void recycle() {
        vector.clear();
        owner.requests().zeroFills().give(this);
    }
}
