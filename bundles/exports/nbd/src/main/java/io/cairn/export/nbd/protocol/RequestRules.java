package io.cairn.export.nbd.protocol;

/**
 * Checks requests against what was agreed on, before any memory is taken or I/O is done. Nothing passes that reaches
 * outside the export.
 */
public final class RequestRules {
    /** The longest read, in bytes, that is answered in one chunk if the client asks for that. */
    public static final int LARGEST_CHUNK = 1 << 20;

    private final ExportInfo export;
    private final boolean structuredReplies;
    private final boolean allocationStatus;
    private final long writeUnit;
    /** Whether what is made of blocks is made of write units. */
    private final boolean wholeUnits;

    /** Makes the rules of a session. */
    public RequestRules(Selection selection) {
        this.export = selection.export();
        this.structuredReplies = selection.structuredReplies();
        this.allocationStatus = selection.allocationStatus();
        this.writeUnit = export.writeUnit();
        this.wholeUnits = writeUnit == export.blockSize();
    }

    /** Returns why a request is refused, or null if it is not. DISC is not for here. */
    public RequestFault check(RequestHeader request) {
        return switch (request.command()) {
            case Nbd.CMD_READ -> checkRead(request);
            case Nbd.CMD_WRITE -> checkWrite(request);
            case Nbd.CMD_FLUSH -> checkFlush(request);
            case Nbd.CMD_TRIM -> checkChange(request, Nbd.SEND_TRIM, 0);
            case Nbd.CMD_WRITE_ZEROES -> checkZeroes(request);
            case Nbd.CMD_CACHE -> checkCache(request);
            case Nbd.CMD_BLOCK_STATUS -> checkStatus(request);
            default -> RequestFault.UNKNOWN_COMMAND;
        };
    }

    private RequestFault checkRead(RequestHeader request) {
        if (badFlags(request, structuredReplies ? Nbd.CMD_FLAG_DF : 0)) {
            return RequestFault.BAD_FLAGS;
        }
        if (request.length() > Nbd.MAX_PAYLOAD) {
            return RequestFault.TOO_LONG;
        }
        if (request.has(Nbd.CMD_FLAG_DF) && request.length() > LARGEST_CHUNK) {
            return RequestFault.TOO_LONG_FOR_ONE_CHUNK;
        }
        return checkRange(request);
    }

    private RequestFault checkWrite(RequestHeader request) {
        if (export.has(Nbd.READ_ONLY)) {
            return RequestFault.READ_ONLY;
        }
        if (badFlags(request, 0)) {
            return RequestFault.BAD_FLAGS;
        }
        if (request.length() > Nbd.MAX_PAYLOAD) {
            return RequestFault.TOO_LONG;
        }
        RequestFault fault = checkRange(request);
        return fault == null ? checkUnit(request) : fault;
    }

    private RequestFault checkFlush(RequestHeader request) {
        if (!export.has(Nbd.SEND_FLUSH)) {
            return RequestFault.NOT_OFFERED;
        }
        if (badFlags(request, 0)) {
            return RequestFault.BAD_FLAGS;
        }
        return request.offset() != 0 || request.length() != 0 ? RequestFault.RESERVED : null;
    }

    private RequestFault checkChange(RequestHeader request, int offered, int flags) {
        if (export.has(Nbd.READ_ONLY)) {
            return RequestFault.READ_ONLY;
        }
        if (!export.has(offered)) {
            return RequestFault.NOT_OFFERED;
        }
        return badFlags(request, flags) ? RequestFault.BAD_FLAGS : checkRange(request);
    }

    private RequestFault checkZeroes(RequestHeader request) {
        int fast = export.has(Nbd.SEND_FAST_ZERO) ? Nbd.CMD_FLAG_FAST_ZERO : 0;
        RequestFault fault = checkChange(request, Nbd.SEND_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE | fast);
        if (fault == null
                && request.has(Nbd.CMD_FLAG_FAST_ZERO)
                && (!export.zeroesFast() || request.has(Nbd.CMD_FLAG_NO_HOLE))) {
            return RequestFault.NOT_FAST;
        }
        return fault == null ? checkUnit(request) : fault;
    }

    private RequestFault checkCache(RequestHeader request) {
        return badFlags(request, 0) ? RequestFault.BAD_FLAGS : checkRange(request);
    }

    private RequestFault checkStatus(RequestHeader request) {
        if (!allocationStatus) {
            return RequestFault.NO_CONTEXT;
        }
        if (badFlags(request, Nbd.CMD_FLAG_REQ_ONE)) {
            return RequestFault.BAD_FLAGS;
        }
        return request.length() == 0 ? RequestFault.EMPTY : checkRange(request);
    }

    private boolean badFlags(RequestHeader request, int valid) {
        int fua = export.has(Nbd.SEND_FUA) ? Nbd.CMD_FLAG_FUA : 0;
        return (request.flags() & ~(valid | fua)) != 0;
    }

    /** Trims are let pass: a bdev forgets what it can of them. */
    private RequestFault checkUnit(RequestHeader request) {
        return wholeUnits || (request.offset() % writeUnit == 0 && request.length() % writeUnit == 0)
                ? null
                : RequestFault.PARTIAL_UNIT;
    }

    private RequestFault checkRange(RequestHeader request) {
        long offset = request.offset();
        if (offset < 0 || offset > export.sizeBytes() || request.length() > export.sizeBytes() - offset) {
            return RequestFault.BEYOND_END;
        }
        return ((offset | request.length()) & (export.blockSize() - 1)) != 0 ? RequestFault.UNALIGNED : null;
    }
}
