package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Locks of block ranges over all channels of a bdev, for I/O that must not be mixed with other writes. Granted on the app thread, first
 * come first served among those that overlap: every channel is told to hold writes into the range back, and has answered when none
 * is under way; then the I/O goes on, on its own reactor.
 */
final class RangeLocks {
    private final CoreBdev bdev;
    private final ArrayDeque<RangeLock> waiting = new ArrayDeque<>();
    private volatile List<RangeLock> active = List.of();

    RangeLocks(CoreBdev bdev) {
        this.bdev = bdev;
    }

    /** Returns the locks that a new channel must know; from any reactor. */
    List<RangeLock> active() {
        return active;
    }

    /** Locks an I/O's range and then starts its pieces. From the I/O's reactor. */
    void lock(Io io) {
        io.state = Io.LOCKING;
        RangeLock lock = new RangeLock(io, io.offsetBlocks(), io.numBlocks());
        app().execute(() -> request(lock));
    }

    private Reactor app() {
        return bdev.reactors().app();
    }

    private void request(RangeLock lock) {
        boolean free =
                active.stream().noneMatch(lock::overlaps) && waiting.stream().noneMatch(lock::overlaps);
        if (free) {
            grant(lock);
        } else {
            waiting.add(lock);
        }
    }

    private void grant(RangeLock lock) {
        List<RangeLock> more = new ArrayList<>(active);
        more.add(lock);
        active = List.copyOf(more);
        int[] draining = {1};
        Runnable drained = () -> {
            if (--draining[0] == 0) {
                lock.owner().reactor().execute(() -> start(lock.owner()));
            }
        };
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            channel.addLock(lock);
                            app().execute(() -> draining[0]++);
                            channel.whenDrained(lock, () -> app().execute(drained));
                        },
                        drained);
    }

    private static void start(Io io) {
        io.state = Io.HELD;
        io.pieces().start(Plan.COMPARE_AND_WRITE_LOCKED);
    }

    /** Unlocks, and then ends the I/O. From the I/O's reactor. */
    void unlock(Io io, IoStatus outcome) {
        app().execute(() -> {
            RangeLock lock =
                    active.stream().filter(l -> l.owner() == io).findFirst().orElseThrow();
            active = active.stream().filter(l -> l.owner() != io).toList();
            bdev.sharedChannels().forEachChannel(app(), channel -> channel.removeLock(lock), () -> {
                io.reactor().execute(() -> io.shared.finish(io, outcome));
                grantWaiting();
            });
        });
    }

    private void grantWaiting() {
        List<RangeLock> ahead = new ArrayList<>(active);
        for (Iterator<RangeLock> i = waiting.iterator(); i.hasNext(); ) {
            RangeLock next = i.next();
            if (ahead.stream().noneMatch(next::overlaps)) {
                i.remove();
                grant(next);
            }
            ahead.add(next);
        }
    }
}
