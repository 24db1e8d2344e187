package io.cairn.reactor;

import org.osgi.annotation.versioning.ProviderType;

/** A timer that is set again and again, from {@link Reactor#alarm}. Everything on its reactor's thread; allocates nothing. */
@ProviderType
public interface Alarm {
    /**
     * Has the work run once, not before a time; instead of the time that was set before, if the work has not run since.
     *
     * @param dueNanos in the time of {@link Reactor#clockNanos()}
     */
    void set(long dueNanos);

    /** Forgets the time that was set; harmless if there is none. */
    void cancel();
}
