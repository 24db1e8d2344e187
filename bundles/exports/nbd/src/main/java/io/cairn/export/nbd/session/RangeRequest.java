package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A TRIM, or a WRITE_ZEROES that may leave a hole: one I/O without data. */
final class RangeRequest extends ChangingRequest {
    private boolean trim;

    RangeRequest(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        trim = header.command() == Nbd.CMD_TRIM;
    }

    @Override
    Issued issueChange(BdevChannel channel) {
        return issued(
                trim
                        ? channel.unmap(firstBlock(), blocks(), COMPLETION, this)
                        : channel.writeZeroes(firstBlock(), blocks(), COMPLETION, this));
    }

    @Override
    boolean changed() {
        return true;
    }

    @Override
    long weight() {
        return 0;
    }

    @Override
    void recycle() {
        owner.requests().ranges().give(this);
    }
}
