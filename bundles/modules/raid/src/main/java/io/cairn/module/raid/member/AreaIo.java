package io.cairn.module.raid.member;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One call of {@link ReservedArea}: pieces of what one buffer holds, one after the other, and a flush after them if it is asked for. Owns a channel
 * and a buffer from its start to its end, whatever happens between.
 */
final class AreaIo implements IoCompletion, BdevChannel.IoWait {
    /** How often one I/O is submitted again that was aborted. A bdev that is reset all the time ends the call. */
    private static final int MOST_ABORTS = 8;

    private static final byte[] NONE = {};

    private final Bdev bdev;
    private final IoType type;
    private final long offset;
    private final byte[] content;
    private final long length;
    private final boolean flushAfter;
    private Consumer<BdevException> whenDone;
    private BdevChannel channel;
    private IoBuffer buffer;
    private boolean bufferOfPool;
    private int pieceLimit;
    private int done;
    private int piece;
    private boolean flushing;
    private int aborts;

    private AreaIo(Bdev bdev, IoType type, long offset, byte[] content, long length, boolean flushAfter) {
        this.bdev = bdev;
        this.type = type;
        this.offset = offset;
        this.content = content;
        this.length = length;
        this.flushAfter = flushAfter;
        this.flushing = type == IoType.FLUSH;
    }

    static AreaIo read(Bdev bdev, long offset, byte[] content) {
        return new AreaIo(bdev, IoType.READ, offset, content, content.length, false);
    }

    static AreaIo write(Bdev bdev, long offset, byte[] content, boolean flushAfter) {
        return new AreaIo(bdev, IoType.WRITE, offset, content, content.length, flushAfter);
    }

    static AreaIo zero(Bdev bdev, long offset, long length) {
        return new AreaIo(bdev, IoType.WRITE_ZEROES, offset, NONE, length, false);
    }

    static AreaIo flush(Bdev bdev) {
        return new AreaIo(bdev, IoType.FLUSH, 0, NONE, 0, false);
    }

    /**
     * Begins.
     *
     * @param opener opens a channel of this reactor
     * @param done told once, on this reactor, from inside this call or later, when channel and buffer have been given back: null, or why it failed
     */
    void start(Supplier<BdevChannel> opener, Consumer<BdevException> done) {
        whenDone = done;
        try {
            channel = opener.get();
            if (content.length > 0) {
                takeBuffer();
                nextPiece();
            }
            submit();
        } catch (RuntimeException e) {
            end(refused(e));
        }
    }

    @Override
    public void ioAvailable() {
        try {
            submit();
        } catch (RuntimeException e) {
            endLater(refused(e));
        }
    }

    @Override
    public void onComplete(BdevIo io) {
        IoStatus status = io.status();
        try {
            if (status.kind() == IoStatus.Kind.ABORTED && aborts < MOST_ABORTS) {
                // by a reset of the bdev, which says nothing about this place. If it is on its way out, that refuses
                // the next attempt
                aborts++;
                submit();
            } else if (!status.isSuccess()) {
                endLater(failed(status));
            } else if (completed()) {
                endLater(null);
            } else {
                aborts = 0;
                submit();
            }
        } catch (RuntimeException e) {
            endLater(refused(e));
        }
    }

    private void submit() {
        int blockSize = bdev.blockSize();
        long at = (offset + done) / blockSize;
        Submission submission;
        if (flushing) {
            submission = channel.flush(this, this);
        } else if (type == IoType.WRITE_ZEROES) {
            submission = channel.writeZeroes(at, blocks(length), this, this);
        } else if (type == IoType.READ) {
            submission = channel.read(buffer, 0, at, blocks(piece), this, this);
        } else {
            submission = channel.write(buffer, 0, at, blocks(piece), this, this);
        }
        if (submission == Submission.NO_MEMORY) {
            channel.queueIoWait(this);
        }
    }

    /** Accounts for what is done and prepares what is next. Returns whether that was all. */
    private boolean completed() {
        if (flushing) {
            return true;
        }
        if (type == IoType.READ) {
            buffer.bytes().get(0, content, done, piece);
        }
        done += piece;
        if (done < content.length) {
            nextPiece();
            return false;
        }
        flushing = flushAfter;
        return !flushing;
    }

    private void nextPiece() {
        piece = Math.min(pieceLimit, content.length - done);
        if (type == IoType.WRITE) {
            buffer.bytes().put(0, content, done, piece);
            int end = (int) blocks(piece) * bdev.blockSize();
            for (int i = piece; i < end; i++) {
                buffer.bytes().put(i, (byte) 0);
            }
        }
    }

    private long blocks(long bytes) {
        return (bytes + bdev.blockSize() - 1) / bdev.blockSize();
    }

    private void takeBuffer() {
        int blockSize = bdev.blockSize();
        pieceLimit = BufferPool.LARGEST / blockSize * blockSize;
        int bytes = (int) Math.min(pieceLimit, blocks(content.length) * blockSize);
        buffer = channel.reactor().buffers().take(bytes);
        bufferOfPool = buffer != null;
        if (buffer == null) {
            buffer = IoBuffer.allocate(bytes);
        }
    }

    /** Ends when this completion or notice is over: until then the I/O object counts as used, and its channel cannot be closed. */
    private void endLater(BdevException failure) {
        channel.reactor().defer(() -> end(failure));
    }

    private void end(BdevException failure) {
        if (buffer != null) {
            if (bufferOfPool) {
                channel.reactor().buffers().give(buffer);
            } else {
                buffer.free();
            }
        }
        if (channel != null) {
            channel.close();
        }
        whenDone.accept(failure);
    }

    private BdevException failed(IoStatus status) {
        return new BdevException(status.errno(), what() + " ended with " + status);
    }

    private BdevException refused(RuntimeException cause) {
        Errno errno = cause instanceof BdevException known ? known.errno() : Errno.EIO;
        return new BdevException(errno, what() + " was refused: " + cause.getMessage(), cause);
    }

    private String what() {
        String name = "bdev '" + bdev.name() + "': ";
        if (flushing) {
            return name + "FLUSH";
        }
        long bytes = content.length > 0 ? piece : length;
        return name + type + " of " + bytes + " bytes at byte " + (offset + done);
    }
}
