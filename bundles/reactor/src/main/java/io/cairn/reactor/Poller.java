package io.cairn.reactor;

/**
 * Work that a reactor does again and again. Called on its reactor's thread, once per turn (busy poller) or once per
 * period (timed poller). Must not block; an exception ends the poller and is reported.
 */
@FunctionalInterface
public interface Poller {
    /** Answer of {@link #poll()}: nothing was done, and nothing will be to do until something else on this reactor
     * (a message, a timer, an I/O event, another poller's work) changes that. The reactor may sleep. */
    int ASLEEP = -1;

    /** Answer of {@link #poll()}: nothing was done this time, but the source must be polled on: the reactor stays awake. */
    int IDLE = 0;

    /**
     * Does what there is to do, without blocking.
     *
     * @return the number of items worked on, or {@link #IDLE}, or {@link #ASLEEP}
     */
    int poll();

    /** A registered poller. Closed on its reactor's thread, also from inside {@link #poll()}; closing twice is harmless. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
