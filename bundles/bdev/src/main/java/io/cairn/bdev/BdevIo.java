package io.cairn.bdev;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One I/O on its way: what is asked, for the module that serves it; how it ended, for the one who asked.
 *
 * <p>Objects of this class belong to their channel, which uses them again and again: nobody keeps one beyond the
 * completion. Everything here is for the channel's reactor.
 *
 * <p><b>Data.</b> A read or write has its data in one piece ({@link #vector()} is null: {@link #buffer()},
 * {@link #bufferOffset()}, {@link #byteLength()}) or in several ({@link #vector()}). A read may come without memory
 * ({@link #hasData()} is false): the module that serves it then either lends constant memory of its own
 * ({@link #lend}) or asks the core for some ({@link #needData}); a virtual module just passes it on.
 */
@ProviderType
public abstract class BdevIo {
    /** What is asked. Set by the core. */
    protected IoType type;
    /** First block. Set by the core. */
    protected long offsetBlocks;
    /** Number of blocks. Set by the core. */
    protected long numBlocks;
    /** The data, if in one piece. Set by the core. */
    protected IoBuffer buffer;
    /** Where the data starts in {@link #buffer}. Set by the core. */
    protected int bufferOffset;
    /** The data, if in several pieces. Set by the core. */
    protected IoVector vector;
    /** Whose completion is told. Set by the core. */
    protected Object cookie;
    /** The outcome. Set by the core. */
    protected IoStatus status;
    /** A number that is the answer of some types. */
    protected long result;
    /** The module's context. Set by the core, once per object. */
    protected Object context;

    /** For the core only. */
    protected BdevIo() {}

    /** Returns what is asked. */
    public final IoType type() {
        return type;
    }

    /** Returns the first block. */
    public final long offsetBlocks() {
        return offsetBlocks;
    }

    /** Returns the number of blocks. */
    public final long numBlocks() {
        return numBlocks;
    }

    /** Returns the first block of a COPY's source. */
    public abstract long sourceBlocks();

    /** Returns whether there is memory for the data. Always true for a write. */
    public final boolean hasData() {
        return buffer != null || vector != null;
    }

    /** Returns the data's memory, if it is in one piece; else null. */
    public final IoBuffer buffer() {
        return buffer;
    }

    /** Returns where the data starts in {@link #buffer()}. */
    public final int bufferOffset() {
        return bufferOffset;
    }

    /** Returns the data's pieces, if there are several; else null. */
    public final IoVector vector() {
        return vector;
    }

    /** Returns the memory that holds what a COMPARE_AND_WRITE compares with; {@link #buffer()} holds what it writes. */
    public abstract IoBuffer compareBuffer();

    /** Returns where that starts. */
    public abstract int compareOffset();

    /** Returns the submitter's cookie. */
    public final Object cookie() {
        return cookie;
    }

    /** Returns the outcome; null while the I/O is out. */
    public final IoStatus status() {
        return status;
    }

    /** Returns the answer of SEEK_DATA and SEEK_HOLE: a block, or -1 if there is none. */
    public final long result() {
        return result;
    }

    /** Returns the module's context object for this I/O object: made once by {@code BdevBackend.newIoContext}, its content is whatever the last use left. */
    public final Object context() {
        return context;
    }

    /** Returns the bytes of data that the I/O is about: its blocks times the block size. */
    public abstract long byteLength();

    /** Returns the number of pieces of the data; 0 without data. */
    public final int segments() {
        return vector != null ? vector.count() : hasData() ? 1 : 0;
    }

    /** Returns the memory of piece i. */
    public final IoBuffer segmentBuffer(int i) {
        return vector != null ? vector.buffer(i) : buffer;
    }

    /** Returns where piece i starts in its memory. */
    public final int segmentOffset(int i) {
        return vector != null ? vector.offset(i) : bufferOffset;
    }

    /** Returns the bytes of piece i. */
    public final int segmentLength(int i) {
        return vector != null ? vector.length(i) : (int) byteLength();
    }

    /** Returns the reactor that this I/O lives on. */
    public abstract Reactor reactor();

    /** Returns the bdev that this I/O is for. */
    public abstract Bdev bdev();

    /** Returns when the I/O was submitted, in the time of its reactor's {@code nowNanos}. */
    public abstract long submittedNanos();

    /**
     * Ends the I/O. Called by the module, exactly once per I/O that it was given, on the I/O's reactor. A second call is
     * caught, counted against the module and does no harm. From inside {@code submitRequest} it is allowed: the submitter
     * is told at the end of the turn.
     *
     * <p>{@link IoStatus#NOMEM} means "not now": the core keeps the I/O and gives it to the module again.
     */
    public abstract void complete(IoStatus outcome);

    /** Ends the I/O as its child ended: status with all its detail, result, and data that the child was lent. */
    public abstract void completeFrom(BdevIo child);

    /** Ends a SEEK_DATA or SEEK_HOLE with its answer. */
    public final void completeWithResult(long answer) {
        result = answer;
        complete(IoStatus.SUCCESS);
    }

    /**
     * Gives a read without memory some that is never changed and never freed (a page of zeroes, say), instead of copying.
     * For a read for which {@link #hasData()} is false; complete it afterwards.
     */
    public abstract void lend(IoBuffer constant, int offset);

    /**
     * Gets memory for a read without any, from its reactor's pool, at once or when some comes back; then gives the I/O to
     * {@code submitRequest} again, with data. The pool's memory goes back by itself after the completion.
     */
    public abstract void needData();
}
