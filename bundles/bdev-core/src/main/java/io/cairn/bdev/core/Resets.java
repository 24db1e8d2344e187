package io.cairn.bdev.core;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;

/**
 * Resets of a bdev, one at a time: every channel lets new I/O wait and aborts what waits in the core; then the module resets, or, if it
 * has no reset, what it has is waited for; then the channels go on and the submitter is told.
 */
final class Resets implements IoCompletion {
    private final CoreBdev bdev;
    private final ArrayDeque<Io> waiting = new ArrayDeque<>();
    private Io current;
    private volatile boolean underWay;

    Resets(CoreBdev bdev) {
        this.bdev = bdev;
    }

    /** Returns whether a new channel has to wait; from any reactor. */
    boolean underWay() {
        return underWay;
    }

    private Reactor app() {
        return bdev.reactors().app();
    }

    /** Resets on behalf of an I/O. From its reactor. */
    void request(Io io) {
        app().execute(() -> {
            waiting.add(io);
            if (bdev.isLeaving()) {
                refuseWaiting();
            } else if (current == null) {
                next();
            }
        });
    }

    /** The bdev is on its way out: what has not begun ends. App thread. */
    void refuseWaiting() {
        for (Io io = waiting.poll(); io != null; io = waiting.poll()) {
            Io refused = io;
            refused.reactor().execute(() -> refused.shared.finish(refused, IoStatus.NO_DEVICE));
        }
    }

    private void next() {
        current = waiting.poll();
        if (current == null) {
            return;
        }
        underWay = true;
        if (bdev.isNative(IoType.RESET)) {
            bdev.sharedChannels().forEachChannel(app(), SharedChannel::freeze, () -> current.reactor()
                    .execute(this::resetModule));
        } else {
            drain();
        }
    }

    private void resetModule() {
        Io io = current;
        if ((io.shared.gate & SharedChannel.REMOVED) != 0) {
            // the removal has begun since the reset has: what is given to the module now would be aborted by nobody
            app().execute(() -> end(IoStatus.NO_DEVICE));
            return;
        }
        Io child = io.shared.internal.takeForReset();
        if (child == null) {
            // all of the core's own objects are out: as soon as the drain has brought one back
            io.shared.whenDrained(null, this::resetModule);
            return;
        }
        child.data(null, 0, null);
        io.shared.startInternal(child, IoType.RESET, 0, io.numBlocks(), this, io);
    }

    /** The module has reset. On the I/O's reactor. */
    @Override
    public void onComplete(BdevIo child) {
        IoStatus outcome = child.status();
        app().execute(() -> end(outcome));
    }

    private void drain() {
        int[] draining = {1};
        Runnable drained = () -> {
            if (--draining[0] == 0) {
                end(IoStatus.SUCCESS);
            }
        };
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            channel.freeze();
                            app().execute(() -> draining[0]++);
                            channel.whenDrained(null, () -> app().execute(drained));
                        },
                        drained);
    }

    private void end(IoStatus outcome) {
        Io io = current;
        // before the channels go on: one that is opened after its reactor's visit must not wait
        underWay = false;
        bdev.sharedChannels().forEachChannel(app(), SharedChannel::unfreeze, () -> {
            io.reactor().execute(() -> io.shared.finish(io, outcome));
            next();
        });
    }
}
