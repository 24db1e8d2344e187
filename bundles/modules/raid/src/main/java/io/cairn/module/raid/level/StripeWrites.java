package io.cairn.module.raid.level;

import io.cairn.reactor.Reactor;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Tells a read that is made of several members of a raid5f array whether a write of the same stripe was out meanwhile, on any reactor: what it has put together
 * then is neither the old nor the new content. Each reactor counts what it begins and ends, in places that several stripes share; a write costs two stores that no
 * other reactor waits for. Changes of more than a stripe count for all.
 */
final class StripeWrites {
    /** What {@link #stamp} returns while a write is out. */
    static final long BUSY = -1;

    private static final int PLACES = 1024;
    /** The place of changes of more than one stripe. */
    private static final int WIDE = PLACES;

    private final Counts[] byReactor;

    /** One reactor's counts. Written on that reactor only. */
    static final class Counts {
        private final AtomicIntegerArray begun = new AtomicIntegerArray(PLACES + 1);
        private final AtomicIntegerArray ended = new AtomicIntegerArray(PLACES + 1);

        /**
         * Begins a change of stripes: before anything of it is given to a member.
         *
         * @return what {@link #end} is to be told
         */
        int begin(long stripe, long stripes) {
            int place = stripes == 1 ? placeOf(stripe) : WIDE;
            begun.setPlain(place, begun.getPlain(place) + 1);
            // who finds any of the data finds this
            VarHandle.storeStoreFence();
            return place;
        }

        /** Ends a change: all that was given to members has ended. */
        void end(int place) {
            ended.setRelease(place, ended.getPlain(place) + 1);
        }

        /** Returns how many have begun; {@link #BUSY}: one of them has not ended. */
        private long settled(int place) {
            // in this order: those that have begun since count as being out
            int over = ended.getAcquire(place);
            int all = begun.getAcquire(place);
            return over == all ? Integer.toUnsignedLong(all) : BUSY;
        }
    }

    StripeWrites(int reactors) {
        byReactor = new Counts[reactors];
        for (int i = 0; i < reactors; i++) {
            byReactor[i] = new Counts();
        }
    }

    private static int placeOf(long stripe) {
        return (int) stripe & PLACES - 1;
    }

    Counts of(Reactor reactor) {
        return byReactor[reactor.index()];
    }

    /** Returns what {@link #isUntouched} is to be told, before any member is read; {@link #BUSY}: a write is out. On any reactor. */
    long stamp(long stripe) {
        long sum = 0;
        for (Counts counts : byReactor) {
            long own = counts.settled(placeOf(stripe));
            long wide = counts.settled(WIDE);
            if (own == BUSY || wide == BUSY) {
                return BUSY;
            }
            sum += own + wide;
        }
        return sum;
    }

    /** Returns whether no write has begun since {@link #stamp}, after all members have been read. */
    boolean isUntouched(long stripe, long stamp) {
        // what has been read was read before this is looked at
        VarHandle.loadLoadFence();
        return stamp(stripe) == stamp;
    }
}
