package io.cairn.module.raid.level;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A module of arrays whose members are given, with an array behind the channels that does what a test says. */
final class FixedArrays implements BdevModule {
    static final long DATA_OFFSET = 8;

    private BdevHost host;

    @Override
    public String name() {
        return "fixed";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    /** What an array is like. */
    record Plan(RaidLevel level, long strip, long regionRows, boolean intents, boolean journal) {
        static Plan of(RaidLevel level) {
            return new Plan(level, level.hasStrips() ? 4 : 0, 16, false, false);
        }

        Plan withIntents() {
            return new Plan(level, strip, regionRows, true, journal);
        }

        Plan withJournal() {
            return new Plan(level, strip, regionRows, intents, true);
        }
    }

    /** Makes an array that is complete. App thread. */
    CompletionStage<FixedArray> create(String name, Plan plan, List<String> bases) {
        FixedArray array = new FixedArray(host, name, plan);
        List<Layout.Slot> slots = new ArrayList<>();
        List<Shape.Extent> extents = new ArrayList<>();
        for (int slot = 0; slot < bases.size(); slot++) {
            BaseLink link = array.take(slot, bases.get(slot));
            slots.add(new Layout.Slot(MemberRole.IN_SYNC, link));
            extents.add(new Shape.Extent(DATA_OFFSET, link.base().numBlocks() - DATA_OFFSET));
        }
        Shape shape = new Shape(plan.level(), slots.get(0).link().base().blockSize(), plan.strip(), extents);
        return array.register(new Layout(1, shape, slots)).thenApply(bdev -> array);
    }

    /** An array as its channels see it; fails members and leaves them out. What a test looks at may be looked at from the test's thread. */
    static final class FixedArray implements ArrayControl, BdevBackend, StripeJournal {
        final List<String> events = new CopyOnWriteArrayList<>();
        final AtomicInteger journaled = new AtomicInteger();
        final AtomicInteger journalOut = new AtomicInteger();
        /** How often an entry's stripe ended without being whole. */
        final AtomicInteger tornStripes = new AtomicInteger();
        /** What was intended, by region; only ever more, unless a test takes some back. */
        final Set<Long> intended = ConcurrentHashMap.newKeySet();
        /** Whether failures are recorded; else they are only noted. */
        volatile boolean recordsFailures = true;

        volatile boolean answersIntents = true;
        /** Whether what is to be protected is; else it waits until {@link #refuseStrips}. */
        volatile boolean protectsStrips = true;

        volatile Layout layout;
        volatile RegionSet unsynced;
        /** The channels by reactor; each to be used on its own. */
        final Map<Integer, BackendChannel> opened = new ConcurrentHashMap<>();

        ArrayChannels channels;
        volatile Bdev bdev;

        private final BdevHost host;
        private final String name;
        private final Plan plan;
        private final Map<Integer, BaseLink> links = new HashMap<>();
        private final Set<Integer> failing = new HashSet<>();
        private final Map<Entry, Reactor> atJournal = new ConcurrentHashMap<>();

        FixedArray(BdevHost host, String name, Plan plan) {
            this.host = host;
            this.name = name;
            this.plan = plan;
        }

        private Reactor app() {
            return host.reactors().app();
        }

        BaseLink take(int slot, String base) {
            BaseLink link = BaseLink.exclusive(host, base, name, (event, d) -> {
                if (event == BdevEvent.REMOVE) {
                    baseRemoved(slot);
                }
            });
            links.put(slot, link);
            return link;
        }

        CompletionStage<Bdev> register(Layout first) {
            layout = first;
            Shape shape = first.shape();
            unsynced = plan.level().isRedundant() ? new RegionSet(shape.rows(), plan.regionRows()) : null;
            ChannelSettings settings = new ChannelSettings(
                    this,
                    plan.intents() ? plan.regionRows() : 0,
                    plan.journal() ? Optional.of(this) : Optional.empty());
            channels = new ArrayChannels(host.reactors(), settings, first, unsynced);
            List<Bdev> bases = links.values().stream().map(BaseLink::base).toList();
            BdevSpec spec = new BdevSpec(
                    name,
                    List.of(),
                    Optional.empty(),
                    "Raid Volume",
                    shape.blockSize(),
                    shape.numBlocks(),
                    RaidLimits.limits(shape, bases),
                    RaidLimits.hasWriteCache(shape.level(), bases),
                    RaidLimits.types(shape.level(), bases),
                    bases.stream().map(Bdev::name).toList());
            CompletionStage<Bdev> registered = host.register(spec, this);
            bdev = host.find(name).orElseThrow();
            return registered;
        }

        private void baseRemoved(int slot) {
            events.add("removed " + slot);
            if (layout.slots().get(slot).role() == MemberRole.ABSENT) {
                // it has failed before, and is let go of already
                return;
            }
            if (plan.level().isRedundant() && layout.count(MemberRole.IN_SYNC) > minimum()) {
                leave(slot);
            } else {
                host.unregister(bdev);
            }
        }

        private int minimum() {
            return plan.level().minOperational(layout.slots().size());
        }

        /** Leaves a member out: as after its failure was recorded. App thread. */
        CompletionStage<Void> leave(int slot) {
            BaseLink link = layout.slots().get(slot).link();
            return adopt(slot, Layout.Slot.EMPTY).thenRun(() -> {
                if (link != null) {
                    links.remove(slot, link);
                    link.close();
                }
            });
        }

        /** Changes what is in a slot, everywhere. App thread. */
        CompletionStage<Void> adopt(int slot, Layout.Slot next) {
            List<Layout.Slot> slots = new ArrayList<>(layout.slots());
            slots.set(slot, next);
            layout = new Layout(layout.version() + 1, layout.shape(), slots);
            return channels.adopt(layout);
        }

        /** Takes a member into an empty slot, to be rebuilt. App thread. */
        CompletionStage<Void> target(int slot, String base) {
            return adopt(slot, new Layout.Slot(MemberRole.TARGET, take(slot, base)));
        }

        /** Trusts a member that has been rebuilt. App thread. */
        CompletionStage<Void> trust(int slot) {
            return adopt(
                    slot,
                    new Layout.Slot(MemberRole.IN_SYNC, layout.slots().get(slot).link()));
        }

        /** Gives a mirror one more leg, to be rebuilt. App thread. */
        CompletionStage<Void> addLeg(String base) {
            int slot = layout.slots().size();
            List<Layout.Slot> slots = new ArrayList<>(layout.slots());
            slots.add(new Layout.Slot(MemberRole.TARGET, take(slot, base)));
            return adopt(shape(slots), slots);
        }

        /** Uses what the members have gained. App thread. */
        CompletionStage<Void> grow() {
            Shape larger = shape(layout.slots());
            if (unsynced == null) {
                return adopt(larger, layout.slots()).thenRun(() -> host.resize(bdev, larger.numBlocks()));
            }
            RegionSet before = unsynced;
            unsynced = new RegionSet(larger.rows(), plan.regionRows());
            for (int region = before.next(0); region >= 0; region = before.next(region + 1)) {
                unsynced.add(region);
            }
            return channels.unsynced(unsynced)
                    .thenCompose(v -> adopt(larger, layout.slots()))
                    .thenRun(() -> host.resize(bdev, larger.numBlocks()));
        }

        private Shape shape(List<Layout.Slot> slots) {
            return new Shape(
                    plan.level(),
                    layout.shape().blockSize(),
                    plan.strip(),
                    slots.stream()
                            .map(slot -> new Shape.Extent(
                                    DATA_OFFSET, slot.link().base().numBlocks() - DATA_OFFSET))
                            .toList());
        }

        private CompletionStage<Void> adopt(Shape shape, List<Layout.Slot> slots) {
            layout = new Layout(layout.version() + 1, shape, slots);
            return channels.adopt(layout);
        }

        // ---- as its channels see it ----

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            events.add("failed " + slot + " " + type + " " + status);
            if (recordsFailures) {
                app().execute(() -> decide(slot));
            }
        }

        private void decide(int slot) {
            MemberRole role = layout.slots().get(slot).role();
            if (role == MemberRole.ABSENT || !failing.add(slot)) {
                return;
            }
            // the record takes its time
            app().after(app().random().nextLong(1_000, 500_000), () -> {
                failing.remove(slot);
                MemberRole now = layout.slots().get(slot).role();
                if (now == MemberRole.TARGET
                        || (now == MemberRole.IN_SYNC && layout.count(MemberRole.IN_SYNC) > minimum())) {
                    leave(slot);
                } else if (now == MemberRole.IN_SYNC) {
                    events.add("refused " + slot);
                    channels.failureRefused(slot);
                }
            });
        }

        @Override
        public void readError(int slot, long row, long rows, boolean recovered, IoStatus status) {
            events.add("read error " + slot + " " + row + "+" + rows + (recovered ? " recovered" : " lost"));
        }

        @Override
        public void memberError(int slot, IoType type, IoStatus status) {
            events.add("error " + slot + " " + type);
        }

        @Override
        public void rewritten(long row, long rows) {
            events.add("rewritten " + row + "+" + rows);
        }

        @Override
        public boolean isLeaving() {
            return bdev.state() == BdevState.UNREGISTERING || bdev.state() == BdevState.REMOVING;
        }

        /** Takes the array down. App thread. */
        CompletionStage<Void> remove() {
            return host.unregister(bdev);
        }

        @Override
        public void suspect(long row, long rows) {
            events.add("suspect " + row + "+" + rows);
        }

        @Override
        public void intend(long row, long rows) {
            events.add("intend " + row + "+" + rows);
            if (answersIntents) {
                app().execute(() ->
                        app().after(app().random().nextLong(1_000, 300_000), () -> answerIntent(row, rows)));
            }
        }

        void answerIntent(long row, long rows) {
            for (long region = row / plan.regionRows(); region * plan.regionRows() < row + rows; region++) {
                intended.add(region);
            }
            channels.intended(row, rows);
        }

        @Override
        public void protect(long stripe, int missingSlot, IoVector data, Entry entry) {
            Reactor reactor = host.reactors().current().orElseThrow();
            journaled.incrementAndGet();
            journalOut.incrementAndGet();
            if (data.totalLength()
                    != layout.shape().stripBlocks() * layout.shape().blockSize()) {
                events.add("journal of " + data.totalLength() + " bytes");
            }
            if (protectsStrips) {
                reactor.after(reactor.random().nextLong(1_000, 100_000), () -> entry.onProtected(IoStatus.SUCCESS));
            } else {
                atJournal.put(entry, reactor);
            }
        }

        /** The member has left that was to keep the strips which wait. */
        void refuseStrips() {
            atJournal.forEach((entry, reactor) -> reactor.execute(() -> {
                journalOut.decrementAndGet();
                entry.onProtected(IoStatus.NO_DEVICE);
            }));
            atJournal.clear();
        }

        @Override
        public void done(long stripe, Entry entry, boolean good) {
            journalOut.decrementAndGet();
            if (!good) {
                tornStripes.incrementAndGet();
            }
        }

        // ---- as the core sees it ----

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            BackendChannel channel = channels.open(reactor);
            opened.put(reactor.index(), channel);
            return channel;
        }

        @Override
        public Object newIoContext() {
            return RaidChannels.newIoContext(layout.shape());
        }

        @Override
        public CompletionStage<Void> destruct() {
            // after a removal that is under way has let go of its member
            return channels.adopt(layout).thenCompose(v -> {
                List.copyOf(links.values()).forEach(BaseLink::close);
                links.clear();
                return CompletableFuture.completedFuture(null);
            });
        }
    }

    /** Copies bytes out of memory. */
    static byte[] bytes(IoBuffer buffer, int offset, int length) {
        byte[] copy = new byte[length];
        buffer.bytes().get(offset, copy);
        return copy;
    }
}
