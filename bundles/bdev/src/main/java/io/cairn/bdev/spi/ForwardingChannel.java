package io.cairn.bdev.spi;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import java.util.Set;

/**
 * The channel of a bdev that passes each I/O on to one base, as a child I/O of its own, and completes the I/O as the
 * child completes. Allocates nothing per I/O.
 *
 * <p>When the base has no I/O object free, I/O waits here in the order in which it came and is passed on as objects
 * come free. Subclasses override {@link #onComplete} to look at or change what goes back, and {@link #submitRequest}
 * to look at what comes.
 */
public class ForwardingChannel extends BackendChannel implements IoCompletion {
    /** What can be passed on: what a module that forwards everything declares. The base's types decide what of it is offered. */
    public static final Set<IoType> TYPES = Set.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.ABORT,
            IoType.SEEK_HOLE,
            IoType.SEEK_DATA,
            IoType.COPY);

    private final BdevChannel base;
    private final long firstBlock;
    private final IoQueue waiting = new IoQueue();
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
     * Completes an I/O whose child is over: as the child ended, with all detail.
     *
     * @param child the base's I/O, not to be kept; its cookie is the I/O that this bdev received
     */
    @Override
    public void onComplete(BdevIo child) {
        ((BdevIo) child.cookie()).completeFrom(child);
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (waiting.remove(victim)) {
            victim.complete(IoStatus.ABORTED);
            return true;
        }
        return base.abortForwarded(victim);
    }

    /** Ends what waits for an I/O object of the base. */
    @Override
    public void endKept() {
        while (!waiting.isEmpty()) {
            waiting.take().complete(IoStatus.ABORTED);
        }
    }

    /** Gives back what waits for an I/O object of the base: it has not been begun. */
    @Override
    public void giveBack() {
        for (int i = waiting.size(); i > 0; i--) {
            waiting.take().complete(IoStatus.NOMEM);
        }
    }

    @Override
    public void close() {
        base.close();
    }

    /**
     * Submits an I/O's child to the base. Subclasses override it to submit another one, or to count.
     *
     * @return as the submission to the base; after {@code NO_MEMORY} it is tried again in its turn
     * @throws BdevException the base refuses it; the I/O ends with that error
     */
    protected Submission forward(BdevIo io) {
        return base.forward(io, io.offsetBlocks() + firstBlock, this);
    }

    private boolean passOn(BdevIo io) {
        Submission submission;
        try {
            submission = forward(io);
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
