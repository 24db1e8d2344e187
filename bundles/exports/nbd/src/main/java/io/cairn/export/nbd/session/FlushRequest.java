package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.NbdErrors;

/**
 * A flush. The bdev's flush covers every write that completed before it, through whichever channel it came; so it also
 * covers those of the export's other connections, which is what CAN_MULTI_CONN promises.
 */
final class FlushRequest extends Request {
    FlushRequest(Transmission owner) {
        super(owner);
    }

    @Override
    Issued issue(BdevChannel channel) {
        return issueFlush(channel);
    }

    @Override
    void done(BdevIo io) {
        end(NbdErrors.of(io.status()));
    }

    @Override
    long weight() {
        return 0;
    }

    @Override
    void recycle() {
        owner.requests().flushes().give(this);
    }
}
