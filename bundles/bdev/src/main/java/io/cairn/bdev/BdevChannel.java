package io.cairn.bdev;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A descriptor's way to its bdev on one reactor: where I/O is submitted. All calls on that reactor's thread.
 *
 * <p><b>Submission is not completion.</b> A call either throws {@link BdevException} (range, alignment, type, mode:
 * nothing was submitted), or answers {@link Submission#NO_MEMORY} (nothing was submitted, wait and try again), or
 * {@link Submission#ACCEPTED}: then the completion is told exactly once, later, with the I/O's status. Offsets and
 * lengths are in blocks; memory must stay as it is until the completion.
 */
@ProviderType
public abstract class BdevChannel implements AutoCloseable {
    /** For the core only. */
    protected BdevChannel() {}

    /** Returns the descriptor. */
    public abstract BdevDescriptor descriptor();

    /** Returns the reactor. */
    public abstract Reactor reactor();

    /** Returns the bdev. */
    public final Bdev bdev() {
        return descriptor().bdev();
    }

    /** Reads into memory. */
    public abstract Submission read(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie);

    /** Reads into several pieces of memory. */
    public abstract Submission read(
            IoVector vector, long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /**
     * Reads without memory of one's own: the completion finds the data in the I/O ({@code segment...}), valid until it
     * returns and not to be changed. The cheapest way to read where the bdev can lend its memory; at most
     * {@link io.cairn.reactor.BufferPool#LARGEST} bytes.
     */
    public abstract Submission read(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /**
     * Gives the memory in which the bdev itself has some blocks, to be read or written where it lies, without an I/O and without a copy (Linux calls
     * that DAX). Only bdevs in memory have that, and they give it only while nothing stands in the way of an I/O: else {@link #read} or {@link #write} is the way,
     * which waits, or tells the error.
     *
     * <p>The memory is the caller's until it returns to the reactor's loop: whatever is posted, deferred or completed later must not touch it. What it puts there
     * counts as written, and is durable after a flush like other writes. Others may read and change the blocks at the same time.
     *
     * @param type {@link IoType#READ}: the memory must not be changed (many holes may share one page of zeroes); or {@link IoType#WRITE}: all of it must be
     *     filled
     * @param pieces cleared, and filled with what is given: as many bytes as the blocks have
     * @return whether it was given; counted in the statistics like an I/O then, without latency
     * @throws BdevException EINVAL, EPERM, ENODEV: what a submission would throw
     */
    public abstract boolean directAccess(IoType type, long offsetBlocks, long numBlocks, IoVector pieces);

    /** Writes from memory. */
    public abstract Submission write(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie);

    /** Writes from several pieces of memory. */
    public abstract Submission write(
            IoVector vector, long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /** Compares with memory; ends with {@link IoStatus#MISCOMPARE} if the data differ. */
    public abstract Submission compare(
            IoBuffer buffer,
            int bufferOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie);

    /** Compares, and writes if equal, with no other write between; ends with {@link IoStatus#MISCOMPARE} if not. */
    public abstract Submission compareAndWrite(
            IoBuffer compare,
            int compareOffset,
            IoBuffer write,
            int writeOffset,
            long offsetBlocks,
            long numBlocks,
            IoCompletion completion,
            Object cookie);

    /** Writes zeroes. */
    public abstract Submission writeZeroes(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /** Tells that the blocks' content is not needed any more. What a read finds there afterwards is the module's to say. */
    public abstract Submission unmap(long offsetBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /** Makes all writes durable that completed before this was submitted. */
    public abstract Submission flush(IoCompletion completion, Object cookie);

    /** Copies within the bdev. */
    public abstract Submission copy(
            long toBlocks, long fromBlocks, long numBlocks, IoCompletion completion, Object cookie);

    /** Finds the first block at or after an offset that may hold data: {@link BdevIo#result()}. */
    public abstract Submission seekData(long offsetBlocks, IoCompletion completion, Object cookie);

    /** Finds the first block at or after an offset that holds none: {@link BdevIo#result()}. */
    public abstract Submission seekHole(long offsetBlocks, IoCompletion completion, Object cookie);

    /**
     * Resets the bdev: I/O that is queued in the core on any channel is aborted, I/O in the module is drained or aborted by the
     * module, new I/O waits until the reset is over.
     */
    public abstract Submission reset(IoCompletion completion, Object cookie);

    /**
     * Aborts this channel's I/Os that carry a cookie. Ends with success if all that were found ended by the abort or were
     * over by then, and fails if none was found or one could not be aborted.
     */
    public abstract Submission abort(Object victimCookie, IoCompletion completion, Object cookie);

    /**
     * Submits a child of an I/O that a virtual module received: same type, length and data, at an offset of this channel's
     * bdev. The cookie is the parent. This is how a one-to-one or a partition module passes I/O on.
     *
     * @param offsetBlocks the child's first block; for a COPY the source moves by the same distance. RESET and FLUSH ignore it
     */
    public abstract Submission forward(BdevIo parent, long offsetBlocks, IoCompletion completion);

    /**
     * Gives up the child of an I/O that was passed on with {@link #forward}, when the I/O itself is aborted. Unlike an abort this needs no
     * I/O object, of which there may be none exactly when I/O is stuck; the child's end is told as always.
     *
     * @param parent the I/O that is the child's cookie
     * @return whether a child will end soon
     */
    public abstract boolean abortForwarded(BdevIo parent);

    /**
     * Gives up all I/O that is out on this channel, for a user who leaves. It needs no I/O object, and there is no answer: what can be aborted ends
     * soon, from inside this call or later, and each end is told as always. I/O that the module cannot abort ends by itself.
     */
    public abstract void abortAll();

    /** Gets told once, on this reactor, when an I/O object of this channel is free: first come, first told. */
    public abstract void queueIoWait(IoWait wait);

    /** Waits for an I/O object. */
    @FunctionalInterface
    public interface IoWait {
        /** Try the submission again now. */
        void ioAvailable();
    }

    /** Gives one reference back; the last one closes. No I/O may be out. */
    @Override
    public abstract void close();
}
