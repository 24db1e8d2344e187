package io.cairn.module.raid.level;

import java.util.ArrayDeque;

/**
 * Counts the changes that are out, in two counts that take turns: whoever wants to know when those have ended that began before lets
 * new ones go into the other count, and waits until the first is 0. A change costs one increment and one decrement. One reactor.
 */
final class ChangeCount {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int even;
    private int odd;
    private int epoch;
    private boolean draining;

    /** Begins a change; returns its epoch. */
    int begin() {
        if (epoch == 0) {
            even++;
        } else {
            odd++;
        }
        return epoch;
    }

    /** Ends a change. */
    void end(int ofEpoch) {
        if (ofEpoch == 0) {
            even--;
        } else {
            odd--;
        }
        if (draining && ofEpoch != epoch) {
            tellDrained();
        }
    }

    /** Returns whether no change is out. */
    boolean isEmpty() {
        return even + odd == 0;
    }

    /** Runs something when no change is out that has begun before; those who ask are answered in their order. */
    void whenEnded(Runnable ended) {
        waiting.add(ended);
        if (!draining) {
            drain();
        }
    }

    private void drain() {
        // the other count is 0: it was waited for before, or never used
        draining = true;
        epoch ^= 1;
        tellDrained();
    }

    private void tellDrained() {
        if ((epoch == 0 ? odd : even) == 0) {
            draining = false;
            waiting.remove().run();
            if (!draining && !waiting.isEmpty()) {
                drain();
            }
        }
    }
}
