package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * A simulated disk. It takes its time (randomly, so that completions overtake each other), fails when told to, is pulled out
 * or loses power at any moment, and counts everything. With simulated reactors every bit of it comes from the seed.
 *
 * <p>An I/O has its effect when it completes, in one step: memory is read and written then, so that memory that was given back
 * or changed too early shows. Made by {@link SimModule#add} or {@link TestCore#disk}. What is not said otherwise may be
 * called from any thread.
 */
public final class SimDisk {
    private static final IoStatus UNPOWERED = IoStatus.errno(Errno.EREMOTEIO);

    private final SimSettings settings;
    private final SimMedium medium;
    private final BdevHost host;
    private final List<Channel> channels = new CopyOnWriteArrayList<>();
    private final List<ActiveFault> faults = new ArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final Map<IoType, AtomicLong> givenByType = new EnumMap<>(IoType.class);
    private final AtomicLong given = new AtomicLong();
    private final AtomicLong completed = new AtomicLong();
    private final AtomicInteger held = new AtomicInteger();
    private final AtomicInteger channelsOpened = new AtomicInteger();
    private final AtomicInteger destructs = new AtomicInteger();
    private final IoBuffer zeroes;
    private volatile Predicate<BdevIo> holding = io -> false;
    private volatile Predicate<BdevIo> leftOut = io -> false;
    private volatile IoStatus dead;
    private volatile Bdev bdev;

    SimDisk(SimSettings settings, SimMedium medium, BdevHost host, IoBuffer zeroes) {
        if (medium.blockSize() != settings.blockSize()) {
            throw new IllegalArgumentException(
                    "a medium of " + medium.blockSize() + " bytes a block in a disk of " + settings.blockSize());
        }
        this.settings = settings;
        this.medium = medium;
        this.host = host;
        this.zeroes = zeroes;
        for (IoType type : IoType.values()) {
            givenByType.put(type, new AtomicLong());
        }
    }

    /** Registers the disk; on the app thread. */
    CompletionStage<SimDisk> register() {
        BdevSpec spec = new BdevSpec(
                settings.name(),
                List.of(),
                settings.uuid(),
                "Simulated disk",
                settings.blockSize(),
                settings.numBlocks(),
                settings.limits(),
                settings.writeCache(),
                settings.types(),
                List.of());
        CompletionStage<Bdev> registered = host.register(spec, new Backend());
        bdev = host.find(settings.name()).orElseThrow();
        return registered.thenApply(b -> this);
    }

    /** Returns what it is like. */
    public SimSettings settings() {
        return settings;
    }

    /** Returns what it holds; may be read and written behind the bdev layer's back. */
    public SimMedium medium() {
        return medium;
    }

    /** Returns the bdev. */
    public Bdev bdev() {
        return bdev;
    }

    /** Makes I/Os fail from now on; of several faults that hit an I/O, the one injected first is used. */
    public void inject(SimFault fault) {
        synchronized (faults) {
            faults.add(new ActiveFault(fault));
        }
    }

    /** Forgets all faults that are not used up. */
    public void clearFaults() {
        synchronized (faults) {
            faults.clear();
        }
    }

    /** Keeps I/Os that are given from now on and that a test picks, until {@link #release}. */
    public void hold(Predicate<BdevIo> which) {
        holding = which;
    }

    /** Keeps all I/O of a type that is given from now on, until {@link #release}. */
    public void hold(IoType type) {
        hold(io -> io.type() == type);
    }

    /** Keeps all I/O that is given from now on, until {@link #release}. */
    public void holdAll() {
        hold(io -> true);
    }

    /** Lets go of what is kept: it goes on with the usual latencies. */
    public void release() {
        holding = io -> false;
        channels.forEach(channel -> channel.reactor.execute(channel::releaseHeld));
    }

    /**
     * Completes I/Os that a test picks with success and does not do them: so a test sees what would become of a module that leaves them out. What is
     * written by direct access is done.
     */
    public void leaveOut(Predicate<BdevIo> which) {
        leftOut = which;
    }

    /** Returns how many I/Os are kept now. */
    public int held() {
        return held.get();
    }

    /** Takes the disk away in an orderly way: removed from the core, I/O that is out ends as it would. */
    public CompletionStage<Void> remove() {
        return host.reactors().onApp(() -> host.unregister(bdev));
    }

    /** Pulls the disk out: I/O that is out and everything after it ends with ENODEV; and removes it. */
    public CompletionStage<Void> yank() {
        dead = IoStatus.NO_DEVICE;
        release();
        return remove();
    }

    /**
     * Loses the power: I/O that is out fails, writes among it may have reached the medium in part; of blocks that were not
     * flushed, each survives or not ({@link SimMedium#cut}). Until {@link #powerOn} everything fails.
     *
     * @return completes when the medium has its final state
     */
    public CompletionStage<Void> cutPower() {
        dead = UNPOWERED;
        release();
        return onEveryChannel(Channel::tearWrites)
                .thenCompose(torn -> host.reactors().onApp(() -> {
                    medium.cut(host.reactors().app().random());
                    return CompletableFuture.<Void>completedFuture(null);
                }));
    }

    /** Serves again, with what survived. */
    public void powerOn() {
        dead = null;
    }

    /** Changes the size. Completes when the descriptors have been sent their events. */
    public CompletionStage<Void> resize(long numBlocks) {
        return host.reactors().onApp(() -> {
            host.resize(bdev, numBlocks);
            return CompletableFuture.<Void>completedFuture(null);
        });
    }

    /** Returns how many I/Os of a type it was given; one that it answered with NOMEM counts every time. */
    public long given(IoType type) {
        return givenByType.get(type).get();
    }

    /** Returns how many I/Os it was given. */
    public long given() {
        return given.get();
    }

    /** Returns how many I/Os it completed. */
    public long completed() {
        return completed.get();
    }

    /** Returns how many I/Os it has now. */
    public long outstanding() {
        return given.get() - completed.get();
    }

    /** Returns how many channels are open. */
    public int channelsOpen() {
        return channels.size();
    }

    /** Returns how many channels were opened in all. */
    public int channelsOpened() {
        return channelsOpened.get();
    }

    /** Returns how often the core took the backend down: 0, then 1. */
    public int destructs() {
        return destructs.get();
    }

    /** Returns what the core or a module did to it against the contract; empty if all is well. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    @Override
    public String toString() {
        return "simulated disk " + settings.name();
    }

    private void violation(String text) {
        violations.add(this + ": " + text);
    }

    private IoStatus faultFor(BdevIo io) {
        synchronized (faults) {
            for (Iterator<ActiveFault> each = faults.iterator(); each.hasNext(); ) {
                ActiveFault active = each.next();
                if (active.fault.hits(io.type(), io.offsetBlocks(), io.numBlocks())) {
                    if (--active.left == 0) {
                        each.remove();
                    }
                    return active.fault.status();
                }
            }
            return null;
        }
    }

    /** Visits every channel that is open now, on its reactor. */
    private CompletionStage<Void> onEveryChannel(Consumer<Channel> visit) {
        List<CompletableFuture<Void>> visits = new ArrayList<>();
        for (Channel channel : channels) {
            CompletableFuture<Void> visited = new CompletableFuture<>();
            visits.add(visited);
            channel.reactor.execute(() -> {
                visit.accept(channel);
                visited.complete(null);
            });
        }
        return CompletableFuture.allOf(visits.toArray(CompletableFuture<?>[]::new));
    }

    private long latency(RandomGenerator random) {
        long least = settings.minLatency().toNanos();
        long most = settings.maxLatency().toNanos();
        return least == most ? least : random.nextLong(least, most);
    }

    private static final class ActiveFault {
        private final SimFault fault;
        private int left;

        ActiveFault(SimFault fault) {
            this.fault = fault;
            this.left = fault.count();
        }
    }

    private final class Backend implements BdevBackend {
        @Override
        public BackendChannel openChannel(Reactor reactor) {
            if (!reactor.isCurrent()) {
                violation("channel of " + reactor.name() + " opened from elsewhere");
            }
            if (destructs.get() > 0) {
                violation("channel opened after destruct");
            }
            Channel channel = new Channel(reactor);
            channels.add(channel);
            channelsOpened.incrementAndGet();
            return channel;
        }

        @Override
        public boolean directAccess(
                BackendChannel channel, IoType type, long offsetBlocks, long numBlocks, IoVector pieces) {
            return ((Channel) channel).directAccess(type, offsetBlocks, numBlocks, pieces);
        }

        @Override
        public Object newIoContext() {
            return new Pending();
        }

        @Override
        public CompletionStage<Void> destruct() {
            if (destructs.incrementAndGet() > 1) {
                violation("destructed " + destructs.get() + " times");
            }
            if (!channels.isEmpty()) {
                violation("destructed with " + channels.size() + " channels open");
            }
            if (outstanding() != 0) {
                violation("destructed with " + outstanding() + " I/Os out");
            }
            Reactor app = host.reactors().app();
            app.requireCurrent();
            CompletableFuture<Void> done = new CompletableFuture<>();
            app.after(latency(app.random()), () -> done.complete(null));
            return done;
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return Map.of("sim", Map.of("given", given(), "completed", completed(), "dirty_blocks", (long)
                    medium.dirtyBlocks()));
        }
    }

    /** One I/O that the disk has; the context of the I/O object, used again with it. */
    private static final class Pending {
        private BdevIo io;
        private Poller.Registration timer;
        private boolean kept;
        private boolean lent;
        private boolean aborted;
        private boolean out;
    }

    /** Memory that somebody has until the turn ends; what they put there is written then. */
    private static final class Direct {
        private final IoType type;
        private final long block;
        private final IoBuffer memory;
        private final byte[] found;

        Direct(IoType type, long block, IoBuffer memory, byte[] found) {
            this.type = type;
            this.block = block;
            this.memory = memory;
            this.found = found;
        }
    }

    private final class Channel extends BackendChannel {
        /** What is found in memory that was given for a turn and is looked at later. */
        private static final byte POISON = (byte) 0xDB;

        private final Reactor reactor;
        private final Set<Pending> pending = new LinkedHashSet<>();
        private final List<Direct> direct = new ArrayList<>();
        private boolean closed;

        Channel(Reactor reactor) {
            this.reactor = reactor;
        }

        @Override
        public void submitRequest(BdevIo io) {
            check(io);
            endDirect();
            RandomGenerator random = reactor.random();
            boolean lend = false;
            if (io.type() == IoType.READ && !io.hasData()) {
                lend = io.byteLength() <= zeroes.capacity()
                        && medium.isHole(io.offsetBlocks(), io.numBlocks())
                        && random.nextBoolean();
                if (!lend) {
                    io.needData();
                    return;
                }
                io.lend(zeroes, 0);
            }
            Pending p = (Pending) io.context();
            if (p.out) {
                violation(io.type() + " given again while it is out");
            }
            p.io = io;
            p.lent = lend;
            p.aborted = false;
            p.out = true;
            p.timer = null;
            p.kept = holding.test(io);
            pending.add(p);
            given.incrementAndGet();
            givenByType.get(io.type()).incrementAndGet();
            if (p.kept) {
                held.incrementAndGet();
            } else if (io.type() == IoType.RESET) {
                reset(p);
            } else if (random.nextDouble() < settings.inlineChance()) {
                finish(p);
            } else {
                start(p);
            }
        }

        private boolean directAccess(IoType type, long block, long count, IoVector pieces) {
            if (closed || !reactor.isCurrent()) {
                violation("direct access through a channel that is closed or of another reactor");
            }
            synchronized (faults) {
                if (!faults.isEmpty() || dead != null || reactor.random().nextDouble() >= settings.directChance()) {
                    return false;
                }
            }
            publishDirect();
            byte[] found = medium.read(block, (int) count);
            IoBuffer memory = IoBuffer.allocate(found.length);
            memory.bytes().put(0, found);
            int first = reactor.random().nextInt((int) count) * settings.blockSize();
            if (first > 0) {
                pieces.add(memory, 0, first);
            }
            pieces.add(memory, first, found.length - first);
            if (direct.isEmpty()) {
                reactor.defer(this::endDirect);
            }
            direct.add(new Direct(type, block, memory, found));
            return true;
        }

        /** Writes what was put so far into memory that was given. */
        private void publishDirect() {
            for (Direct given : direct) {
                byte[] content = new byte[given.found.length];
                given.memory.bytes().get(0, content);
                if (given.type == IoType.WRITE && !Arrays.equals(content, given.found)) {
                    medium.write(given.block, content);
                    if (!settings.writeCache()) {
                        medium.flush();
                    }
                    System.arraycopy(content, 0, given.found, 0, content.length);
                } else if (!Arrays.equals(content, given.found)) {
                    violation("memory was changed that was given to be read");
                }
            }
        }

        /** The turn is over, or an I/O comes that has to find what was written. */
        private void endDirect() {
            publishDirect();
            for (Direct given : direct) {
                for (int i = 0; i < given.memory.capacity(); i++) {
                    given.memory.bytes().put(i, POISON);
                }
                given.memory.free();
            }
            direct.clear();
        }

        @Override
        public boolean abort(BdevIo victim) {
            if (!settings.types().contains(IoType.ABORT)) {
                violation("abort asked of a disk that does not support it");
            }
            for (Pending p : pending) {
                if (p.io == victim && reactor.random().nextDouble() < settings.abortChance()) {
                    stop(p);
                    p.aborted = true;
                    start(p);
                    return true;
                }
            }
            return false;
        }

        @Override
        public void close() {
            if (!reactor.isCurrent()) {
                violation("channel of " + reactor.name() + " closed from elsewhere");
            }
            if (closed) {
                violation("channel of " + reactor.name() + " closed twice");
            }
            if (!pending.isEmpty()) {
                violation("channel of " + reactor.name() + " closed with " + pending.size() + " I/Os out");
            }
            endDirect();
            closed = true;
            channels.remove(this);
        }

        private void check(BdevIo io) {
            if (closed) {
                violation(io.type() + " given to a closed channel");
            }
            if (!reactor.isCurrent()) {
                violation(io.type() + " given from another thread than " + reactor.name());
            }
            if (!settings.types().contains(io.type()) || io.type() == IoType.ABORT) {
                violation(io.type() + " given, which it does not serve");
            }
            if (io.type() == IoType.FLUSH || io.type() == IoType.RESET) {
                return;
            }
            // the size only grows while somebody has it open
            long size = bdev == null ? settings.numBlocks() : bdev.numBlocks();
            boolean seek = io.type() == IoType.SEEK_DATA || io.type() == IoType.SEEK_HOLE;
            long length = seek ? 1 : io.numBlocks();
            if (io.offsetBlocks() < 0 || length < 1 || io.offsetBlocks() > size - length) {
                violation(io.type() + " of " + length + " blocks at " + io.offsetBlocks() + " of " + size);
            }
            if (io.type() == IoType.COPY && (io.sourceBlocks() < 0 || io.sourceBlocks() > size - io.numBlocks())) {
                violation("COPY of " + io.numBlocks() + " blocks from " + io.sourceBlocks() + " of " + size);
            }
            checkLimits(io);
        }

        private void checkLimits(BdevIo io) {
            IoLimits limits = settings.limits();
            long most =
                    switch (io.type()) {
                        case READ, WRITE -> limits.maxReadWriteBlocks();
                        case UNMAP -> limits.maxUnmapBlocks();
                        case WRITE_ZEROES -> limits.maxWriteZeroesBlocks();
                        case COPY -> limits.maxCopyBlocks();
                        default -> 0;
                    };
            if (most > 0 && io.numBlocks() > most) {
                violation(io.type() + " of " + io.numBlocks() + " blocks, limit " + most);
            }
            if (io.type() != IoType.READ && io.type() != IoType.WRITE) {
                return;
            }
            if (limits.maxSegments() > 0 && io.segments() > limits.maxSegments()) {
                violation(io.type() + " of " + io.segments() + " segments, limit " + limits.maxSegments());
            }
            long boundary = limits.optimalIoBoundary();
            if (limits.splitOnBoundary()
                    && boundary > 0
                    && io.offsetBlocks() / boundary != (io.offsetBlocks() + io.numBlocks() - 1) / boundary) {
                violation(io.type() + " at " + io.offsetBlocks() + "+" + io.numBlocks() + " crosses " + boundary);
            }
            if (io.type() == IoType.WRITE
                    && limits.writeUnitBlocks() > 1
                    && (io.offsetBlocks() % limits.writeUnitBlocks() != 0
                            || io.numBlocks() % limits.writeUnitBlocks() != 0)) {
                violation("WRITE at " + io.offsetBlocks() + "+" + io.numBlocks() + ", write unit "
                        + limits.writeUnitBlocks());
            }
            if (limits.requiredAlignment() > 1) {
                for (int i = 0; i < io.segments(); i++) {
                    // the first byte of every IoBuffer is aligned to more than any limit that makes sense
                    if (io.segmentOffset(i) % limits.requiredAlignment() != 0) {
                        violation(io.type() + " with memory at " + io.segmentOffset(i) + ", alignment "
                                + limits.requiredAlignment());
                    }
                }
            }
        }

        private void start(Pending p) {
            p.timer = reactor.after(latency(reactor.random()), () -> finish(p));
        }

        /** Takes an I/O out of the hands of its timer or of {@link #hold}. */
        private void stop(Pending p) {
            if (p.timer != null) {
                p.timer.close();
                p.timer = null;
            }
            if (p.kept) {
                p.kept = false;
                held.decrementAndGet();
            }
        }

        private void releaseHeld() {
            for (Pending p : List.copyOf(pending)) {
                if (p.kept) {
                    stop(p);
                    if (p.io.type() == IoType.RESET) {
                        reset(p);
                    } else {
                        start(p);
                    }
                }
            }
        }

        /** A reset ends what is out on every channel, then itself. */
        private void reset(Pending p) {
            onEveryChannel(Channel::abortAll).thenRun(() -> reactor.execute(() -> start(p)));
        }

        private void abortAll() {
            for (Pending p : pending) {
                if (p.io.type() != IoType.RESET) {
                    stop(p);
                    p.aborted = true;
                    start(p);
                }
            }
        }

        private void tearWrites() {
            endDirect();
            for (Pending p : pending) {
                BdevIo io = p.io;
                if (p.aborted || leftOut.test(io)) {
                    continue;
                }
                switch (io.type()) {
                    case WRITE -> medium.write(io.offsetBlocks(), gather(io));
                    case WRITE_ZEROES -> medium.discard(io.offsetBlocks(), io.numBlocks());
                    case COPY -> medium.write(io.offsetBlocks(), medium.read(io.sourceBlocks(), (int) io.numBlocks()));
                    default -> {}
                }
            }
        }

        private void finish(Pending p) {
            endDirect();
            BdevIo io = p.io;
            pending.remove(p);
            p.out = false;
            p.timer = null;
            IoStatus outcome;
            long result = 0;
            IoStatus cause = dead;
            if (p.aborted) {
                outcome = IoStatus.ABORTED;
            } else if (cause != null) {
                outcome = cause;
            } else if (io.type() != IoType.RESET && !p.lent && reactor.random().nextDouble() < settings.nomemChance()) {
                outcome = IoStatus.NOMEM;
            } else {
                IoStatus fault = faultFor(io);
                if (fault != null) {
                    outcome = fault;
                } else if (leftOut.test(io)) {
                    outcome = IoStatus.SUCCESS;
                } else if (io.type() == IoType.SEEK_DATA || io.type() == IoType.SEEK_HOLE) {
                    result = seek(io);
                    outcome = IoStatus.SUCCESS;
                } else {
                    outcome = perform(io, p.lent);
                }
            }
            completed.incrementAndGet();
            if (outcome.isSuccess() && (io.type() == IoType.SEEK_DATA || io.type() == IoType.SEEK_HOLE)) {
                io.completeWithResult(result);
            } else {
                io.complete(outcome);
            }
        }

        private long seek(BdevIo io) {
            boolean wantHole = io.type() == IoType.SEEK_HOLE;
            for (long b = io.offsetBlocks(); b < bdev.numBlocks(); b++) {
                if (medium.isHole(b) == wantHole) {
                    return b;
                }
            }
            return -1;
        }

        private IoStatus perform(BdevIo io, boolean lent) {
            synchronized (medium) {
                IoStatus outcome =
                        switch (io.type()) {
                            case READ -> {
                                // what was lent stands: zeroes that were true when the read was given
                                if (!lent) {
                                    scatter(io, medium.read(io.offsetBlocks(), (int) io.numBlocks()));
                                }
                                yield IoStatus.SUCCESS;
                            }
                            case WRITE -> {
                                medium.write(io.offsetBlocks(), gather(io));
                                yield IoStatus.SUCCESS;
                            }
                            case WRITE_ZEROES -> {
                                medium.discard(io.offsetBlocks(), io.numBlocks());
                                yield IoStatus.SUCCESS;
                            }
                            case UNMAP -> {
                                unmap(io);
                                yield IoStatus.SUCCESS;
                            }
                            case COPY -> {
                                medium.write(io.offsetBlocks(), medium.read(io.sourceBlocks(), (int) io.numBlocks()));
                                yield IoStatus.SUCCESS;
                            }
                            case COMPARE -> compare(io, gather(io));
                            case COMPARE_AND_WRITE -> {
                                byte[] expected = new byte[(int) io.byteLength()];
                                io.compareBuffer().bytes().get(io.compareOffset(), expected);
                                IoStatus equal = compare(io, expected);
                                if (equal.isSuccess()) {
                                    medium.write(io.offsetBlocks(), gather(io));
                                }
                                yield equal;
                            }
                            case FLUSH -> {
                                medium.flush();
                                yield IoStatus.SUCCESS;
                            }
                            case RESET -> IoStatus.SUCCESS;
                            default -> IoStatus.FAILED;
                        };
                if (!settings.writeCache()) {
                    medium.flush();
                }
                return outcome;
            }
        }

        private void unmap(BdevIo io) {
            for (long b = io.offsetBlocks(); b < io.offsetBlocks() + io.numBlocks(); b++) {
                if (!settings.unmapKeepsOld() || reactor.random().nextBoolean()) {
                    medium.discard(b, 1);
                }
            }
        }

        private IoStatus compare(BdevIo io, byte[] expected) {
            byte[] actual = medium.read(io.offsetBlocks(), (int) io.numBlocks());
            return Arrays.equals(actual, expected) ? IoStatus.SUCCESS : IoStatus.MISCOMPARE;
        }

        private byte[] gather(BdevIo io) {
            byte[] all = new byte[(int) io.byteLength()];
            int at = 0;
            for (int i = 0; i < io.segments() && at < all.length; i++) {
                int length = Math.min(io.segmentLength(i), all.length - at);
                io.segmentBuffer(i).bytes().get(io.segmentOffset(i), all, at, length);
                at += length;
            }
            if (at != all.length) {
                violation(io.type() + " of " + all.length + " bytes with " + at + " bytes of data");
            }
            return all;
        }

        private void scatter(BdevIo io, byte[] all) {
            int at = 0;
            for (int i = 0; i < io.segments() && at < all.length; i++) {
                int length = Math.min(io.segmentLength(i), all.length - at);
                io.segmentBuffer(i).bytes().put(io.segmentOffset(i), all, at, length);
                at += length;
            }
            if (at != all.length) {
                violation("READ of " + all.length + " bytes with room for " + at);
            }
        }
    }
}
