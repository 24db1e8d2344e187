package io.cairn.module.raid.sync;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.module.raid.format.IntentBitmapCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidChannels;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RaidLimits;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.RowRanges;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A module with a small array behind the real channels, intents and processes: what the real one does on the app thread, without superblocks. What a
 * superblock would say, whose failure is recorded, is kept in a set that outlives the power.
 */
final class MiniArrays implements BdevModule {
    static final long REGION_ROWS = 8;
    static final long STRIP = 4;

    private BdevHost host;

    @Override
    public String name() {
        return "mini";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    /**
     * What an array is like.
     *
     * @param window bytes locked at a time
     */
    record Plan(RaidLevel level, int window, Duration sweep, IntentFault fault) {
        static Plan of(RaidLevel level) {
            return new Plan(level, 8 << 10, Duration.ofMillis(2), IntentFault.NONE);
        }

        Plan with(IntentFault planted) {
            return new Plan(level, window, sweep, planted);
        }

        Reserved places(int blockSize) {
            long strip = level.hasStrips() ? STRIP : 0;
            return new Reserved(blockSize, strip, Reserved.newDataOffset(level, blockSize, strip, 0));
        }
    }

    /** What superblocks would say. */
    static final class Superblocks {
        /** Slots whose failure is on disk. */
        final Set<Integer> failed = new HashSet<>();

        final UUID uuid = new UUID(1, 2);
        long sequence = 1;
        long missingSince;
        /** Whether what was out when a member was lost has ended: the journal knows of everything since. */
        volatile boolean settled = true;
        /** What is lost of members, by the record. */
        volatile LostRows lost = LostRows.NONE;
    }

    /**
     * Makes an array. App thread.
     *
     * @param record kept up to date
     * @param found intents that are known to be on disk
     */
    CompletionStage<MiniArray> create(
            String name, Plan plan, List<String> bases, Superblocks record, Optional<RegionSet> found) {
        MiniArray array = new MiniArray(host, name, plan, record);
        return array.start(bases, found).thenApply(bdev -> array);
    }

    /** The array. App thread, but for what says otherwise; the lists and roles may be looked at from the test's thread. */
    static final class MiniArray implements ArrayControl, BdevBackend, WriteIntents.Owner, ProcessListener {
        final List<String> events = new CopyOnWriteArrayList<>();
        final Map<Goal, Outcome> outcomes = new HashMap<>();
        volatile Outcome lastOutcome;
        volatile Goal lastCursor;
        volatile Layout layout;
        ArrayChannels channels;
        WriteIntents intents;
        Processes processes;
        Bdev bdev;
        /** Whether the members are losing their power. */
        volatile boolean powerOff;
        /** Whether a member that has been rebuilt is trusted by itself. */
        boolean trusts = true;

        final Superblocks record;
        private MemberJournal journal;
        private Doubts doubts;
        private final BdevHost host;
        private final String name;
        private final Plan plan;
        private final Set<Integer> failing = new HashSet<>();
        private final Map<Integer, ReservedArea> areas = new HashMap<>();

        MiniArray(BdevHost host, String name, Plan plan, Superblocks record) {
            this.host = host;
            this.name = name;
            this.plan = plan;
            this.record = record;
        }

        private Reactor app() {
            return host.reactors().app();
        }

        CompletionStage<Bdev> start(List<String> bases, Optional<RegionSet> found) {
            List<Layout.Slot> slots = new ArrayList<>();
            List<Shape.Extent> extents = new ArrayList<>();
            int blockSize = 512;
            long offset = plan.places(blockSize).dataOffset();
            List<Bdev> there = new ArrayList<>();
            for (int slot = 0; slot < bases.size(); slot++) {
                Bdev base = host.find(bases.get(slot)).orElseThrow();
                extents.add(new Shape.Extent(offset, base.numBlocks() - offset));
                if (record.failed.contains(slot)) {
                    slots.add(Layout.Slot.EMPTY);
                } else {
                    slots.add(new Layout.Slot(MemberRole.IN_SYNC, take(slot, base.name())));
                    there.add(base);
                }
            }
            long strip = plan.level().hasStrips() ? STRIP : 0;
            layout = new Layout(1, new Shape(plan.level(), blockSize, strip, extents), slots);
            long rows = layout.shape().rows();
            IntentChannels late = new IntentChannels() {
                @Override
                public void intended(long row, long count) {
                    channels.intended(row, count);
                }

                @Override
                public void forgetIntents(RegionSet busy, Runnable answered) {
                    channels.forgetIntents(busy).thenRun(answered);
                }
            };
            intents = new WriteIntents(
                    app(),
                    rows,
                    REGION_ROWS,
                    MemberIntents.pageRegions(plan.places(blockSize)),
                    plan.fault().in(late),
                    this,
                    plan.sweep());
            boolean parity = plan.level() == RaidLevel.RAID5F;
            found.ifPresent(bits -> {
                intents.load(bits);
                if (!parity || record.failed.isEmpty()) {
                    intents.suspectAll();
                }
            });
            StripeJournal late5 = new StripeJournal() {
                @Override
                public void protect(long stripe, int missingSlot, IoVector data, Entry entry) {
                    journal.protect(stripe, missingSlot, data, entry);
                }

                @Override
                public void done(long stripe, Entry entry, boolean good) {
                    journal.done(stripe, entry, good);
                }
            };
            channels = new ArrayChannels(
                    host.reactors(),
                    new ChannelSettings(this, REGION_ROWS, parity ? Optional.of(late5) : Optional.empty()),
                    layout,
                    intents.suspects());
            processes = new Processes(host.reactors(), channels, layout, new ProcessOptions(plan.window(), 0), this);
            BdevSpec spec = new BdevSpec(
                    name,
                    List.of(),
                    Optional.empty(),
                    "Raid Volume",
                    blockSize,
                    layout.shape().numBlocks(),
                    RaidLimits.limits(layout.shape(), there),
                    RaidLimits.hasWriteCache(layout.shape().level(), there),
                    RaidLimits.types(layout.shape().level(), there),
                    there.stream().map(Bdev::name).toList());
            CompletionStage<Void> joined = CompletableFuture.completedFuture(null);
            for (int slot = 0; slot < slots.size(); slot++) {
                if (slots.get(slot).link() != null) {
                    int one = slot;
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    intents.join(plan.fault().in(home(slot)), status -> {
                        if (!status.isSuccess()) {
                            events.add("no intents on " + one + ": " + status);
                        }
                        done.complete(null);
                    });
                    joined = joined.thenCombine(done, (a, b) -> null);
                }
            }
            if (parity) {
                joined = joined.thenCompose(v -> replay()).thenCompose(v -> {
                    doubts = new Doubts(channels, new Lost(), record.lost);
                    doubts.suspect(intents.suspects());
                    return doubts.begin();
                });
            }
            return joined.thenCompose(v -> {
                intents.complete(isComplete());
                CompletionStage<Bdev> registered = host.register(spec, this);
                bdev = host.find(name).orElseThrow();
                resync();
                return registered;
            });
        }

        private CompletionStage<Void> replay() {
            int missing = record.failed.isEmpty()
                    ? JournalReplay.NOBODY
                    : record.failed.iterator().next();
            JournalReplay replay = new JournalReplay(record.uuid, layout.shape(), missing, record.missingSince);
            areas.forEach((slot, area) -> replay.with(slot, area, plan.places(512)));
            return replay.run().thenAccept(result -> {
                events.add("replayed " + result);
                if (missing != JournalReplay.NOBODY && !record.settled) {
                    RowRanges torn = RowRanges.NONE;
                    RegionSet bits = intents.bits();
                    for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
                        torn = torn.plus(region * REGION_ROWS, REGION_ROWS);
                    }
                    for (long stripe : result.stripes()) {
                        torn = torn.minus(stripe * STRIP, STRIP);
                    }
                    record.lost = record.lost.plus(missing, torn);
                    record.settled = true;
                }
                journal = new MemberJournal(
                        host.reactors(),
                        record.uuid,
                        layout.shape(),
                        result.nextSequence(),
                        () -> record.sequence,
                        stripe -> doubts.restored(stripe * STRIP, STRIP),
                        (slot, type, status) -> decideSoon(slot));
                areas.forEach((slot, area) -> journal.join(slot, area, plan.places(512)));
            });
        }

        /** Waits for what was out when a member was lost, and makes it durable. */
        private void settle() {
            if (processes.current().isPresent() || !intents.suspects().isEmpty()) {
                app().after(1_000_000, this::settle);
                return;
            }
            channels.lock(0, layout.shape().rows())
                    .thenCompose(v -> channels.unlock())
                    .thenRun(() -> {
                        CompletionStage<Void> flushed = CompletableFuture.completedFuture(null);
                        for (int slot = 0; slot < layout.slots().size(); slot++) {
                            if (layout.slots().get(slot).role() == MemberRole.IN_SYNC) {
                                flushed = flushed.thenCombine(areas.get(slot).flush(), (a, b) -> null);
                            }
                        }
                        flushed.thenRun(() -> record.settled = true);
                    });
        }

        private BaseLink take(int slot, String base) {
            BaseLink[] self = new BaseLink[1];
            self[0] = BaseLink.exclusive(host, base, name, (event, d) -> {
                if (event == BdevEvent.REMOVE) {
                    baseRemoved(slot, self[0]);
                }
            });
            return self[0];
        }

        private MemberIntents home(int slot) {
            ReservedArea area = ReservedArea.of(layout.slots().get(slot).link());
            areas.put(slot, area);
            return new MemberIntents(slot, area, plan.places(512));
        }

        boolean isComplete() {
            return layout.count(MemberRole.IN_SYNC) == layout.slots().size();
        }

        private int minimum() {
            return plan.level().minOperational(layout.slots().size());
        }

        private void baseRemoved(int slot, BaseLink which) {
            events.add("removed " + slot);
            if (layout.slots().get(slot).link() != which) {
                return;
            }
            if (layout.slots().get(slot).role() == MemberRole.TARGET || layout.count(MemberRole.IN_SYNC) > minimum()) {
                leave(slot);
            } else {
                host.unregister(bdev);
            }
        }

        /** Leaves a member out; its failure is on disk. */
        CompletionStage<Void> leave(int slot) {
            BaseLink link = layout.slots().get(slot).link();
            if (link == null) {
                return CompletableFuture.completedFuture(null);
            }
            if (layout.slots().get(slot).role() == MemberRole.IN_SYNC) {
                record.missingSince = ++record.sequence;
                record.settled = false;
            }
            record.failed.add(slot);
            intents.complete(false);
            intents.leave(slot);
            if (journal != null) {
                journal.leave(slot);
            }
            return adopt(slot, Layout.Slot.EMPTY)
                    .thenCompose(v -> areas.containsKey(slot)
                            ? areas.get(slot).whenIdle()
                            : CompletableFuture.completedFuture(null))
                    .thenRun(link::close)
                    .thenRun(() -> {
                        if (!record.settled) {
                            settle();
                        }
                    });
        }

        private CompletionStage<Void> adopt(int slot, Layout.Slot next) {
            List<Layout.Slot> slots = new ArrayList<>(layout.slots());
            slots.set(slot, next);
            layout = new Layout(layout.version() + 1, layout.shape(), slots);
            CompletableFuture<Void> released = new CompletableFuture<>();
            processes.adopt(layout, () -> released.complete(null));
            return channels.adopt(layout).thenCombine(released, (a, b) -> null);
        }

        /** Takes a member into an empty slot and has it rebuilt. */
        CompletionStage<Void> rejoin(int slot, String base, boolean delta) {
            return adopt(slot, new Layout.Slot(MemberRole.TARGET, take(slot, base)))
                    .thenRun(() -> processes.request(new Goal.Rebuild(slot, intents.forTarget(delta, 0), 0)));
        }

        void resync() {
            if (!intents.suspects().isEmpty() && processes.canResync()) {
                processes.request(new Goal.Resync(intents.suspects(), 0));
            }
        }

        // ---- processes ----

        @Override
        public CompletionStage<Boolean> surrender(int missing, long row, long rows) {
            return doubts.surrender(missing, row, rows);
        }

        private final class Lost implements Doubts.Home {
            @Override
            public CompletionStage<Void> giveUp(long row, long rows) {
                return journal.giveUp(row, rows);
            }

            @Override
            public CompletionStage<Boolean> save(LostRows lost) {
                CompletionStage<Void> flushed = CompletableFuture.completedFuture(null);
                for (int slot = 0; slot < layout.slots().size(); slot++) {
                    if (layout.slots().get(slot).role() == MemberRole.IN_SYNC) {
                        flushed = flushed.thenCombine(areas.get(slot).flush(), (a, b) -> null);
                    }
                }
                return flushed.handle((done, failure) -> {
                    events.add((failure == null ? "" : "not saved: ") + lost);
                    if (failure == null && !powerOff) {
                        record.lost = lost;
                    }
                    return failure == null && !powerOff;
                });
            }
        }

        @Override
        public void started(Goal goal) {
            events.add("started " + goal.type());
        }

        @Override
        public void cursor(Goal goal, long row) {
            lastCursor = goal;
        }

        @Override
        public void ended(Goal goal, Outcome outcome) {
            events.add("ended " + goal.type() + " " + outcome);
            lastOutcome = outcome;
            if (outcome instanceof Outcome.MemberFailed bad) {
                decideSoon(bad.slot());
            }
            if (goal instanceof Goal.Rebuild rebuild && outcome instanceof Outcome.Done && trusts) {
                trust(rebuild.slot());
            } else if (goal instanceof Goal.Resync && outcome instanceof Outcome.Done) {
                if (doubts != null && intents.suspects().isEmpty()) {
                    doubts.resolved();
                }
                resync();
            }
        }

        private void trust(int slot) {
            BaseLink link = layout.slots().get(slot).link();
            if (link == null) {
                return;
            }
            intents.join(plan.fault().in(home(slot)), status -> {
                if (layout.slots().get(slot).link() != link) {
                    return;
                }
                if (!status.isSuccess()) {
                    events.add("no intents on " + slot + ": " + status);
                    leave(slot);
                    return;
                }
                record.failed.remove(slot);
                record.sequence++;
                if (journal != null) {
                    journal.join(slot, areas.get(slot), plan.places(512));
                }
                adopt(slot, new Layout.Slot(MemberRole.IN_SYNC, link)).thenRun(() -> {
                    events.add("in sync " + slot);
                    intents.complete(isComplete());
                    resync();
                });
            });
        }

        // ---- channels and intents; the first four on any reactor ----

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            events.add("failed " + slot + " " + type + " " + status);
            app().execute(() -> decideSoon(slot));
        }

        private void refuse(int slot) {
            intents.refused(slot);
            channels.failureRefused(slot);
        }

        private void decideSoon(int slot) {
            if (layout.slots().get(slot).role() == MemberRole.ABSENT || !failing.add(slot)) {
                return;
            }
            // the record takes its time
            app().after(app().random().nextLong(1_000, 500_000), () -> {
                failing.remove(slot);
                MemberRole now = layout.slots().get(slot).role();
                if (powerOff) {
                    // nobody's failure can be recorded any more
                    refuse(slot);
                } else if (now == MemberRole.TARGET
                        || (now == MemberRole.IN_SYNC && layout.count(MemberRole.IN_SYNC) > minimum())) {
                    leave(slot);
                } else if (now == MemberRole.IN_SYNC) {
                    events.add("refused " + slot);
                    refuse(slot);
                }
            });
        }

        @Override
        public void readError(int slot, long row, long rows, boolean repaired, IoStatus status) {
            events.add("read error " + slot + " " + row + "+" + rows + " " + repaired);
        }

        @Override
        public void suspect(long row, long rows) {
            app().execute(() -> {
                events.add("suspect " + row + "+" + rows);
                intents.addSuspect(row, rows);
                if (doubts != null) {
                    doubts.suspect(row, rows);
                }
                resync();
            });
        }

        @Override
        public void rewritten(long row, long rows) {
            app().execute(() -> doubts.rewritten(row, rows));
        }

        @Override
        public void intend(long row, long rows) {
            app().execute(() -> intents.intend(row, rows));
        }

        @Override
        public void intentsLost(Runnable recorded) {
            events.add("intents lost");
            recorded.run();
        }

        @Override
        public void intentsKept() {
            events.add("intents kept");
        }

        // ---- the core ----

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            return channels.open(reactor);
        }

        @Override
        public Object newIoContext() {
            return RaidChannels.newIoContext(layout.shape());
        }

        @Override
        public CompletionStage<Void> destruct() {
            CompletableFuture<Void> stopped = new CompletableFuture<>();
            intents.close();
            if (journal != null) {
                journal.close();
            }
            processes.stop(rest -> stopped.complete(null));
            return stopped.thenCompose(v -> channels.adopt(layout)).thenCompose(v -> {
                CompletionStage<Void> idle = CompletableFuture.completedFuture(null);
                for (ReservedArea area : areas.values()) {
                    idle = idle.thenCombine(area.whenIdle(), (a, b) -> null);
                }
                return idle.thenRun(() -> layout.slots().forEach(slot -> {
                    if (slot.link() != null) {
                        slot.link().close();
                    }
                }));
            });
        }
    }

    /** Reads the intents that a medium holds. */
    static RegionSet intentsOn(io.cairn.bdev.testkit.SimMedium medium, Plan plan, long rows) {
        Reserved places = plan.places(medium.blockSize());
        RegionSet bits = new RegionSet(rows, REGION_ROWS);
        byte[] page = medium.read(places.bitmapOffset() / medium.blockSize(), places.unit() / medium.blockSize());
        new IntentBitmapCodec(places.unit()).decode(page, 0, bits);
        return bits;
    }
}
