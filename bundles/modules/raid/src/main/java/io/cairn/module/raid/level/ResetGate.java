package io.cairn.module.raid.level;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets a reset of an array end when the changes have ended that were out when it began, on all reactors: its submitter may believe that nothing
 * of what was before changes a block any more. The core has every channel close its way in, which is when channels enter, before it gives the reset to
 * one of them, and gives the next reset when this one has ended: so nobody enters while somebody waits. Any thread; nothing of it is touched while no
 * reset is under way.
 */
final class ResetGate {
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger channels = new AtomicInteger();

    /** A channel has changes out. */
    void enter() {
        channels.incrementAndGet();
    }

    /** A channel that has entered has none any more. */
    void leave() {
        channels.decrementAndGet();
        runFree();
    }

    /**
     * Runs something when no channel has changes out.
     *
     * @param free run inside of this call, or of the last channel's {@link #leave} on that one's reactor
     */
    void whenFree(Runnable free) {
        // first into the line, then the look: whoever leaves last in between finds it there
        waiting.add(free);
        runFree();
    }

    private void runFree() {
        Runnable next;
        while (channels.get() == 0 && (next = waiting.poll()) != null) {
            next.run();
        }
    }
}
