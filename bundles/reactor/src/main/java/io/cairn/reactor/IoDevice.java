package io.cairn.reactor;

import java.util.List;
import java.util.function.Consumer;

/**
 * Something with a state per reactor: the first user on a reactor makes that reactor's channel, the last one ends it.
 *
 * @param <C> the channel: touched on its reactor only
 */
public final class IoDevice<C> {
    /** Makes and ends channels, each on the channel's reactor. */
    public interface Channels<C> {
        /** Makes the channel of a reactor. An exception goes to the one who asked; nothing is left behind. */
        C open(Reactor reactor);

        /** Ends a channel: its last user has released it. */
        void close(C channel);
    }

    private static final class Slot<C> {
        private C channel;
        private int references;
    }

    private final String name;
    private final Reactors reactors;
    private final Channels<C> channels;
    private final List<Slot<C>> slots;

    /** Makes a device without channels. */
    public IoDevice(String name, Reactors reactors, Channels<C> channels) {
        this.name = name;
        this.reactors = reactors;
        this.channels = channels;
        this.slots = reactors.all().stream().map(r -> new Slot<C>()).toList();
    }

    /** Returns the name for logs and statistics. */
    public String name() {
        return name;
    }

    /** Returns the current reactor's channel with one more reference. To be called on that reactor. */
    public C acquire(Reactor reactor) {
        reactor.requireCurrent();
        Slot<C> slot = slots.get(reactor.index());
        if (slot.references == 0) {
            slot.channel = channels.open(reactor);
        }
        slot.references++;
        return slot.channel;
    }

    /** Gives one reference back. To be called on the channel's reactor; the last one ends the channel. */
    public void release(Reactor reactor) {
        reactor.requireCurrent();
        Slot<C> slot = slots.get(reactor.index());
        if (slot.references < 1) {
            throw new IllegalStateException("channel of " + name + " on " + reactor.name() + " released too often");
        }
        if (--slot.references == 0) {
            C ended = slot.channel;
            slot.channel = null;
            channels.close(ended);
        }
    }

    /** Returns how often the reactor's channel is in use; 0: there is none. To be called on that reactor. */
    public int references(Reactor reactor) {
        reactor.requireCurrent();
        return slots.get(reactor.index()).references;
    }

    /** Returns the reactor's channel, or null if there is none. To be called on that reactor. */
    public C channel(Reactor reactor) {
        reactor.requireCurrent();
        return slots.get(reactor.index()).channel;
    }

    /**
     * Visits every channel on its reactor, all reactors at once, and then runs {@code done}, also when there is no channel at
     * all. A reactor without a channel at the time of its visit is passed over.
     *
     * @param from the reactor that calls and on which {@code done} runs, never from inside this call
     */
    public void forEachChannel(Reactor from, Consumer<? super C> visit, Runnable done) {
        from.requireCurrent();
        int[] left = {reactors.all().size()};
        Runnable arrived = () -> {
            if (--left[0] == 0) {
                done.run();
            }
        };
        for (Reactor reactor : reactors.all()) {
            reactor.execute(() -> {
                try {
                    C channel = slots.get(reactor.index()).channel;
                    if (channel != null) {
                        visit.accept(channel);
                    }
                } finally {
                    from.execute(arrived);
                }
            });
        }
    }
}
