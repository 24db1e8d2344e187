package io.cairn.bdev.testkit;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A bdev's channel for tests: takes and gives plain bytes, and checks what the contract says of every completion: that it comes
 * exactly once, on the channel's reactor, never from inside the submission, and that no byte of memory around the data was
 * touched. What it finds wrong is a violation of its {@link TestCore}.
 *
 * <p>{@link #start} only starts; the calls named like I/O types run the simulation until the I/O is over and throw
 * {@link IoFailure} if it fails. All from the test's thread.
 */
public final class TestChannel {
    private static final byte GUARD = (byte) 0xA5;
    private static final int GUARD_BYTES = 64;
    /** The most bytes that one I/O of a test has. */
    private static final int LONGEST = 64 << 20;

    private final TestCore core;
    private final BdevChannel channel;
    private final Reactor reactor;
    private final int blockSize;
    private final Map<Integer, ArrayDeque<IoBuffer>> free = new HashMap<>();
    private final List<IoBuffer> memory = new ArrayList<>();
    private boolean submitting;
    private int out;
    private Runnable whenLeft;
    private boolean left;

    TestChannel(TestCore core, BdevChannel channel) {
        this.core = core;
        this.channel = channel;
        this.reactor = channel.reactor();
        this.blockSize = channel.bdev().blockSize();
    }

    /** Returns the channel behind. */
    public BdevChannel channel() {
        return channel;
    }

    /** Returns the reactor. */
    public Reactor reactor() {
        return reactor;
    }

    /** Starts an I/O; waits in the line for I/O objects if it must. */
    public TestIo start(IoRequest request) {
        TestIo io = new TestIo(request);
        reactor.execute(() -> prepare(io));
        return io;
    }

    /** Starts an abort of an I/O. */
    public TestIo startAbort(TestIo victim) {
        TestIo io = new TestIo(IoRequest.abort());
        reactor.execute(() -> {
            if (whenLeft != null) {
                io.refused(new BdevException(Errno.ENODEV, "the test's channel is closed"));
            } else {
                submit(new Run(io, null, null, 0, null, 0, victim));
            }
        });
        return io;
    }

    /** Starts an I/O, waits for its end, and returns it however it ended. */
    public TestIo run(IoRequest request) {
        return core.await(start(request).done());
    }

    /** Reads. */
    public byte[] read(long offset, long blocks) {
        return succeed(IoRequest.read(offset, blocks)).data();
    }

    /** Writes whole blocks. */
    public void write(long offset, byte[] data) {
        succeed(IoRequest.write(offset, data.length / blockSize, data));
    }

    /** Writes zeroes. */
    public void writeZeroes(long offset, long blocks) {
        succeed(IoRequest.writeZeroes(offset, blocks));
    }

    /** Unmaps. */
    public void unmap(long offset, long blocks) {
        succeed(IoRequest.unmap(offset, blocks));
    }

    /** Flushes. */
    public void flush() {
        succeed(IoRequest.flush());
    }

    /** Resets. */
    public void reset() {
        succeed(IoRequest.reset());
    }

    /** Copies. */
    public void copy(long to, long from, long blocks) {
        succeed(IoRequest.copy(to, from, blocks));
    }

    /** Compares; returns whether the data are equal. */
    public boolean compare(long offset, byte[] data) {
        return equal(IoRequest.compare(offset, data.length / blockSize, data));
    }

    /** Compares and writes if equal; returns whether it was. */
    public boolean compareAndWrite(long offset, byte[] expected, byte[] data) {
        return equal(IoRequest.compareAndWrite(offset, data.length / blockSize, expected, data));
    }

    /** Searches for data; -1: none. */
    public long seekData(long offset) {
        return succeed(IoRequest.seekData(offset)).result();
    }

    /** Searches for a hole; -1: none. */
    public long seekHole(long offset) {
        return succeed(IoRequest.seekHole(offset)).result();
    }

    /** Reads in the bdev's own memory; null if that is not given. */
    public byte[] directRead(long offset, long blocks) {
        return core.on(reactor, () -> {
            IoVector pieces = new IoVector();
            if (!channel.directAccess(IoType.READ, offset, blocks, pieces)) {
                return null;
            }
            byte[] found = new byte[Math.toIntExact(pieces.totalLength())];
            int at = 0;
            for (int i = 0; i < pieces.count(); i++) {
                pieces.buffer(i).bytes().get(pieces.offset(i), found, at, pieces.length(i));
                at += pieces.length(i);
            }
            return found;
        });
    }

    /** Writes whole blocks in the bdev's own memory; returns whether that was given. */
    public boolean directWrite(long offset, byte[] data) {
        return core.on(reactor, () -> {
            IoVector pieces = new IoVector();
            if (!channel.directAccess(IoType.WRITE, offset, data.length / blockSize, pieces)) {
                return false;
            }
            int at = 0;
            for (int i = 0; i < pieces.count(); i++) {
                pieces.buffer(i).bytes().put(pieces.offset(i), data, at, pieces.length(i));
                at += pieces.length(i);
            }
            return true;
        });
    }

    /** Aborts an I/O of this channel; returns how the abort ended. */
    public IoStatus abort(TestIo victim) {
        return core.await(startAbort(victim).done()).status();
    }

    /** Closes the channel when the last I/O is over, then tells; refuses new I/O at once. On the reactor. */
    void leave(Runnable gone) {
        if (whenLeft != null) {
            throw new IllegalStateException("channel of " + channel.bdev().name() + " closed twice");
        }
        whenLeft = gone;
        leaveIfIdle();
    }

    private void leaveIfIdle() {
        if (whenLeft != null && out == 0 && !left) {
            left = true;
            channel.close();
            memory.forEach(IoBuffer::free);
            memory.clear();
            free.clear();
            whenLeft.run();
        }
    }

    private TestIo succeed(IoRequest request) {
        TestIo io = run(request);
        if (!io.status().isSuccess()) {
            throw new IoFailure(io);
        }
        return io;
    }

    private boolean equal(IoRequest request) {
        TestIo io = run(request);
        if (io.status() == IoStatus.MISCOMPARE) {
            return false;
        }
        if (!io.status().isSuccess()) {
            throw new IoFailure(io);
        }
        return true;
    }

    private void prepare(TestIo io) {
        if (whenLeft != null) {
            io.refused(new BdevException(Errno.ENODEV, "the test's channel is closed"));
            return;
        }
        IoRequest request = io.request();
        IoBuffer buffer = null;
        IoBuffer compare = null;
        int at = 0;
        IoVector vector = null;
        boolean needsMemory =
                switch (request.type()) {
                    case READ -> request.memory() != IoRequest.Memory.LENT;
                    case WRITE, COMPARE, COMPARE_AND_WRITE -> true;
                    default -> false;
                };
        if (needsMemory && (request.blocks() < 1 || request.blocks() > LONGEST / blockSize)) {
            // a length that no memory can have is for the core to refuse: it gets one block's memory
            buffer = take(blockSize);
        } else if (needsMemory) {
            int bytes = (int) request.blocks() * blockSize;
            at = GUARD_BYTES + placement();
            buffer = take(at + bytes + GUARD_BYTES);
            fill(buffer, at, bytes, request.data());
            if (request.type() == IoType.COMPARE_AND_WRITE) {
                compare = take(at + bytes + GUARD_BYTES);
                fill(compare, at, bytes, request.expected());
            }
            if (request.memory() == IoRequest.Memory.PIECES && request.type() != IoType.COMPARE_AND_WRITE) {
                vector = cut(buffer, at, bytes);
            }
        }
        submit(new Run(io, buffer, vector, at, compare, at, null));
    }

    /** Returns where in memory the data starts: mostly as aligned as can be, sometimes as odd as can be. */
    private int placement() {
        return switch (reactor.random().nextInt(4)) {
            case 0 -> 1 + reactor.random().nextInt(100);
            case 1 -> 512 - GUARD_BYTES;
            default -> IoBuffer.ALIGNMENT - GUARD_BYTES;
        };
    }

    private IoVector cut(IoBuffer buffer, int at, int bytes) {
        IoVector vector = new IoVector();
        int done = 0;
        while (done < bytes) {
            int most = bytes - done;
            int length =
                    switch (reactor.random().nextInt(3)) {
                        case 0 -> 1 + reactor.random().nextInt(most);
                        case 1 -> Math.min(most, blockSize);
                        default -> Math.min(most, 512);
                    };
            // a bounded number of pieces: the rest in one
            if (vector.count() == 15) {
                length = most;
            }
            vector.add(buffer, at + done, length);
            done += length;
        }
        return vector;
    }

    private IoBuffer take(int bytes) {
        int capacity = Math.max(4096, Integer.highestOneBit(Math.max(1, bytes - 1)) << 1);
        IoBuffer buffer =
                free.computeIfAbsent(capacity, c -> new ArrayDeque<>()).poll();
        if (buffer == null) {
            buffer = IoBuffer.allocate(capacity);
            memory.add(buffer);
        }
        return buffer;
    }

    private void give(IoBuffer buffer) {
        if (buffer != null) {
            free.get(buffer.capacity()).add(buffer);
        }
    }

    private static void fill(IoBuffer buffer, int at, int bytes, byte[] data) {
        ByteBuffer content = buffer.bytes();
        byte[] guard = new byte[GUARD_BYTES];
        Arrays.fill(guard, GUARD);
        content.put(at - GUARD_BYTES, guard);
        content.put(at + bytes, guard);
        if (data != null) {
            content.put(at, data, 0, Math.min(bytes, data.length));
        } else {
            // not zeroes: a read that puts nothing there must not look right
            byte[] junk = new byte[bytes];
            Arrays.fill(junk, (byte) 0x5A);
            content.put(at, junk);
        }
    }

    private void submit(Run run) {
        out++;
        trySubmit(run);
    }

    private void trySubmit(Run run) {
        Submission submission;
        boolean outer = submitting;
        submitting = true;
        try {
            submission = run.submitTo(channel);
        } catch (BdevException refused) {
            ended(run);
            run.io.refused(refused);
            return;
        } catch (RuntimeException defect) {
            ended(run);
            core.violation("submission of " + run.io + " threw " + defect);
            run.io.refused(defect);
            return;
        } finally {
            submitting = outer;
        }
        if (submission == Submission.NO_MEMORY) {
            channel.queueIoWait(() -> trySubmit(run));
        } else {
            run.io.accepted();
        }
    }

    private void onComplete(BdevIo bdevIo, Run run) {
        IoRequest request = run.io.request();
        if (submitting) {
            core.violation("completion of " + run.io + " from inside a submission");
        }
        if (!reactor.isCurrent()) {
            core.violation("completion of " + run.io + " not on " + reactor.name());
        }
        if (bdevIo.status() == null) {
            core.violation("completion of " + run.io + " without a status");
        } else if (bdevIo.status() == IoStatus.NOMEM) {
            core.violation("completion of " + run.io + " with NOMEM, which submitters never see");
        }
        if (bdevIo.type() != request.type() && request.type() != IoType.ABORT) {
            core.violation("completion of " + run.io + " as " + bdevIo.type());
        }
        byte[] found = null;
        if (request.type() == IoType.READ && bdevIo.status() == IoStatus.SUCCESS) {
            found = run.buffer != null ? run.content() : lent(bdevIo);
        }
        int completions = run.io.completed(bdevIo.status(), found, bdevIo.result());
        if (completions > 1) {
            core.violation(run.io + " completed " + completions + " times");
            return;
        }
        run.checkGuards();
        ended(run);
    }

    private void ended(Run run) {
        out--;
        run.free();
        if (whenLeft != null) {
            // not from inside a completion or a submission: the channel is in use there
            reactor.defer(this::leaveIfIdle);
        }
    }

    private byte[] lent(BdevIo io) {
        byte[] all = new byte[(int) io.byteLength()];
        int at = 0;
        for (int i = 0; i < io.segments() && at < all.length; i++) {
            int length = Math.min(io.segmentLength(i), all.length - at);
            io.segmentBuffer(i).bytes().get(io.segmentOffset(i), all, at, length);
            at += length;
        }
        if (at != all.length) {
            core.violation("a read without memory of " + all.length + " bytes came with " + at);
        }
        return all;
    }

    /** One submission with its memory. */
    private final class Run {
        private final TestIo io;
        private final IoBuffer buffer;
        private final IoVector vector;
        private final int at;
        private final IoBuffer compare;
        private final int compareAt;
        private final TestIo victim;

        Run(TestIo io, IoBuffer buffer, IoVector vector, int at, IoBuffer compare, int compareAt, TestIo victim) {
            this.io = io;
            this.buffer = buffer;
            this.vector = vector;
            this.at = at;
            this.compare = compare;
            this.compareAt = compareAt;
            this.victim = victim;
        }

        Submission submitTo(BdevChannel to) {
            IoRequest r = io.request();
            long offset = r.offset();
            long blocks = r.blocks();
            return switch (r.type()) {
                case READ ->
                    vector != null
                            ? to.read(vector, offset, blocks, this::completed, io)
                            : buffer != null
                                    ? to.read(buffer, at, offset, blocks, this::completed, io)
                                    : to.read(offset, blocks, this::completed, io);
                case WRITE ->
                    vector != null
                            ? to.write(vector, offset, blocks, this::completed, io)
                            : to.write(buffer, at, offset, blocks, this::completed, io);
                case COMPARE -> to.compare(buffer, at, offset, blocks, this::completed, io);
                case COMPARE_AND_WRITE ->
                    to.compareAndWrite(compare, compareAt, buffer, at, offset, blocks, this::completed, io);
                case WRITE_ZEROES -> to.writeZeroes(offset, blocks, this::completed, io);
                case UNMAP -> to.unmap(offset, blocks, this::completed, io);
                case FLUSH -> to.flush(this::completed, io);
                case COPY -> to.copy(offset, r.source(), blocks, this::completed, io);
                case SEEK_DATA -> to.seekData(offset, this::completed, io);
                case SEEK_HOLE -> to.seekHole(offset, this::completed, io);
                case RESET -> to.reset(this::completed, io);
                case ABORT -> to.abort(victim, this::completed, io);
                default -> throw new IllegalArgumentException("no test starts " + r.type());
            };
        }

        private void completed(BdevIo done) {
            onComplete(done, this);
        }

        byte[] content() {
            byte[] all = new byte[Math.toIntExact(io.request().blocks() * blockSize)];
            buffer.bytes().get(at, all);
            return all;
        }

        void checkGuards() {
            if (buffer == null || at == 0) {
                return;
            }
            int bytes = Math.toIntExact(io.request().blocks() * blockSize);
            for (int i = 1; i <= GUARD_BYTES; i++) {
                if (buffer.bytes().get(at - i) != GUARD || buffer.bytes().get(at + bytes + i - 1) != GUARD) {
                    core.violation(io + " wrote outside its memory");
                    return;
                }
            }
            byte[] data = io.request().data();
            if (data != null && !Arrays.equals(data, content())) {
                core.violation(io + " changed the submitter's data");
            }
        }

        void free() {
            give(buffer);
            give(compare);
        }
    }
}
