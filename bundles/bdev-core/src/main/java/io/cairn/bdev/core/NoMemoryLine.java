package io.cairn.bdev.core;

import java.util.PriorityQueue;

/**
 * The I/O that waits until a module has memory again, in the order of submission, however often it comes back: what was tried
 * again and comes back has its old place, and a piece has its parent's. One reactor.
 */
final class NoMemoryLine {
    /** How an I/O comes here first. The order of two that were submitted in one turn, and so at one time. */
    enum Entry {
        /** Given back by a module that leaves: it was there when others came back already. */
        GIVEN_BACK(0),
        /** Not taken by the module. */
        CAME_BACK(1L << 60),
        /** Not given to the module, as there was a line. */
        LINED_UP(2L << 60);

        /** The places of those that come in this way are counted from here. */
        private final long firstPlace;

        Entry(long firstPlace) {
            this.firstPlace = firstPlace;
        }
    }

    private final PriorityQueue<Io> line = new PriorityQueue<>(NoMemoryLine::compare);
    private long entered;

    /** Takes an I/O in, at its place. */
    void add(Io io, Entry entry) {
        if ((io.extras & Io.HAS_PLACE) == 0) {
            io.extras |= Io.HAS_PLACE;
            io.rare().lineNanos = io.origin().submitted;
            io.rare().linePlace = entry.firstPlace + entered++;
        }
        line.add(io);
    }

    private static int compare(Io one, Io other) {
        long later = one.rare().lineNanos - other.rare().lineNanos;
        return later == 0 ? Long.compare(one.rare().linePlace, other.rare().linePlace) : Long.signum(later);
    }

    /** Takes the first one out; null if nothing waits. */
    Io poll() {
        return line.poll();
    }

    /** Takes one out wherever it is; returns whether it was there. */
    boolean remove(Io io) {
        return line.remove(io);
    }

    boolean isEmpty() {
        return line.isEmpty();
    }

    int size() {
        return line.size();
    }
}
