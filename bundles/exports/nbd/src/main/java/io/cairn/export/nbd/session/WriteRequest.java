package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A short write: its data are used where they were received. */
final class WriteRequest extends ChangingRequest {
    private SharedBuffer memory;
    private int at;

    WriteRequest(Transmission owner) {
        super(owner);
    }

    void begin(RequestHeader header, SharedBuffer payload, int payloadAt) {
        begin(header);
        payload.retain();
        memory = payload;
        at = payloadAt;
    }

    @Override
    Issued issueChange(BdevChannel channel) {
        return issued(channel.write(memory.memory(), at, firstBlock(), blocks(), COMPLETION, this));
    }

    @Override
    boolean changed() {
        return true;
    }

    @Override
    long weight() {
        return length();
    }

    @Override
    void recycle() {
        memory.release();
        memory = null;
        owner.requests().writes().give(this);
    }
}
