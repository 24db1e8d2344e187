package io.cairn.module.raid.level;

import java.util.ArrayList;
import java.util.List;

/**
 * Lets a reset of an array end when the changes have ended that were out when it began, on all reactors: its submitter may believe that nothing
 * of what was before changes a block any more. The core has every channel close its way in before it gives the reset to one of them. Any
 * thread; nothing of it is touched while no reset is under way.
 */
final class ResetGate {
    private final List<Runnable> waiting = new ArrayList<>();
    private int channels;

    /** A channel has changes out. */
    synchronized void enter() {
        channels++;
    }

    /** A channel that has entered has none any more. */
    void leave() {
        List<Runnable> over = List.of();
        synchronized (this) {
            if (--channels == 0) {
                over = List.copyOf(waiting);
                waiting.clear();
            }
        }
        over.forEach(Runnable::run);
    }

    /**
     * Runs something when no channel has changes out.
     *
     * @param free run inside of this call, or of the last channel's {@link #leave} on that one's reactor
     */
    void whenFree(Runnable free) {
        synchronized (this) {
            if (channels > 0) {
                waiting.add(free);
                return;
            }
        }
        free.run();
    }
}
