package io.cairn.bdev.core;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.IoTimeoutListener;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** An open handle. Its list of channels is per reactor and touched there; what is shared between reactors is volatile or atomic. */
final class Descriptor implements BdevDescriptor {
    /** Added to {@link #uses} when the descriptor is being closed. */
    private static final int CLOSING = 1 << 30;

    private final CoreBdev bdev;
    private final Reactor owner;
    private final String holder;
    private final BdevEventListener listener;
    private final Channel[] channels;
    private final int ioObjects;
    private final AtomicInteger uses = new AtomicInteger();
    private volatile boolean writable;
    private volatile boolean revoked;
    private volatile long timeoutNanos;
    private volatile IoTimeoutListener timeoutListener;

    Descriptor(CoreBdev bdev, Reactor owner, OpenMode mode, String holder, BdevEventListener listener) {
        this.bdev = bdev;
        this.owner = owner;
        this.writable = mode == OpenMode.WRITE;
        this.holder = holder;
        this.listener = listener;
        this.channels = new Channel[bdev.reactors().all().size()];
        this.ioObjects = bdev.ioObjectsPerChannel();
    }

    @Override
    public CoreBdev bdev() {
        return bdev;
    }

    @Override
    public boolean writable() {
        return writable;
    }

    @Override
    public String holder() {
        return holder;
    }

    /** Makes the descriptor writable: its claim does. */
    void promote() {
        writable = true;
    }

    /** Returns the types that may be submitted now, as bits. */
    int allowedTypes() {
        return writable ? bdev.offeredTypes() : bdev.offeredTypes() & ~CoreBdev.CHANGING_TYPES;
    }

    BdevException refused(IoType type) {
        if ((bdev.offeredTypes() & type.bit()) == 0) {
            return new BdevException(
                    Errno.EOPNOTSUPP,
                    "bdev " + bdev.name() + " (module " + bdev.moduleName() + ") does not support " + type);
        }
        return new BdevException(
                Errno.EBADF, type + " on " + bdev.name() + " through a descriptor that only reads (" + holder + ")");
    }

    // ---- channels ----

    @Override
    public BdevChannel openChannel() {
        Reactor reactor = bdev.reactors()
                .current()
                .orElseThrow(() -> new IllegalStateException("a channel is opened on a reactor, not on "
                        + Thread.currentThread().getName()));
        Channel open = channels[reactor.index()];
        if (open != null) {
            open.addReference();
            return open;
        }
        if (!use()) {
            throw new BdevException(Errno.ENODEV, "the descriptor of " + holder + " on " + bdev.name() + " is closed");
        }
        boolean opened = false;
        try {
            if (revoked || bdev.isLeaving()) {
                throw new BdevException(Errno.ENODEV, "bdev " + bdev.name() + " is being removed");
            }
            SharedChannel shared = bdev.sharedChannels().acquire(reactor);
            Channel channel = new Channel(this, shared, ioObjects);
            channels[reactor.index()] = channel;
            opened = true;
            return channel;
        } finally {
            if (!opened) {
                unuse();
            }
        }
    }

    /** A channel's last reference was given back. On its reactor. */
    void channelClosed(Channel channel) {
        channels[channel.reactor().index()] = null;
        bdev.sharedChannels().release(channel.reactor());
        unuse();
    }

    private boolean use() {
        return uses.getAndUpdate(n -> n >= CLOSING ? n : n + 1) < CLOSING;
    }

    private void unuse() {
        if (uses.decrementAndGet() == CLOSING) {
            closed();
        }
    }

    // ---- events ----

    /** Tells the listener, on the reactor that opened. */
    void tell(BdevEvent event) {
        owner.execute(() -> {
            if (uses.get() < CLOSING) {
                listener.onEvent(event, this);
            }
        });
    }

    // ---- claims and time-outs ----

    @Override
    public void claim(ClaimType type, String module, String name, long sharedKey) {
        bdev.reactors().app().requireCurrent();
        bdev.claimTable().claim(this, type, module, name, sharedKey);
    }

    @Override
    public void setTimeout(Duration timeout, IoTimeoutListener told) {
        timeoutListener = told;
        timeoutNanos = timeout.toNanos();
        for (Reactor reactor : bdev.reactors().all()) {
            reactor.execute(() -> {
                Channel channel = channels[reactor.index()];
                if (channel != null) {
                    channel.startTimeouts();
                }
            });
        }
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    IoTimeoutListener timeoutListener() {
        return timeoutListener;
    }

    // ---- the end ----

    void revoke() {
        revoked = true;
    }

    @Override
    public void close() {
        if (!owner.isCurrent()) {
            owner.execute(this::close);
            return;
        }
        int before = uses.getAndUpdate(n -> n >= CLOSING ? n : n + CLOSING);
        if (before == 0) {
            closed();
        }
    }

    private void closed() {
        Reactor app = bdev.reactors().app();
        if (app.isCurrent()) {
            bdev.descriptorClosed(this);
        } else {
            app.execute(() -> bdev.descriptorClosed(this));
        }
    }

    @Override
    public String toString() {
        return holder;
    }
}
