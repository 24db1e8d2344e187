package io.cairn.module.delay;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.PriorityQueue;

/**
 * I/Os that are done and not told yet, the one that is due first in front; those of one time in the order in which they came.
 * Allocates only while it grows to the most that it has ever held. One thread.
 */
final class HeldIos {
    private final PriorityQueue<Held> byTime = new PriorityQueue<>();
    private final ArrayDeque<Held> unused = new ArrayDeque<>();
    private long sequence;

    private static final class Held implements Comparable<Held> {
        private BdevIo io;
        private IoStatus outcome;
        private long due;
        private long sequence;

        @Override
        public int compareTo(Held other) {
            int byDue = Long.compare(due, other.due);
            return byDue != 0 ? byDue : Long.compare(sequence, other.sequence);
        }
    }

    boolean isEmpty() {
        return byTime.isEmpty();
    }

    /** Returns when the first is due; there must be one. */
    long firstDue() {
        return byTime.element().due;
    }

    /**
     * Holds an I/O.
     *
     * @return whether it is the first one now
     */
    boolean add(BdevIo io, IoStatus outcome, long due) {
        Held held = unused.isEmpty() ? new Held() : unused.removeLast();
        held.io = io;
        held.outcome = outcome;
        held.due = due;
        held.sequence = sequence++;
        byTime.add(held);
        return byTime.element() == held;
    }

    /** Ends the first as it ended in the base; there must be one. */
    void completeFirst() {
        Held first = byTime.remove();
        BdevIo io = first.io;
        IoStatus outcome = first.outcome;
        // before the completion, which may bring the next I/O
        recycle(first);
        io.complete(outcome);
    }

    /**
     * Forgets an I/O.
     *
     * @return whether it was held
     */
    boolean remove(BdevIo io) {
        for (Iterator<Held> all = byTime.iterator(); all.hasNext(); ) {
            Held held = all.next();
            if (held.io == io) {
                all.remove();
                recycle(held);
                return true;
            }
        }
        return false;
    }

    /** Without the I/O: its submitter may be gone before the next one comes. */
    private void recycle(Held held) {
        held.io = null;
        unused.addLast(held);
    }
}
