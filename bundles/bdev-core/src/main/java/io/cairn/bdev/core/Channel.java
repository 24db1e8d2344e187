package io.cairn.bdev.core;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoTimeoutListener;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A descriptor's channel on one reactor: checks what is submitted, and gives it on. {@link #submit} is the fast path: what is
 * rare is behind one branch each.
 */
final class Channel extends BdevChannel {
    private final Descriptor descriptor;
    private final SharedChannel shared;
    private final CoreBdev bdev;
    private final Reactor reactor;
    private final IoPool pool;
    private final int blockSize;
    private final long fastBlocks;
    private final long alignmentMask;
    private final long writeUnit;
    private final ArrayDeque<IoWait> waits = new ArrayDeque<>();
    private int allowed;
    private int references = 1;
    private boolean revoked;
    private Poller.Registration timeoutPoller;

    Channel(Descriptor descriptor, SharedChannel shared, int ioObjects) {
        this.descriptor = descriptor;
        this.shared = shared;
        this.bdev = shared.bdev;
        this.reactor = shared.reactor;
        this.pool = new IoPool(shared, ioObjects, false, this);
        this.blockSize = bdev.blockSize();
        this.fastBlocks = bdev.fastBlocks();
        this.alignmentMask = bdev.alignmentMask();
        this.writeUnit = bdev.limits().writeUnitBlocks();
        this.allowed = descriptor.allowedTypes();
        shared.add(this);
        startTimeouts();
    }

    IoPool pool() {
        return pool;
    }

    void addReference() {
        references++;
    }

    @Override
    public Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    // ---- the fast path ----

    @Override
    public Submission read(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie) {
        return submit(IoType.READ, buffer, bufferOffset, null, offsetBlocks, numBlocks, completion, cookie);
    }

    @Override
    public Submission read(IoVector vector, long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        return submit(IoType.READ, null, 0, vector, offsetBlocks, numBlocks, completion, cookie);
    }

    @Override
    public Submission read(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        return submit(IoType.READ, null, 0, null, offsetBlocks, numBlocks, completion, cookie);
    }

    @Override
    public Submission write(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie) {
        return submit(IoType.WRITE, buffer, bufferOffset, null, offsetBlocks, numBlocks, completion, cookie);
    }

    @Override
    public Submission write(
            IoVector vector, long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        return submit(IoType.WRITE, null, 0, vector, offsetBlocks, numBlocks, completion, cookie);
    }

    @Override
    public Submission forward(BdevIo parent, long offsetBlocks, IoCompletion completion) {
        IoType type = parent.type();
        if (type == IoType.READ || type == IoType.WRITE) {
            return submit(
                    type,
                    parent.buffer(),
                    parent.bufferOffset(),
                    parent.vector(),
                    offsetBlocks,
                    parent.numBlocks(),
                    completion,
                    parent);
        }
        return forwardRarely(parent, offsetBlocks, completion);
    }

    private Submission submit(
            IoType type,
            IoBuffer buffer,
            int bufferOffset,
            IoVector vector,
            long offset,
            long blocks,
            IoCompletion completion,
            Object cookie) {
        if ((allowed & type.bit()) == 0 || !reactor.isCurrent()) {
            checkAllowed(type);
        }
        if (offset < 0 || blocks <= 0 || offset > bdev.numBlocks() - blocks) {
            throw refusedRange(type, offset, blocks);
        }
        if (writeUnit > 1 && type != IoType.READ) {
            checkUnit(type, offset, blocks);
        }
        long bytes = blocks * blockSize;
        boolean fast;
        if (buffer != null) {
            if (bufferOffset < 0 || bytes > buffer.capacity() - bufferOffset) {
                throw refusedMemory(type, bytes, buffer, bufferOffset);
            }
            fast = ((buffer.address() + bufferOffset) & alignmentMask) == 0;
        } else {
            checkOtherData(type, vector, bytes);
            fast = vector == null;
        }
        Io io = pool.take();
        if (io == null) {
            return Submission.NO_MEMORY;
        }
        io.prepare(type, offset, blocks, bytes, completion, cookie);
        io.data(buffer, bufferOffset, vector);
        io.submitted = reactor.nowNanos();
        if (fast && blocks <= fastBlocks && shared.gate == 0) {
            shared.start(io);
        } else {
            beginRarely(io);
        }
        return Submission.ACCEPTED;
    }

    @Override
    public boolean directAccess(IoType type, long offset, long blocks, IoVector pieces) {
        if (type != IoType.READ && type != IoType.WRITE) {
            throw new BdevException(Errno.EINVAL, "direct access to " + bdev.name() + " for a " + type);
        }
        if ((allowed & type.bit()) == 0 || !reactor.isCurrent()) {
            checkAllowed(type);
        }
        checkRange(type, offset, blocks);
        if (writeUnit > 1 && type != IoType.READ) {
            checkUnit(type, offset, blocks);
        }
        pieces.clear();
        return shared.directAccess(type, offset, blocks, blocks * blockSize, pieces);
    }

    // ---- what is rare ----

    private void beginRarely(Io io) {
        shared.begin(io);
    }

    private void checkAllowed(IoType type) {
        reactor.requireCurrent();
        if (revoked) {
            throw new BdevException(
                    Errno.ENODEV, "bdev " + bdev.name() + " was removed from under " + descriptor.holder());
        }
        allowed = descriptor.allowedTypes();
        if ((allowed & type.bit()) == 0) {
            throw descriptor.refused(type);
        }
    }

    private void checkOtherData(IoType type, IoVector vector, long bytes) {
        if (vector != null) {
            if (vector.totalLength() != bytes) {
                throw new BdevException(
                        Errno.EINVAL,
                        type + " of " + bytes + " bytes on " + bdev.name() + " with " + vector.totalLength()
                                + " bytes of memory");
            }
        } else if (type != IoType.READ) {
            throw new BdevException(Errno.EINVAL, type + " on " + bdev.name() + " without memory");
        } else if (bytes > BufferPool.LARGEST) {
            throw new BdevException(
                    Errno.EINVAL,
                    "a read without memory of its own on " + bdev.name() + " has at most " + BufferPool.LARGEST
                            + " bytes, not " + bytes);
        }
    }

    private BdevException refusedRange(IoType type, long offset, long blocks) {
        return new BdevException(
                Errno.EINVAL,
                type + " of " + blocks + " blocks at " + offset + " is not within " + bdev.name() + ", which has "
                        + bdev.numBlocks() + " blocks");
    }

    private BdevException refusedMemory(IoType type, long bytes, IoBuffer buffer, int offset) {
        return new BdevException(
                Errno.EINVAL,
                type + " of " + bytes + " bytes on " + bdev.name() + " with memory of " + buffer.capacity()
                        + " bytes from " + offset + " on");
    }

    private Submission forwardRarely(BdevIo parent, long offset, IoCompletion completion) {
        long blocks = parent.numBlocks();
        return switch (parent.type()) {
            case COMPARE -> compare(parent.buffer(), parent.bufferOffset(), offset, blocks, completion, parent);
            case COMPARE_AND_WRITE ->
                compareAndWrite(
                        parent.compareBuffer(),
                        parent.compareOffset(),
                        parent.buffer(),
                        parent.bufferOffset(),
                        offset,
                        blocks,
                        completion,
                        parent);
            case WRITE_ZEROES -> writeZeroes(offset, blocks, completion, parent);
            case UNMAP -> unmap(offset, blocks, completion, parent);
            case FLUSH -> flush(completion, parent);
            case COPY ->
                copy(offset, parent.sourceBlocks() + offset - parent.offsetBlocks(), blocks, completion, parent);
            case SEEK_DATA -> seekData(offset, completion, parent);
            case SEEK_HOLE -> seekHole(offset, completion, parent);
            case RESET -> reset(completion, parent);
            default ->
                throw new BdevException(Errno.EOPNOTSUPP, parent.type() + " cannot be passed on to " + bdev.name());
        };
    }

    @Override
    public Submission compare(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie) {
        checkMemory(IoType.COMPARE, buffer, bufferOffset, numBlocks);
        return submitRarely(IoType.COMPARE, offsetBlocks, numBlocks, completion, cookie, io -> {
            io.data(buffer, bufferOffset, null);
        });
    }

    @Override
    public Submission compareAndWrite(
            IoBuffer compare,
            int compareOffset,
            IoBuffer write,
            int writeOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie) {
        checkMemory(IoType.COMPARE_AND_WRITE, compare, compareOffset, numBlocks);
        checkMemory(IoType.COMPARE_AND_WRITE, write, writeOffset, numBlocks);
        if (numBlocks > BufferPool.LARGEST / blockSize) {
            throw new BdevException(
                    Errno.EINVAL,
                    "COMPARE_AND_WRITE on " + bdev.name() + " has at most " + BufferPool.LARGEST / blockSize
                            + " blocks, not " + numBlocks);
        }
        return submitRarely(IoType.COMPARE_AND_WRITE, offsetBlocks, numBlocks, completion, cookie, io -> {
            io.data(write, writeOffset, null);
            io.compare(compare, compareOffset);
        });
    }

    @Override
    public Submission writeZeroes(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        return submitRarely(IoType.WRITE_ZEROES, offsetBlocks, numBlocks, completion, cookie, Channel::withoutData);
    }

    @Override
    public Submission unmap(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        return submitRarely(IoType.UNMAP, offsetBlocks, numBlocks, completion, cookie, Channel::withoutData);
    }

    @Override
    public Submission flush(IoCompletion completion, Object cookie) {
        return submitRarely(IoType.FLUSH, 0, bdev.numBlocks(), completion, cookie, Channel::withoutData);
    }

    @Override
    public Submission copy(long toBlocks, long fromBlocks, long numBlocks, IoCompletion completion, Object cookie) {
        checkRange(IoType.COPY, fromBlocks, numBlocks);
        if (fromBlocks < toBlocks + numBlocks && toBlocks < fromBlocks + numBlocks) {
            throw new BdevException(
                    Errno.EINVAL,
                    "COPY on " + bdev.name() + ": " + numBlocks + " blocks at " + fromBlocks + " and at " + toBlocks
                            + " overlap");
        }
        return submitRarely(IoType.COPY, toBlocks, numBlocks, completion, cookie, io -> {
            withoutData(io);
            io.source(fromBlocks);
        });
    }

    @Override
    public Submission seekData(long offsetBlocks, IoCompletion completion, Object cookie) {
        return submitRarely(
                IoType.SEEK_DATA,
                offsetBlocks,
                bdev.numBlocks() - offsetBlocks,
                completion,
                cookie,
                Channel::withoutData);
    }

    @Override
    public Submission seekHole(long offsetBlocks, IoCompletion completion, Object cookie) {
        return submitRarely(
                IoType.SEEK_HOLE,
                offsetBlocks,
                bdev.numBlocks() - offsetBlocks,
                completion,
                cookie,
                Channel::withoutData);
    }

    @Override
    public Submission reset(IoCompletion completion, Object cookie) {
        return submitRarely(IoType.RESET, 0, bdev.numBlocks(), completion, cookie, Channel::withoutData);
    }

    @Override
    public Submission abort(Object victimCookie, IoCompletion completion, Object cookie) {
        reactor.requireCurrent();
        Io io = pool.take();
        if (io == null) {
            return Submission.NO_MEMORY;
        }
        io.prepare(IoType.ABORT, 0, 0, 0, completion, cookie);
        withoutData(io);
        io.submitted = reactor.nowNanos();
        Aborts.begin(io, this, victimCookie);
        return Submission.ACCEPTED;
    }

    @Override
    public boolean abortForwarded(BdevIo parent) {
        reactor.requireCurrent();
        return Aborts.giveUpAll(this, parent);
    }

    @Override
    public void abortAll() {
        reactor.requireCurrent();
        Aborts.giveUpAll(this);
    }

    /** Sets what only some types have. */
    private interface Details {
        void set(Io io);
    }

    private static void withoutData(Io io) {
        io.data(null, 0, null);
    }

    private Submission submitRarely(
            IoType type, long offset, long blocks, IoCompletion completion, Object cookie, Details details) {
        checkAllowed(type);
        checkRange(type, offset, blocks);
        if (writeUnit > 1 && type.changesData() && type != IoType.UNMAP) {
            checkUnit(type, offset, blocks);
        }
        // a reset must not wait for what it is to end
        Io io = type == IoType.RESET ? pool.takeForReset() : pool.take();
        if (io == null) {
            return Submission.NO_MEMORY;
        }
        io.prepare(type, offset, blocks, blocks * blockSize, completion, cookie);
        details.set(io);
        io.submitted = reactor.nowNanos();
        beginRarely(io);
        return Submission.ACCEPTED;
    }

    private void checkUnit(IoType type, long offset, long blocks) {
        if (offset % writeUnit != 0 || blocks % writeUnit != 0) {
            throw new BdevException(
                    Errno.EINVAL,
                    type + " of " + blocks + " blocks at " + offset + " on " + bdev.name()
                            + " is not made of whole units of " + writeUnit + " blocks");
        }
    }

    private void checkRange(IoType type, long offset, long blocks) {
        if (offset < 0 || blocks <= 0 || offset > bdev.numBlocks() - blocks) {
            throw refusedRange(type, offset, blocks);
        }
    }

    private void checkMemory(IoType type, IoBuffer buffer, int offset, long blocks) {
        long bytes = Math.multiplyExact(blocks, blockSize);
        if (offset < 0 || bytes > buffer.capacity() - offset) {
            throw refusedMemory(type, bytes, buffer, offset);
        }
    }

    // ---- waiting for an I/O object ----

    @Override
    public void queueIoWait(IoWait wait) {
        reactor.requireCurrent();
        waits.add(wait);
        pool.watch(true);
        if (pool.hasFree()) {
            reactor.defer(this::tellWaiting);
        }
    }

    /** An I/O object came back while somebody waits. */
    void tellWaiting() {
        while (!waits.isEmpty() && pool.hasFree()) {
            int before = waits.size();
            waits.poll().ioAvailable();
            if (waits.size() >= before) {
                break;
            }
        }
        pool.watch(!waits.isEmpty());
    }

    // ---- time-outs ----

    /** Follows the descriptor's time-out. */
    void startTimeouts() {
        if (timeoutPoller != null) {
            timeoutPoller.close();
            timeoutPoller = null;
        }
        long nanos = descriptor.timeoutNanos();
        if (nanos > 0) {
            timeoutPoller =
                    reactor.poll("I/O time-outs of " + bdev.name(), Math.max(1, nanos / 4), this::checkTimeouts);
        }
    }

    private int checkTimeouts() {
        IoTimeoutListener listener = descriptor.timeoutListener();
        long limit = descriptor.timeoutNanos();
        int told = 0;
        for (int i = 0; i < pool.size(); i++) {
            Io io = pool.get(i);
            if (io.isOut() && (io.extras & Io.TIMED_OUT) == 0 && reactor.nowNanos() - io.submitted >= limit) {
                io.extras |= Io.TIMED_OUT;
                listener.onTimeout(this, io);
                told++;
            }
        }
        return told;
    }

    // ---- the end ----

    /**
     * The descriptor lost the bdev: nothing goes in any more. What waits in the core has been ended; what is in the module is aborted if it
     * can be, and is told when the module gives it back, because its memory is in use until then.
     */
    void revoke() {
        revoked = true;
        allowed = 0;
        for (int i = 0; i < pool.size(); i++) {
            Io io = pool.get(i);
            if (io.state == Io.HELD) {
                shared.abortPieces(io);
            } else if (io.state == Io.PENDING && bdev.isNative(IoType.ABORT)) {
                shared.abortInModule(io);
            }
        }
        List<IoWait> all = List.copyOf(waits);
        waits.clear();
        pool.watch(false);
        all.forEach(IoWait::ioAvailable);
    }

    @Override
    public void close() {
        reactor.requireCurrent();
        if (references == 0) {
            throw new IllegalStateException(
                    "channel of " + descriptor.holder() + " on " + bdev.name() + " closed too often");
        }
        if (references == 1 && pool.inUse() > 0 && !revoked) {
            throw new IllegalStateException("channel of " + descriptor.holder() + " on " + bdev.name() + " closed with "
                    + pool.inUse() + " I/Os out");
        }
        if (--references == 0) {
            if (timeoutPoller != null) {
                timeoutPoller.close();
            }
            shared.remove(this);
            descriptor.channelClosed(this);
            pool.forgetSubmitter();
        }
    }
}
