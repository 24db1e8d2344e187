package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.export.nbd.protocol.NbdErrors;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A request that changes data; with FUA, a flush comes between the change and the reply. */
abstract class ChangingRequest extends Request {
    private boolean flushing;

    ChangingRequest(Transmission owner) {
        super(owner);
    }

    @Override
    void begin(RequestHeader header) {
        super.begin(header);
        flushing = false;
    }

    /** Submits the next I/O of the change. */
    abstract Issued issueChange(BdevChannel channel);

    /** An I/O of the change succeeded. Returns whether the change is complete; if not, the next one has been submitted. */
    abstract boolean changed();

    @Override
    final Issued issue(BdevChannel channel) {
        return flushing ? issueFlush(channel) : issueChange(channel);
    }

    @Override
    final void done(BdevIo io) {
        int error = NbdErrors.of(io.status());
        if (error != 0 || flushing) {
            end(error);
        } else if (changed()) {
            allChanged();
        }
    }

    /** The whole change is done: makes it durable first if that was asked for, then ends the request. */
    final void allChanged() {
        if (fua()) {
            flushing = true;
            owner.submit(this);
        } else {
            end(0);
        }
    }
}
