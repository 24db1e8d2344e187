package io.cairn.export.nbd.session;

import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.protocol.RequestFault;
import io.cairn.export.nbd.protocol.RequestHeader;
import io.cairn.export.nbd.protocol.RequestRules;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;

/**
 * Finds requests in received bytes, where they were received: says where the next bytes are to go, and decodes what has
 * come. Does no I/O.
 *
 * <p>Headers and short payloads are received together, many in one go, into a window that requests in flight share.
 * A long payload is received straight into aligned memory of its own, in pieces, each of one or several buffers. Room for all of a piece is promised
 * when it begins, and payloads of requests that break the rules are skipped without any.
 */
final class RequestInput {
    /** The longest payload that is used where it was received, in bytes. */
    static final int LONGEST_IN_PLACE = 32 * 1024;

    private static final int SMALLEST_WINDOW = 32 * 1024;
    private static final int LARGEST_WINDOW = 128 * 1024;

    /** What of a piece is asked for at once, in bytes: every time that it has come, the client has made progress. */
    private static final int LONGEST_READ = 128 * 1024;

    private final Buffers buffers;
    private final RequestRules rules;
    private final RequestListener listener;
    private final int longestPiece;
    private final int firstByte;
    private final RequestHeader header = new RequestHeader();

    private State state = State.HEADER;
    private SharedBuffer window;
    private int windowSize = SMALLEST_WINDOW;
    private int begin;
    private int end;
    private long toSkip;
    private RequestFault fault;
    private SharedBuffer piece;
    private int pieceLength;
    private int pieceFilled;
    /** What has been promised for the piece and not taken. */
    private int promised;

    private long payloadLeft;
    private int targetLength;

    private enum State {
        HEADER,
        PIECES,
        SKIPPING,
        ENDED
    }

    /** What the input waits for. */
    enum Progress {
        /** More bytes. */
        NEEDS_BYTES,
        /** The listener's leave. */
        PAUSED,
        /** Memory. */
        NEEDS_MEMORY,
        /** Nothing: the client has said goodbye, or cannot be understood any more. */
        ENDED
    }

    /**
     * Starts before the first request.
     *
     * @param alignment what the bdev wants of memory; the payload of a write that comes alone is received so aligned
     * @param longestPiece bytes of a long payload that are a piece: all but the last have so many
     */
    RequestInput(Buffers buffers, RequestRules rules, int alignment, int longestPiece, RequestListener listener) {
        this.buffers = buffers;
        this.rules = rules;
        this.listener = listener;
        this.longestPiece = longestPiece;
        this.firstByte = alignment > RequestHeader.BYTES && alignment <= IoBuffer.ALIGNMENT
                ? alignment - RequestHeader.BYTES
                : 0;
    }

    /** Decodes what has been received, until something is missing. */
    Progress decode() {
        while (true) {
            Progress progress =
                    switch (state) {
                        case HEADER -> decodeHeader();
                        case PIECES -> gather();
                        case SKIPPING -> skip();
                        case ENDED -> Progress.ENDED;
                    };
            if (progress != null) {
                return progress;
            }
        }
    }

    /**
     * Makes room for the next bytes. After {@link Progress#NEEDS_BYTES}.
     *
     * @param idle whether nothing is in flight: who has nothing to do waits with little memory
     * @return false if there is no memory now
     */
    boolean prepare(boolean idle) {
        if (state == State.PIECES) {
            targetLength = Math.min(pieceLength - pieceFilled, LONGEST_READ);
            return true;
        }
        int partial = end - begin;
        int missing = Math.max(1, messageLength() - partial);
        int size = idle ? SMALLEST_WINDOW : windowSize;
        if (window != null && partial == 0 && window.isUnshared()) {
            begin = firstByte;
            end = firstByte;
        }
        if (window == null || !fits(partial + missing, size)) {
            SharedBuffer larger = buffers.take(Math.max(size, firstByte + partial + missing));
            if (larger == null) {
                return false;
            }
            move(larger, partial);
        }
        targetLength = window.memory().capacity() - end;
        return true;
    }

    /** Returns where the next bytes go. After {@link #prepare}. */
    IoBuffer target() {
        return state == State.PIECES ? piece.memory() : window.memory();
    }

    /** Returns where in {@link #target} they go. */
    int targetOffset() {
        return state == State.PIECES ? pieceFilled : end;
    }

    /** Returns how many it may be. */
    int targetLength() {
        return targetLength;
    }

    /** Returns how many it takes until there is something to do. */
    int targetMinimum() {
        return state == State.PIECES ? targetLength : Math.max(1, messageLength() - (end - begin));
    }

    /** Tells how many bytes have come to where they were to go. */
    void received(int bytes) {
        if (state == State.PIECES) {
            pieceFilled += bytes;
        } else {
            end += bytes;
            if (bytes == targetLength && windowSize < LARGEST_WINDOW) {
                windowSize *= 2;
            }
        }
    }

    /** Puts bytes that were received before the transmission began in front. */
    boolean prepend(IoBuffer from, int offset, int length) {
        if (length > 0) {
            window = buffers.take(Math.max(windowSize, firstByte + length));
            if (window == null) {
                return false;
            }
            begin = firstByte;
            end = firstByte + length;
            from.copyTo(offset, window.memory(), begin, length);
        }
        return true;
    }

    /** Returns whether a request has come in part. */
    boolean isInsideMessage() {
        return state == State.PIECES || state == State.SKIPPING || end > begin;
    }

    /** Gives all memory back; nothing is received any more. */
    void close() {
        state = State.ENDED;
        begin = 0;
        end = 0;
        if (window != null) {
            window.release();
            window = null;
        }
        if (piece != null) {
            piece.release();
            piece = null;
        }
        if (promised > 0) {
            buffers.breakPromise(promised);
            promised = 0;
        }
    }

    private boolean fits(int needed, int size) {
        int capacity = window.memory().capacity();
        if (end == begin && (capacity != size || capacity - end < capacity / 4)) {
            // nothing would be copied: a good moment to get a window of the right size, or a fresh one
            return false;
        }
        return begin + needed <= capacity;
    }

    private void move(SharedBuffer larger, int partial) {
        if (window != null) {
            if (partial > 0) {
                window.memory().copyTo(begin, larger.memory(), firstByte, partial);
            }
            window.release();
        }
        window = larger;
        begin = firstByte;
        end = firstByte + partial;
    }

    /** The bytes that the message at {@link #begin} must have to be worked on, as far as that is known. */
    private int messageLength() {
        if (state != State.HEADER || end - begin < RequestHeader.BYTES) {
            return state == State.HEADER ? RequestHeader.BYTES : 1;
        }
        return RequestHeader.BYTES + (int) Math.min(header.payloadLength(), LONGEST_IN_PLACE);
    }

    private Progress decodeHeader() {
        int available = end - begin;
        if (available < RequestHeader.BYTES) {
            return Progress.NEEDS_BYTES;
        }
        if (!header.decode(window.memory().bytes(), begin) || header.command() == Nbd.CMD_DISC) {
            state = State.ENDED;
            return Progress.ENDED;
        }
        long payload = header.payloadLength();
        fault = rules.check(header);
        if (fault == null && payload <= LONGEST_IN_PLACE && available - RequestHeader.BYTES < payload) {
            return Progress.NEEDS_BYTES;
        }
        if (!listener.admitsRequest()) {
            return Progress.PAUSED;
        }
        begin += RequestHeader.BYTES;
        if (fault != null) {
            toSkip = payload;
            state = State.SKIPPING;
        } else if (payload == 0) {
            listener.request(header);
        } else if (payload <= LONGEST_IN_PLACE) {
            int at = begin;
            begin += (int) payload;
            listener.write(header, window, at);
        } else {
            payloadLeft = payload;
            state = State.PIECES;
            listener.largeWrite(header);
        }
        return null;
    }

    private Progress skip() {
        int skipped = (int) Math.min(toSkip, end - begin);
        begin += skipped;
        toSkip -= skipped;
        if (toSkip > 0) {
            return Progress.NEEDS_BYTES;
        }
        if (!listener.admitsRequest()) {
            return Progress.PAUSED;
        }
        state = State.HEADER;
        listener.refused(header, fault);
        return null;
    }

    private Progress gather() {
        if (piece == null) {
            Progress missing = takePiece();
            if (missing != null) {
                return missing;
            }
        }
        int count = Math.min(pieceLength - pieceFilled, end - begin);
        if (count > 0) {
            window.memory().copyTo(begin, piece.memory(), pieceFilled, count);
            begin += count;
            pieceFilled += count;
        }
        if (pieceFilled < pieceLength) {
            return Progress.NEEDS_BYTES;
        }
        payloadLeft -= pieceLength;
        if (payloadLeft == 0) {
            state = State.HEADER;
        }
        SharedBuffer full = piece;
        piece = null;
        listener.piece(full, pieceLength, promised == 0, payloadLeft == 0);
        return null;
    }

    /** Takes the next memory of a piece, or of the next one. Returns what is missing for that, or null. */
    private Progress takePiece() {
        if (promised == 0) {
            if (!listener.admitsPiece()) {
                return Progress.PAUSED;
            }
            int wanted = (int) Math.min(payloadLeft, longestPiece);
            if (!buffers.promise(wanted)) {
                return Progress.NEEDS_MEMORY;
            }
            promised = wanted;
        }
        int length = Math.min(promised, BufferPool.LARGEST);
        piece = buffers.takePromised(length);
        if (piece == null) {
            return Progress.NEEDS_MEMORY;
        }
        promised -= length;
        pieceLength = length;
        pieceFilled = 0;
        return null;
    }
}
