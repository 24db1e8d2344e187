package io.cairn.export.nbd.session;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.Submission;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.protocol.RequestHeader;

/** A client's request while it is worked on. Belongs to its transmission, which uses it again. */
abstract class Request extends Step {
    /** Whose request it is. */
    protected final Transmission owner;

    private long cookie;
    private long offset;
    private long length;
    private boolean fua;
    private int error;

    Request(Transmission owner) {
        this.owner = owner;
    }

    /** Takes over what the header says. */
    void begin(RequestHeader header) {
        cookie = header.cookie();
        offset = header.offset();
        length = header.length();
        fua = header.has(Nbd.CMD_FLAG_FUA);
        error = 0;
    }

    /** Gives the object back to where it came from. */
    abstract void recycle();

    /** Returns the bytes of memory that the request is counted with while it is in flight. */
    abstract long weight();

    /** Sends the reply of a request that succeeded, and {@linkplain Transmission#finished finishes} it. */
    void sendSuccess() {
        owner.sendAck(cookie);
        owner.finished(this);
    }

    /** Sends the reply of a request that failed, and finishes it. */
    void sendFailure() {
        owner.sendError(cookie, error);
        owner.finished(this);
    }

    /** Ends the request: its reply is sent as soon as that may be. */
    final void end(int withError) {
        error = withError;
        owner.reply(this);
    }

    /** Sends what {@link #end} asked for. */
    final void sendReply() {
        if (error == 0) {
            sendSuccess();
        } else {
            sendFailure();
        }
    }

    @Override
    void refused(int withError) {
        end(withError);
    }

    final long cookie() {
        return cookie;
    }

    final long offset() {
        return offset;
    }

    final long length() {
        return length;
    }

    final boolean fua() {
        return fua;
    }

    final boolean failed() {
        return error != 0;
    }

    final long firstBlock() {
        return offset >>> owner.blockShift();
    }

    final long blocks() {
        return length >>> owner.blockShift();
    }

    static Issued issued(Submission submission) {
        return submission == Submission.ACCEPTED ? Issued.OUT : Issued.NO_IO;
    }

    /** Submits a flush for this request. */
    final Issued issueFlush(BdevChannel channel) {
        return issued(channel.flush(COMPLETION, this));
    }
}
