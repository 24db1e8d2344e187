package io.cairn.export.nbd.session;

/** A transmission's request objects: made when first needed, kept, and so as many as were ever in flight at once. */
final class RequestSpares {
    private final Spares<ReadRequest> reads;
    private final Spares<LargeRead> largeReads;
    private final Spares<WriteRequest> writes;
    private final Spares<LargeWrite> largeWrites;
    private final Spares<WritePiece> pieces;
    private final Spares<FlushRequest> flushes;
    private final Spares<RangeRequest> ranges;
    private final Spares<ZeroFill> zeroFills;
    private final Spares<StatusRequest> statuses;

    RequestSpares(Transmission owner) {
        reads = new Spares<>(() -> new ReadRequest(owner));
        largeReads = new Spares<>(() -> new LargeRead(owner));
        writes = new Spares<>(() -> new WriteRequest(owner));
        largeWrites = new Spares<>(() -> new LargeWrite(owner));
        pieces = new Spares<>(() -> new WritePiece(owner));
        flushes = new Spares<>(() -> new FlushRequest(owner));
        ranges = new Spares<>(() -> new RangeRequest(owner));
        zeroFills = new Spares<>(() -> new ZeroFill(owner));
        statuses = new Spares<>(() -> new StatusRequest(owner));
    }

    Spares<ReadRequest> reads() {
        return reads;
    }

    Spares<LargeRead> largeReads() {
        return largeReads;
    }

    Spares<WriteRequest> writes() {
        return writes;
    }

    Spares<LargeWrite> largeWrites() {
        return largeWrites;
    }

    Spares<WritePiece> pieces() {
        return pieces;
    }

    Spares<FlushRequest> flushes() {
        return flushes;
    }

    Spares<RangeRequest> ranges() {
        return ranges;
    }

    Spares<ZeroFill> zeroFills() {
        return zeroFills;
    }

    Spares<StatusRequest> statuses() {
        return statuses;
    }
}
