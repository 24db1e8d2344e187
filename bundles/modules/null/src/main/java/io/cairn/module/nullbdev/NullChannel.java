package io.cairn.module.nullbdev;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.IoQueue;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;

/** A reactor's line of I/O for all null disks. What comes in one turn is completed by the poller, never at once. */
final class NullChannel extends BackendChannel {
    private final Reactor reactor;
    private final IoBuffer zeroes;
    private final IoDevice<NullChannel> owner;
    private final IoQueue queue = new IoQueue();
    private final Poller.Registration poller;

    /**
     * Makes the channel and starts its poller. On the reactor.
     *
     * @param zeroes never written to, and lent to readers; not smaller than a read without memory can be
     * @param owner counts who uses this channel
     */
    NullChannel(Reactor reactor, IoBuffer zeroes, IoDevice<NullChannel> owner) {
        this.reactor = reactor;
        this.zeroes = zeroes;
        this.owner = owner;
        this.poller = reactor.poll("null", this::poll);
    }

    @Override
    public void submitRequest(BdevIo io) {
        queue.add(io);
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (!queue.remove(victim)) {
            return false;
        }
        victim.complete(IoStatus.ABORTED);
        return true;
    }

    /** Gives back one disk's use; the last one ends the channel. */
    @Override
    public void close() {
        owner.release(reactor);
    }

    /** Ends the channel. */
    void stop() {
        poller.close();
    }

    private int poll() {
        int waiting = queue.size();
        if (waiting == 0) {
            return Poller.ASLEEP;
        }
        // only what was there when the turn began: a completion may submit more; and may abort some, hence the second
        // check
        for (int i = 0; i < waiting && !queue.isEmpty(); i++) {
            BdevIo io = queue.take();
            if (io.type() == IoType.READ) {
                giveZeroes(io);
            }
            io.complete(IoStatus.SUCCESS);
        }
        return waiting;
    }

    private void giveZeroes(BdevIo io) {
        if (!io.hasData()) {
            io.lend(zeroes, 0);
            return;
        }
        for (int i = 0; i < io.segments(); i++) {
            IoBuffer target = io.segmentBuffer(i);
            int at = io.segmentOffset(i);
            int left = io.segmentLength(i);
            while (left > 0) {
                int piece = Math.min(left, zeroes.capacity());
                zeroes.copyTo(0, target, at, piece);
                at += piece;
                left -= piece;
            }
        }
    }
}
