package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

/**
 * An open bdev for tests, with its channels. Belongs to the app thread. When the bdev is removed it does what a good user
 * does: waits for its I/O, closes its channels and itself; unless {@link #keepOpenOnRemove} was called. Calls are for the
 * test's thread.
 */
public final class TestDescriptor implements AutoCloseable {
    private final TestCore core;
    private final List<BdevEvent> events = new CopyOnWriteArrayList<>();
    private final Map<Integer, TestChannel> channels = new TreeMap<>();
    private BdevDescriptor descriptor;
    private volatile boolean keep;
    private volatile boolean closed;
    private boolean leaving;

    private TestDescriptor(TestCore core) {
        this.core = core;
    }

    static TestDescriptor open(TestCore core, String name, OpenMode mode, String holder) {
        TestDescriptor opened = new TestDescriptor(core);
        BdevDescriptor descriptor =
                core.await(core.bdevs().open(name, mode, holder, (event, d) -> opened.onEvent(event)));
        core.onApp(() -> opened.descriptor = descriptor);
        return opened;
    }

    /** Returns the descriptor behind. */
    public BdevDescriptor descriptor() {
        return descriptor;
    }

    /** Returns the bdev. */
    public Bdev bdev() {
        return descriptor.bdev();
    }

    /** Returns the events so far. */
    public List<BdevEvent> events() {
        return List.copyOf(events);
    }

    /** Returns whether it is closed. */
    public boolean isClosed() {
        return closed;
    }

    /** From now on a removal of the bdev does not close this, as if the user were stuck. */
    public void keepOpenOnRemove() {
        keep = true;
    }

    /** Returns the app thread's channel; opens it if it is not. */
    public TestChannel channel() {
        return channel(0);
    }

    /** Returns the channel of a reactor; opens it if it is not. */
    public TestChannel channel(int reactorIndex) {
        TestChannel open;
        synchronized (channels) {
            open = channels.get(reactorIndex);
        }
        if (open == null) {
            Reactor reactor = core.reactor(reactorIndex);
            open = core.on(reactor, () -> new TestChannel(core, descriptor.openChannel()));
            synchronized (channels) {
                channels.put(reactorIndex, open);
            }
        }
        return open;
    }

    /** Returns a channel of each reactor, in their order; opens those that are not open. */
    public List<TestChannel> channels() {
        return IntStream.range(0, core.reactors().all().size())
                .mapToObj(this::channel)
                .toList();
    }

    /** Closes one channel and leaves the rest open. */
    public void closeChannel(int reactorIndex) {
        TestChannel open;
        synchronized (channels) {
            open = channels.remove(reactorIndex);
        }
        if (open != null) {
            TestChannel closing = open;
            core.on(closing.reactor(), () -> {
                closing.leave(() -> {});
                return null;
            });
        }
    }

    /** Waits for the I/O that is out, closes the channels and the descriptor. Twice is harmless. */
    @Override
    public void close() {
        core.onApp(() -> {
            leave();
            return null;
        });
        core.until("the close of " + descriptor.bdev().name(), () -> closed);
    }

    private void onEvent(BdevEvent event) {
        if (!core.reactor(0).isCurrent()) {
            core.violation(event + " told elsewhere than on the reactor that opened");
        }
        events.add(event);
        if (event == BdevEvent.REMOVE && !keep) {
            // what has opened may not have been told its descriptor yet
            core.reactor(0).execute(this::leave);
        }
    }

    /** On the app thread. */
    private void leave() {
        if (leaving) {
            return;
        }
        leaving = true;
        List<TestChannel> all;
        synchronized (channels) {
            all = new ArrayList<>(channels.values());
        }
        int[] left = {all.size() + 1};
        Runnable gone = () -> {
            if (--left[0] == 0) {
                descriptor.close();
                closed = true;
            }
        };
        for (TestChannel channel : all) {
            channel.reactor().execute(() -> channel.leave(() -> core.reactor(0).execute(gone)));
        }
        gone.run();
    }
}
