package io.cairn.export.nbd.session;

import io.cairn.export.nbd.protocol.RequestFault;
import io.cairn.export.nbd.protocol.RequestHeader;

/**
 * Takes the requests that {@link RequestInput} finds. A header is valid until the call returns; memory that is to be kept longer
 * is retained.
 */
interface RequestListener {
    /** Returns whether one more request may begin; if not, the input pauses until it is asked to go on. */
    boolean admitsRequest();

    /** Returns whether one more piece of a large write may be received; if not, the input pauses. */
    boolean admitsPiece();

    /** A request without payload, or with an empty one. */
    void request(RequestHeader header);

    /** A request that breaks the rules; its payload has been skipped. */
    void refused(RequestHeader header, RequestFault fault);

    /** A write, with its payload in memory that others use as well. */
    void write(RequestHeader header, SharedBuffer memory, int at);

    /** A write whose payload will come in pieces. */
    void largeWrite(RequestHeader header);

    /**
     * The next memory of the large write, full. The reference is the listener's.
     *
     * @param complete whether a piece of the write is complete with it
     * @param last whether the write is
     */
    void piece(SharedBuffer memory, int length, boolean complete, boolean last);
}
