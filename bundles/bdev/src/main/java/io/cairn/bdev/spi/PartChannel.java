package io.cairn.bdev.spi;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;

/**
 * The channel of a bdev that is a range of its base (split, gpt). The source of a copy moves with its target; the answer
 * of a seek moves back and is none when it lies behind the part's end. A reset resets the whole base.
 */
public class PartChannel extends ForwardingChannel {
    private final long firstBlock;
    private final long numBlocks;

    /**
     * Makes the channel.
     *
     * @param base the base's channel on this reactor; this channel closes it
     * @param firstBlock the part's first block on the base
     * @param numBlocks the part's size in blocks
     */
    public PartChannel(BdevChannel base, long firstBlock, long numBlocks) {
        super(base, firstBlock);
        this.firstBlock = firstBlock;
        this.numBlocks = numBlocks;
    }

    @Override
    public void onComplete(BdevIo child) {
        switch (child.type()) {
            case SEEK_DATA, SEEK_HOLE -> {
                BdevIo io = (BdevIo) child.cookie();
                if (child.status().isSuccess()) {
                    long answer = child.result() - firstBlock;
                    io.completeWithResult(child.result() < 0 || answer >= numBlocks ? -1 : answer);
                } else {
                    io.completeFrom(child);
                }
            }
            default -> super.onComplete(child);
        }
    }
}
