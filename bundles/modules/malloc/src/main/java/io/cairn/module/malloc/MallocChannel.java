package io.cairn.module.malloc;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.IoQueue;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;

/** A reactor's line of I/O for all malloc disks. The poller copies, so much a turn, and completes. */
final class MallocChannel extends BackendChannel {
    /** About half a millisecond of copying; what is left waits for the next turn. */
    private static final long BYTES_PER_TURN = 4 << 20;

    /** What an I/O without data, or one that only drops chunks, counts at most. */
    private static final long MOST_BYTES_OF_ONE = 1 << 20;

    private final Reactor reactor;
    private final IoDevice<MallocChannel> owner;
    private final Reclaimer reclaimer;
    private final IoQueue queue = new IoQueue();
    private final Poller.Registration poller;

    /**
     * Makes the channel and starts its poller. On the reactor.
     *
     * @param owner counts who uses this channel
     */
    MallocChannel(Reactor reactor, IoDevice<MallocChannel> owner, Reclaimer reclaimer) {
        this.reactor = reactor;
        this.owner = owner;
        this.reclaimer = reclaimer;
        this.poller = reactor.poll("malloc", this::poll);
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
        // only what was there when the turn began: a completion may submit more; and may abort some, hence the check
        // for empty
        long budget = BYTES_PER_TURN;
        int served = 0;
        while (served < waiting && budget > 0 && !queue.isEmpty()) {
            BdevIo io = queue.take();
            served++;
            budget -= Math.min(io.byteLength(), MOST_BYTES_OF_ONE);
            // the context of every I/O of a disk is the disk
            ((MallocDisk) io.context()).serve(io, reclaimer);
        }
        return served;
    }
}
