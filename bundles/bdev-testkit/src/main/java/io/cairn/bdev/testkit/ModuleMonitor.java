package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.IoTimeoutListener;
import io.cairn.bdev.IoType;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.Examination;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A module with a witness: hands everything on between the core and the module, notes what the module takes and gives back
 * (descriptors, claims, channels, bdevs), and can make any of the module's calls fail: {@link #failCall}.
 *
 * <p>Add it to the core in the module's place. What it finds wrong is a violation of its {@link TestCore}.
 */
public final class ModuleMonitor extends ForwardingModule {
    /** A module that gets deeper than this into its own submitRequest recurses without bound. */
    private static final int DEEPEST = 32;

    private final TestCore core;
    private final List<WatchedDescriptor> descriptors = new CopyOnWriteArrayList<>();
    private final Map<Bdev, String> exclusiveClaims = new ConcurrentHashMap<>();
    private final AtomicInteger channels = new AtomicInteger();
    private final AtomicInteger backends = new AtomicInteger();
    private final AtomicLong given = new AtomicLong();
    private BdevHost host;
    private int callToFail;
    private int calls;
    private String failedCall;

    /** Puts a witness before a module. */
    public ModuleMonitor(TestCore core, BdevModule module) {
        super(module);
        this.core = core;
    }

    /**
     * Makes the module's k-th call from now on fail that could fail: open, claimExclusive, register; and claim and openChannel of a
     * descriptor. The others work.
     *
     * @param k 1: the next one; 0: none
     */
    public void failCall(int k) {
        callToFail = k;
        calls = 0;
        failedCall = null;
    }

    /** Returns the call that was made to fail since {@link #failCall}, if there were that many. */
    public Optional<String> failedCall() {
        return Optional.ofNullable(failedCall);
    }

    /** Returns the I/Os that the module's channels were given. */
    public long given() {
        return given.get();
    }

    /** Returns what the module holds now, for people and for comparison: descriptors, claims, bdevs, channels. */
    public List<String> holdings() {
        List<String> all = new ArrayList<>();
        descriptors.forEach(d -> all.add("descriptor of " + d.bdev().name()));
        exclusiveClaims.forEach((bdev, name) -> all.add("claim of " + bdev.name() + " for " + name));
        if (backends.get() > 0) {
            all.add(backends + " bdevs");
        }
        if (channels.get() > 0) {
            all.add(channels + " channels");
        }
        return List.copyOf(new TreeSet<>(all));
    }

    @Override
    public void init(BdevHost theHost) {
        host = theHost;
        super.init(new WatchedHost());
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        AtomicInteger times = new AtomicInteger();
        super.examineDisk(bdev, () -> {
            if (times.incrementAndGet() > 1) {
                core.violation(name() + " finished examining " + bdev.name() + " " + times + " times");
            }
            examination.done();
        });
    }

    /** Counts a call of the module, and throws if it is the one to fail. */
    private void count(String call) {
        if (++calls == callToFail) {
            failedCall = call;
            throw new BdevException(Errno.EIO, "injected failure of call " + calls + ": " + call);
        }
    }

    private final class WatchedHost implements BdevHost {
        private void onApp(String call) {
            if (!host.reactors().app().isCurrent()) {
                core.violation(name() + " called " + call + " from elsewhere than the app thread");
            }
        }

        @Override
        public Reactors reactors() {
            return host.reactors();
        }

        @Override
        public Optional<Bdev> find(String bdevName) {
            onApp("find");
            return host.find(bdevName);
        }

        @Override
        public CompletionStage<Void> settled(String bdevName) {
            onApp("settled");
            return host.settled(bdevName);
        }

        @Override
        public Reservation reserve(List<String> names, String holder) {
            onApp("reserve");
            count("reserve " + names);
            return host.reserve(names, holder);
        }

        @Override
        public boolean isReplaying() {
            onApp("isReplaying");
            return host.isReplaying();
        }

        @Override
        public CompletionStage<Bdev> register(BdevSpec spec, BdevBackend backend) {
            onApp("register");
            count("register " + spec.name());
            CompletionStage<Bdev> registered = host.register(spec, new WatchedBackend(spec, backend));
            backends.incrementAndGet();
            return registered;
        }

        @Override
        public CompletionStage<Void> unregister(Bdev bdev) {
            onApp("unregister");
            return host.unregister(bdev);
        }

        @Override
        public CompletionStage<Void> delete(String bdevName) {
            onApp("delete");
            return host.delete(bdevName);
        }

        @Override
        public boolean isBuiltOn(Bdev upper, Bdev lower) {
            onApp("isBuiltOn");
            return host.isBuiltOn(upper, lower);
        }

        @Override
        public BdevDescriptor open(String bdevName, OpenMode mode, String holder, BdevEventListener listener) {
            onApp("open");
            count("open " + bdevName);
            WatchedDescriptor[] watched = new WatchedDescriptor[1];
            BdevDescriptor opened = host.open(
                    bdevName,
                    mode,
                    holder,
                    (event, descriptor) -> listener.onEvent(event, watched[0] == null ? descriptor : watched[0]));
            watched[0] = new WatchedDescriptor(opened);
            descriptors.add(watched[0]);
            return watched[0];
        }

        @Override
        public void claimExclusive(BdevDescriptor descriptor, String claimName) {
            onApp("claimExclusive");
            count("claimExclusive " + descriptor.bdev().name());
            BdevDescriptor real = descriptor instanceof WatchedDescriptor w ? w.real : descriptor;
            host.claimExclusive(real, claimName);
            exclusiveClaims.put(real.bdev(), claimName);
        }

        @Override
        public void releaseExclusive(Bdev bdev) {
            onApp("releaseExclusive");
            host.releaseExclusive(bdev);
            exclusiveClaims.remove(bdev);
        }

        @Override
        public Map<String, Object> handedOver() {
            onApp("handedOver");
            return host.handedOver();
        }

        @Override
        public void announce(Bdev bdev, NotificationType type, String detail) {
            onApp("announce");
            host.announce(bdev, type, detail);
        }

        @Override
        public void rebase(Bdev bdev, List<String> baseNames) {
            onApp("rebase");
            host.rebase(bdev, baseNames);
        }

        @Override
        public void passedOver(Bdev bdev, String why) {
            onApp("passedOver");
            host.passedOver(bdev, why);
        }

        @Override
        public void resize(Bdev bdev, long numBlocks) {
            onApp("resize");
            host.resize(bdev, numBlocks);
        }
    }

    private final class WatchedDescriptor implements BdevDescriptor {
        private final BdevDescriptor real;

        WatchedDescriptor(BdevDescriptor real) {
            this.real = real;
        }

        @Override
        public Bdev bdev() {
            return real.bdev();
        }

        @Override
        public boolean writable() {
            return real.writable();
        }

        @Override
        public String holder() {
            return real.holder();
        }

        @Override
        public BdevChannel openChannel() {
            // only what the app thread does counts: calls of other reactors have no order among them
            if (host.reactors().app().isCurrent()) {
                count("openChannel of " + real.bdev().name());
            }
            return real.openChannel();
        }

        @Override
        public void claim(ClaimType type, String module, String name, long sharedKey) {
            count("claim " + real.bdev().name());
            real.claim(type, module, name, sharedKey);
        }

        @Override
        public void setTimeout(Duration timeout, IoTimeoutListener listener) {
            real.setTimeout(timeout, listener);
        }

        @Override
        public void close() {
            real.close();
            descriptors.remove(this);
        }
    }

    private final class WatchedBackend implements BdevBackend {
        private final BdevSpec spec;
        private final BdevBackend backend;
        private final AtomicInteger open = new AtomicInteger();
        private boolean destructed;

        WatchedBackend(BdevSpec spec, BdevBackend backend) {
            this.spec = spec;
            this.backend = backend;
        }

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            BackendChannel channel = backend.openChannel(reactor);
            open.incrementAndGet();
            channels.incrementAndGet();
            return new WatchedChannel(this, channel);
        }

        @Override
        public Object newIoContext() {
            return backend.newIoContext();
        }

        @Override
        public CompletionStage<Void> destruct() {
            if (destructed) {
                core.violation(spec.name() + " destructed twice");
            }
            destructed = true;
            if (open.get() > 0) {
                core.violation(spec.name() + " destructed with " + open + " channels open");
            }
            return backend.destruct().whenComplete((nothing, failure) -> {
                if (failure != null) {
                    core.violation("destruct of " + spec.name() + " failed: " + failure);
                }
                backends.decrementAndGet();
            });
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return backend.driverSpecific();
        }
    }

    private final class WatchedChannel extends BackendChannel {
        private final WatchedBackend backend;
        private final BackendChannel channel;
        private int depth;
        private boolean closed;

        WatchedChannel(WatchedBackend backend, BackendChannel channel) {
            this.backend = backend;
            this.channel = channel;
        }

        @Override
        public void submitRequest(BdevIo io) {
            if (closed) {
                core.violation(backend.spec.name() + " was given " + io.type() + " on a closed channel");
            }
            if (!backend.spec.types().contains(io.type())) {
                core.violation(backend.spec.name() + " was given " + io.type() + ", which it did not declare");
            }
            given.incrementAndGet();
            if (++depth == DEEPEST) {
                core.violation(backend.spec.name() + " recurses in submitRequest");
            }
            IoType type = io.type();
            try {
                channel.submitRequest(io);
            } catch (RuntimeException | StackOverflowError e) {
                core.violation(backend.spec.name() + " threw from submitRequest of " + type + ": " + e);
                throw e;
            } finally {
                depth--;
            }
        }

        @Override
        public boolean abort(BdevIo victim) {
            return channel.abort(victim);
        }

        @Override
        public void endKept() {
            channel.endKept();
        }

        @Override
        public void giveBack() {
            channel.giveBack();
        }

        @Override
        public void close() {
            if (closed) {
                core.violation("channel of " + backend.spec.name() + " closed twice");
            }
            closed = true;
            channel.close();
            backend.open.decrementAndGet();
            channels.decrementAndGet();
        }
    }
}
