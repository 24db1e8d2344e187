package io.cairn.export.nbd.session;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.export.nbd.protocol.Handshake;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.protocol.NbdErrors;
import io.cairn.export.nbd.protocol.Replies;
import io.cairn.export.nbd.protocol.RequestFault;
import io.cairn.export.nbd.protocol.RequestHeader;
import io.cairn.export.nbd.protocol.RequestRules;
import io.cairn.export.nbd.protocol.Selection;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.net.StreamConnection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;

/**
 * The transmission phase of a session: requests in, I/O on the bdev's channel, replies out, in the order in which the I/O ends.
 *
 * <p>A client takes a bounded part of the reactor's memory: when it has enough requests in flight, or does not read its
 * replies, nothing more is read from it until that changes.
 */
final class Transmission implements RequestListener {
    private static final int MOST_REQUESTS = 256;
    private static final long MOST_BYTES = 8 << 20;
    private static final long MOST_UNSENT = 4 << 20;

    /** How long a client may leave a request half sent while others lack memory. */
    private static final long INPUT_PATIENCE = Duration.ofSeconds(2).toNanos();
    /** How long it may leave its replies unread then: it may have work to do with what it reads. */
    private static final long OUTPUT_PATIENCE = Duration.ofSeconds(10).toNanos();

    private final SessionHost host;
    private final StreamConnection connection;
    private final BdevChannel channel;
    private final RequestInput input;
    private final ReplyMemory replyMemory;
    private final RequestSpares requests = new RequestSpares(this);
    private final boolean structured;
    private final boolean canSeek;
    private final int blockShift;
    private final int alignment;
    private final int longestPiece;
    private final Runnable drained;

    /** Steps that could not be submitted yet, in order. */
    private final ArrayDeque<Step> waiting = new ArrayDeque<>();
    /** Replies that wait for the end of another that cannot be interrupted. */
    private final ArrayDeque<Request> heldReplies = new ArrayDeque<>();

    private final BufferPool.Waiter memoryWaiter = this::memoryAvailable;
    private final BdevChannel.IoWait ioWaiter = this::ioAvailable;

    private Request holder;
    private LargeWrite receiving;
    private int active;
    private long bytesInFlight;
    private int readMinimum;
    private boolean reading;
    private boolean paused;
    private boolean working;
    private boolean retrying;
    private boolean awaitsMemory;
    private boolean awaitsIo;
    private boolean stopped;
    private boolean givenUp;
    private boolean gone;
    private boolean drainedTold;
    private boolean inputNeedsMemory;
    private boolean starving;
    private long starvingSince;
    private long lastInput;
    private long lastOutput;

    Transmission(
            SessionHost host, StreamConnection connection, BdevChannel channel, Selection selection, Runnable drained) {
        Bdev bdev = channel.bdev();
        Set<IoType> types = bdev.supportedTypes();
        this.host = host;
        this.connection = connection;
        this.channel = channel;
        this.structured = selection.structuredReplies();
        this.canSeek = types.contains(IoType.SEEK_DATA) && types.contains(IoType.SEEK_HOLE);
        this.blockShift = Integer.numberOfTrailingZeros(selection.export().blockSize());
        this.alignment = Math.max(1, bdev.limits().requiredAlignment());
        this.longestPiece = longestPiece(selection.export().writeUnit());
        this.input = new RequestInput(host.buffers(), new RequestRules(selection), alignment, longestPiece, this);
        this.replyMemory = new ReplyMemory(host.buffers());
        this.drained = drained;
        this.lastInput = host.reactor().nowNanos();
        this.lastOutput = lastInput;
    }

    /** Whole write units (the stripes of a raid5f, say), since a write has only such pieces: as many as fit into a buffer, or one in several. */
    private static int longestPiece(long unit) {
        return (int)
                (unit > BufferPool.LARGEST
                        ? Math.min(unit, SessionLimits.LARGEST_WRITE_UNIT)
                        : BufferPool.LARGEST - BufferPool.LARGEST % unit);
    }

    /** Begins with bytes that have come already; false if there is no memory for them. */
    boolean begin(IoBuffer received, int offset, int length) {
        if (!input.prepend(received, offset, length)) {
            stop();
            return false;
        }
        work();
        return true;
    }

    /** The read has ended. */
    void received(int bytes) {
        reading = false;
        if (bytes < readMinimum) {
            stop();
            return;
        }
        input.received(bytes);
        work();
    }

    /** Memory that was sent is ours again. */
    void released() {
        replyMemory.trim();
    }

    /** The client has room for more replies. */
    void sent() {
        lastOutput = host.reactor().nowNanos();
        goOn();
    }

    /** Begins no more requests; those in flight are answered. */
    void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        inputNeedsMemory = false;
        awaitNoMemoryInVain();
        cutReceivingShort();
        tellIfDrained();
    }

    /** Gives up what is in flight after {@link #stop}, as far as it can be aborted: the client is told so. May be called again. */
    void giveUp() {
        if (drainedTold) {
            return;
        }
        givenUp = true;
        refuseWaiting();
        awaitNoMemoryInVain();
        channel.abortAll();
        tellIfDrained();
    }

    private void refuseWaiting() {
        Step step;
        while ((step = waiting.pollFirst()) != null) {
            step.refused(Nbd.ESHUTDOWN);
        }
    }

    /** The connection is gone, and the memory that it used is ours again. */
    void connectionClosed() {
        gone = true;
        reading = false;
        stopped = true;
        input.close();
        replyMemory.giveUp();
        inputNeedsMemory = false;
        cutReceivingShort();
        refuseWaiting();
        awaitNoMemoryInVain();
        tellIfDrained();
    }

    /** Returns for how long, in nanoseconds, the client has kept us waiting in the middle of something. */
    long stalledFor(long now) {
        return Math.max(inputStalledFor(now), outputStalledFor(now));
    }

    private long inputStalledFor(long now) {
        return reading && input.isInsideMessage() ? now - lastInput : 0;
    }

    private long outputStalledFor(long now) {
        return connection.unsentBytes() > 0 ? now - lastOutput : 0;
    }

    /** Returns by how long, in nanoseconds, the client has kept us waiting for longer than is fair if memory is short; or 0. */
    long overdue(long now) {
        long input = inputStalledFor(now) - INPUT_PATIENCE;
        long output = outputStalledFor(now) - OUTPUT_PATIENCE;
        return Math.max(0, Math.max(input, output));
    }

    /** Returns for how long, in nanoseconds, we have got none of the memory that we need; 0 if we need none. */
    long starvedFor(long now) {
        return starving ? now - starvingSince : 0;
    }

    // --- requests that come in

    @Override
    public boolean admitsRequest() {
        return holder == null && active < MOST_REQUESTS && bytesInFlight < MOST_BYTES && !outputFull();
    }

    @Override
    public boolean admitsPiece() {
        return bytesInFlight < MOST_BYTES;
    }

    @Override
    public void request(RequestHeader header) {
        boolean empty = header.length() == 0;
        switch (header.command()) {
            case Nbd.CMD_READ -> {
                if (empty) {
                    sendEmptyRead(header.cookie());
                } else {
                    start(
                            header.length() <= ReadRequest.LONGEST
                                    ? requests.reads().take()
                                    : requests.largeReads().take(),
                            header);
                }
            }
            case Nbd.CMD_FLUSH -> start(requests.flushes().take(), header);
            case Nbd.CMD_BLOCK_STATUS -> {
                if (canSeek) {
                    start(requests.statuses().take(), header);
                } else {
                    sendAllData(header);
                }
            }
            case Nbd.CMD_TRIM, Nbd.CMD_WRITE_ZEROES -> {
                if (empty) {
                    sendAck(header.cookie());
                } else if (header.has(Nbd.CMD_FLAG_NO_HOLE)) {
                    start(requests.zeroFills().take(), header);
                } else {
                    start(requests.ranges().take(), header);
                }
            }
            // a write of nothing; and CACHE, because the bdev layer has no cache that could be warmed
            default -> sendAck(header.cookie());
        }
    }

    @Override
    public void refused(RequestHeader header, RequestFault fault) {
        IoBuffer scratch = host.scratch();
        int length = structured
                ? Replies.error(scratch.bytes(), 0, header.cookie(), fault)
                : Replies.simple(scratch.bytes(), 0, header.cookie(), fault.error());
        copyOut(length);
    }

    @Override
    public void write(RequestHeader header, SharedBuffer memory, int at) {
        WriteRequest request = requests.writes().take();
        request.begin(header, memory, at);
        count(request);
        submit(request);
    }

    @Override
    public void largeWrite(RequestHeader header) {
        LargeWrite request = requests.largeWrites().take();
        request.begin(header);
        count(request);
        receiving = request;
    }

    @Override
    public void piece(SharedBuffer memory, int length, boolean complete, boolean last) {
        LargeWrite whole = receiving;
        if (last) {
            receiving = null;
        }
        whole.piece(memory, length, complete, last);
    }

    private void start(Request request, RequestHeader header) {
        request.begin(header);
        count(request);
        submit(request);
    }

    private void count(Request request) {
        active++;
        bytesInFlight += request.weight();
    }

    /** Reads and decodes as far as possible. */
    private void work() {
        if (working || reading || stopped) {
            return;
        }
        working = true;
        RequestInput.Progress progress = input.decode();
        working = false;
        paused = false;
        inputNeedsMemory = false;
        switch (progress) {
            case NEEDS_BYTES -> {
                if (stopped) {
                    return;
                }
                if (input.prepare(active == 0)) {
                    reading = true;
                    // from now on it is the client who is waited for
                    lastInput = host.reactor().nowNanos();
                    readMinimum = input.targetMinimum();
                    connection.read(input.target(), input.targetOffset(), readMinimum, input.targetLength());
                } else {
                    pauseForMemory();
                }
            }
            case NEEDS_MEMORY -> pauseForMemory();
            case PAUSED -> paused = true;
            case ENDED -> stop();
        }
        awaitNoMemoryInVain();
    }

    private void pauseForMemory() {
        paused = true;
        inputNeedsMemory = true;
        awaitMemory();
    }

    /** Tries again what had to wait. */
    private void goOn() {
        if (!waiting.isEmpty()) {
            retry();
            awaitNoMemoryInVain();
        }
        proceed();
    }

    /** Goes on receiving if there was a reason not to. */
    void proceed() {
        if (paused) {
            work();
        }
    }

    private void cutReceivingShort() {
        if (receiving != null) {
            LargeWrite cut = receiving;
            receiving = null;
            cut.cutShort(Nbd.ESHUTDOWN);
        }
    }

    // --- I/O

    /** Submits a step now or, in its turn, when that is possible. */
    void submit(Step step) {
        if (gone || givenUp) {
            step.refused(Nbd.ESHUTDOWN);
        } else if (!waiting.isEmpty() || !attempt(step)) {
            waiting.addLast(step);
        }
    }

    private boolean attempt(Step step) {
        Step.Issued issued;
        try {
            issued = step.issue(channel);
        } catch (BdevException e) {
            step.refused(NbdErrors.of(e.errno()));
            return true;
        }
        switch (issued) {
            case OUT -> {
                return true;
            }
            case NO_IO -> {
                if (!awaitsIo) {
                    awaitsIo = true;
                    channel.queueIoWait(ioWaiter);
                }
            }
            case NO_MEMORY -> awaitMemory();
            case OUTPUT_FULL -> {
                // goes on with released()
            }
        }
        return false;
    }

    private void retry() {
        if (retrying) {
            return;
        }
        retrying = true;
        Step step;
        while ((step = waiting.pollFirst()) != null) {
            if (!attempt(step)) {
                waiting.addFirst(step);
                break;
            }
            starvingSince = host.reactor().nowNanos();
        }
        retrying = false;
    }

    private void awaitMemory() {
        if (!awaitsMemory) {
            awaitsMemory = true;
            host.buffers().await(memoryWaiter);
        }
        if (!starving) {
            starving = true;
            starvingSince = host.reactor().nowNanos();
        }
    }

    private void memoryAvailable() {
        awaitsMemory = false;
        goOn();
    }

    /** Leaves the line of those who wait for memory when nothing waits for it any more. */
    private void awaitNoMemoryInVain() {
        if (waiting.isEmpty() && !inputNeedsMemory) {
            starving = false;
            if (awaitsMemory) {
                awaitsMemory = false;
                host.buffers().forget(memoryWaiter);
            }
        }
    }

    private void ioAvailable() {
        awaitsIo = false;
        goOn();
    }

    /** Changes the number of bytes that count as in flight. */
    void weigh(int bytes) {
        bytesInFlight += bytes;
    }

    // --- replies

    /** Lets a request send its reply, now or after the one that must not be interrupted. */
    void reply(Request request) {
        if (holder != null && holder != request) {
            heldReplies.addLast(request);
        } else {
            request.sendReply();
        }
    }

    /** Keeps all other replies back until this request has finished. */
    void holdReplies(Request request) {
        holder = request;
    }

    /** The request's reply is on its way, and its memory given away. */
    void finished(Request request) {
        active--;
        bytesInFlight -= request.weight();
        request.recycle();
        if (holder == request) {
            holder = null;
            while (holder == null && !heldReplies.isEmpty()) {
                heldReplies.pollFirst().sendReply();
            }
        }
        tellIfDrained();
        proceed();
    }

    /** Sends memory, whose reference is taken over. */
    void send(IoBuffer buffer, int offset, int length, SharedBuffer reference) {
        if (gone) {
            reference.release();
        } else {
            beginOutput();
            connection.write(buffer, offset, length, reference);
        }
    }

    void sendAck(long cookie) {
        copyOut(Replies.simple(host.scratch().bytes(), 0, cookie, 0));
    }

    void sendError(long cookie, int error) {
        copyOut(
                structured
                        ? Replies.error(host.scratch().bytes(), 0, cookie, error)
                        : Replies.simple(host.scratch().bytes(), 0, cookie, error));
    }

    void sendDataHeader(long cookie, boolean last, long offset, int length) {
        copyOut(Replies.data(host.scratch().bytes(), 0, cookie, last, offset, length));
    }

    private void sendEmptyRead(long cookie) {
        if (structured) {
            copyOut(Replies.none(host.scratch().bytes(), 0, cookie));
        } else {
            sendAck(cookie);
        }
    }

    private void sendAllData(RequestHeader header) {
        IoBuffer scratch = host.scratch();
        int length = Replies.status(scratch.bytes(), 0, header.cookie(), Handshake.BASE_ALLOCATION_ID, 1);
        length += Replies.extent(scratch.bytes(), length, header.length(), 0);
        copyOut(length);
    }

    private void copyOut(int length) {
        if (!gone) {
            beginOutput();
            connection.writeCopy(host.scratch(), 0, length);
        }
    }

    private void beginOutput() {
        if (connection.unsentBytes() == 0) {
            // from now on the client is waited for
            lastOutput = host.reactor().nowNanos();
        }
    }

    /** Closes the connection without a word. */
    void hangUp() {
        connection.close();
    }

    boolean outputFull() {
        return connection.unsentBytes() > MOST_UNSENT;
    }

    private void tellIfDrained() {
        if (stopped && active == 0 && !drainedTold) {
            drainedTold = true;
            drained.run();
        }
    }

    // --- what requests need to know

    boolean structured() {
        return structured;
    }

    int blockShift() {
        return blockShift;
    }

    int alignment() {
        return alignment;
    }

    Buffers buffers() {
        return host.buffers();
    }

    ReplyMemory replyMemory() {
        return replyMemory;
    }

    RequestSpares requests() {
        return requests;
    }

    /** Returns how many bytes of a long write are written at once at most. */
    int longestPiece() {
        return longestPiece;
    }

    IoBuffer zeroes() {
        return host.zeroes();
    }
}
