package io.cairn.bdev.spi;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.Submission;

/**
 * The channel of a bdev that passes each I/O on to one base, as a child I/O of its own, and completes the I/O as the
 * child completes. Allocates nothing per I/O.
 *
 * <p>When the base has no I/O object free, I/O waits here in the order in which it came and is passed on as objects
 * come free. Subclasses override {@link #childCompleted} to look at or change what goes back, and {@link #submitRequest}
 * to look at what comes.
 */
public class ForwardingChannel extends BackendChannel {
    private static final IoCompletion IGNORED = io -> {};

    private final BdevChannel base;
    private final long firstBlock;
    private final IoQueue waiting = new IoQueue();
    private final IoCompletion completion = this::onChild;
    private final BdevChannel.IoWait retry = this::onIoAvailable;
    private boolean retryQueued;

    /**
     * Passes on block for block.
     *
     * @param base the base's channel on this reactor; this channel closes it
     */
    public ForwardingChannel(BdevChannel base) {
        this(base, 0);
    }

    /**
     * Passes on with a constant distance.
     *
     * @param firstBlock the base's block that is this bdev's block 0
     */
    public ForwardingChannel(BdevChannel base, long firstBlock) {
        this.base = base;
        this.firstBlock = firstBlock;
    }

    @Override
    public void submitRequest(BdevIo io) {
        if (waiting.isEmpty()) {
            if (!passOn(io)) {
                waiting.add(io);
            }
        } else {
            waiting.add(io);
        }
    }

    /**
     * Completes an I/O whose child is over. Default: as the child ended, with all detail.
     *
     * @param io the I/O that this bdev received
     * @param child the base's I/O; not to be kept
     */
    protected void childCompleted(BdevIo io, BdevIo child) {
        io.completeFrom(child);
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (waiting.remove(victim)) {
            victim.complete(IoStatus.ABORTED);
            return true;
        }
        try {
            // a child's cookie is its parent
            return base.abort(victim, IGNORED, null) == Submission.ACCEPTED;
        } catch (BdevException e) {
            return false;
        }
    }

    @Override
    public void close() {
        base.close();
    }

    private boolean passOn(BdevIo io) {
        Submission submission;
        try {
            submission = base.forward(io, io.offsetBlocks() + firstBlock, completion);
        } catch (BdevException e) {
            io.complete(IoStatus.errno(e.errno()));
            return true;
        }
        if (submission == Submission.ACCEPTED) {
            return true;
        }
        if (!retryQueued) {
            retryQueued = true;
            base.queueIoWait(retry);
        }
        return false;
    }

    private void onChild(BdevIo child) {
        childCompleted((BdevIo) child.cookie(), child);
    }

    private void onIoAvailable() {
        retryQueued = false;
        while (!waiting.isEmpty()) {
            // out of the line first: a refusal completes the I/O, and its owner may submit or abort others at once
            BdevIo io = waiting.take();
            if (!passOn(io)) {
                waiting.addFirst(io);
                return;
            }
        }
    }
}
