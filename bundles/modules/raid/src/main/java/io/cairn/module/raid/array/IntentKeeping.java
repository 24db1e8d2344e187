package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.raid.format.IntentBitmapCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.RowRanges;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.sync.IntentChannels;
import io.cairn.module.raid.sync.WriteIntents;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The write intents of an array that is online, and where they are on its members. App thread. */
final class IntentKeeping {
    private static final Logger LOG = System.getLogger(IntentKeeping.class.getName());

    private final Slots slots;
    private final RecordKeeper keeper;
    private final Serving serving;
    private final MemberReports reports;
    private final Optional<Reserved> where;
    private final WriteIntents intents;
    private boolean complete;
    private boolean keepAll;
    private boolean outdated;

    IntentKeeping(Reactor app, Slots slots, RecordKeeper keeper, Serving serving, MemberReports reports, Shape shape) {
        this.slots = slots;
        this.keeper = keeper;
        this.serving = serving;
        this.reports = reports;
        this.where = place(slots, shape);
        this.intents = new WriteIntents(
                app,
                shape.rows(),
                // larger than need be if the array was about to grow
                Math.max(regionRows(shape), keeper.record().regionRows()),
                where.map(reserved -> reserved.unit() * Byte.SIZE).orElse(0),
                new Channels(),
                new Owner());
        tellRegions();
    }

    /** Returns where the record is on every member; empty if one has no room for it: the intents are in memory only then. */
    private static Optional<Reserved> place(Slots slots, Shape shape) {
        Optional<Reserved> all = Optional.empty();
        for (Slot slot : slots.attached()) {
            if (slot.member().store() == null) {
                return Optional.empty();
            }
            Reserved here = new Reserved(
                    shape.blockSize(),
                    shape.stripBlocks(),
                    shape.members().get(slot.index()).dataOffset());
            slot.member().store().setReserved(here);
            if (!here.hasRoomForRecord()) {
                return Optional.empty();
            }
            all = Optional.of(here);
        }
        return all;
    }

    private static long regionRows(Shape shape) {
        return Reserved.regionRows(shape.rows(), shape.blockSize());
    }

    private void tellRegions() {
        keeper.record().setRegions(intents.bits().regionRows(), intents.bits().count());
    }

    /** Returns whether they are on the members, not in memory only. */
    boolean areOnDisk() {
        return where.isPresent();
    }

    /** Returns how many rows a region has, as a channel that is opened now is to know it. */
    long regionRows() {
        return intents.bits().regionRows();
    }

    /** Returns the rows on which the members may differ, shared with the channels. */
    RegionSet suspects() {
        return intents.suspects();
    }

    /** Returns on how many rows the members may differ, in whole regions. */
    long unsyncedRows() {
        RegionSet suspects = intents.suspects();
        long regionRows = suspects.regionRows();
        long end = serving.shape().rows();
        int last = suspects.regionOf(end - 1);
        // the last region may be shorter than the others
        long beyond = suspects.contains(last) ? (last + 1) * regionRows - end : 0;
        return suspects.size() * regionRows - beyond;
    }

    // ---- what was before ----

    /**
     * Reads what the members that are IN_SYNC have, and goes on from there. Each of them has all (rule 1): one that cannot be read is done without as long as
     * another one can; it gets them again when the array begins.
     */
    CompletionStage<Void> load() {
        CompletionStage<Void> read = Stages.done();
        RegionSet bits = intents.bits();
        RegionSet united = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
        List<Slot> having = slots.withRole(MemberRole.IN_SYNC);
        List<Throwable> unread = new ArrayList<>();
        for (Slot slot : having) {
            read = read.thenCompose(
                    before -> readInto(united, slot.member().store()).exceptionally(failure -> {
                        unread.add(failure);
                        LOG.log(
                                Level.WARNING,
                                "base bdev ''{0}'': its write intents cannot be read: {1}",
                                slot.name(),
                                Stages.cause(failure).getMessage());
                        return null;
                    }));
        }
        return read.thenRun(() -> {
            if (!unread.isEmpty() && unread.size() == having.size()) {
                throw Stages.unchecked(unread.get(0));
            }
            intents.load(united);
        });
    }

    private CompletionStage<Void> readInto(RegionSet into, MemberStore store) {
        Reserved reserved = where.orElseThrow();
        IntentBitmapCodec codec = new IntentBitmapCodec(reserved.unit());
        int pages = codec.pages(into.count());
        return store.area()
                .read(store.reserved().orElse(reserved).bitmapOffset(), pages * reserved.unit())
                .thenAccept(content -> codec.decode(content, 0, into));
    }

    /**
     * Goes on where the module before an upgrade was: with the intents of an array that says nothing on disk, and with the rows in doubt of any.
     *
     * @return whether the rows in doubt are known: those that have an intent beside them are in none
     */
    boolean takeOver(Map<?, ?> before) {
        if (!Long.valueOf(keeper.record().sequence()).equals(before.get(HandedOver.SEQUENCE))
                || !Long.valueOf(intents.bits().regionRows()).equals(before.get(HandedOver.REGION_ROWS))
                || !(before.get(HandedOver.BITS) instanceof long[] bits)
                || !(before.get(HandedOver.SUSPECTS) instanceof long[] words)) {
            return false;
        }
        int count = intents.bits().count();
        long rows = intents.bits().regionRows();
        intents.load(HandedOver.regions(bits, count, rows));
        RegionSet suspects = HandedOver.regions(words, count, rows);
        for (int region = suspects.next(0); region >= 0; region = suspects.next(region + 1)) {
            long row = region * rows;
            intents.addSuspect(row, Math.min(rows, serving.shape().rows() - row));
        }
        return true;
    }

    /** Returns what the next module has to know of them. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put(HandedOver.REGION_ROWS, intents.bits().regionRows());
        plain.put(HandedOver.BITS, HandedOver.words(intents.bits()));
        plain.put(HandedOver.SUSPECTS, HandedOver.words(intents.suspects()));
        return plain;
    }

    // ---- members ----

    /** The array is online: its members keep them from now on. */
    void begin() {
        for (Slot slot : slots.withRole(MemberRole.IN_SYNC)) {
            keep(slot);
        }
        complete(slots.isComplete());
    }

    /**
     * A member keeps them too from now on.
     *
     * @return how the writing of those that there are has ended
     */
    CompletionStage<IoStatus> join(Slot slot) {
        CompletableFuture<IoStatus> joined = new CompletableFuture<>();
        intents.join(new MemberIntentHome(slot, slot.member()), joined::complete);
        return joined;
    }

    /** A member that is IN_SYNC keeps them. One that does not take them is reported, and gets them again until it is out. */
    private void keep(Slot slot) {
        intents.keep(new MemberIntentHome(slot, slot.member()));
    }

    /** A member is out. */
    void leave(Slot slot) {
        intents.leave(slot.index());
    }

    /** A member whose failure was reported stays. */
    void refused(int slot) {
        intents.refused(slot);
    }

    /** Tells whether they may be taken back: nobody is missing, or being given what it missed. */
    void complete(boolean everybody) {
        complete = everybody;
        tellComplete();
    }

    /** Tells whether none is to be taken back though nobody is missing: somebody is being given what a member has. */
    void keepAll(boolean keep) {
        keepAll = keep;
        tellComplete();
    }

    /** Tells whether none is to be taken back though nobody is missing: members' record may say that somebody is. */
    void outdated(boolean record) {
        outdated = record;
        tellComplete();
    }

    private void tellComplete() {
        intents.complete(complete && !keepAll && !outdated);
    }

    /**
     * Another member keeps them in the place of the one in a slot, from now on.
     *
     * @return how the writing of those that there are has ended; if not well, it is as it was
     */
    CompletionStage<IoStatus> exchange(Slot slot, Member other) {
        CompletableFuture<IoStatus> joined = new CompletableFuture<>();
        intents.join(new MemberIntentHome(slot, other), joined::complete);
        return joined.thenApply(status -> {
            if (!status.isSuccess() && slot.member() != null && slot.member() != other) {
                keep(slot);
            }
            return status;
        });
    }

    /** Returns the regions that a target has to be given; null: all. */
    RegionSet forTarget(boolean delta, long from) {
        return intents.forTarget(delta, from);
    }

    // ---- rows ----

    /** Returns all rows with an intent. */
    RowRanges rows() {
        RowRanges rows = RowRanges.NONE;
        RegionSet bits = intents.bits();
        for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
            rows = rows.plus(region * bits.regionRows(), bits.regionRows());
        }
        return rows;
    }

    void intend(long row, long rows) {
        intents.intend(row, rows);
    }

    /** The members may differ on some rows. */
    void addSuspect(long row, long rows) {
        intents.addSuspect(row, rows);
    }

    /** The members may differ wherever there is an intent. */
    void suspectAll() {
        intents.suspectAll();
    }

    /** Returns the regions that some rows are in. */
    RegionSet around(long row, long rows) {
        RegionSet bits = intents.bits();
        RegionSet regions = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
        regions.addRows(row, rows);
        return regions;
    }

    /**
     * There are to be more rows, if the record can say so: the new ones have an intent before that. Every channel knows the new set of suspects before it knows the new rows.
     *
     * @param before what there is
     */
    CompletionStage<Void> prepareGrowth(Shape before, Shape larger) {
        CompletableFuture<Void> prepared = new CompletableFuture<>();
        long regionRows = Math.max(intents.bits().regionRows(), regionRows(larger));
        intents.prepareGrowth(before.rows(), larger.rows(), regionRows, () -> {
            tellRegions();
            prepared.complete(null);
        });
        return prepared.thenCompose(done -> serving.channels().unsynced(suspects()));
    }

    /** The record says durably how many rows there are, whether they have become more or not. */
    void endGrowth() {
        intents.endGrowth();
    }

    /** Takes back all that may be, and ends. */
    CompletionStage<Void> close() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        intents.takeBack(() -> {
            intents.close();
            closed.complete(null);
        });
        return closed;
    }

    /** The channels, which are made after the intents. */
    private final class Channels implements IntentChannels {
        @Override
        public void intended(long row, long rows) {
            serving.channels().intended(row, rows);
        }

        @Override
        public void forgetIntents(RegionSet busy, Runnable answered) {
            serving.channels().forgetIntents(busy).thenRun(answered);
        }
    }

    private final class Owner implements WriteIntents.Owner {
        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            reports.failed(slot, type, status);
        }

        @Override
        public void intentsLost(Runnable recorded) {
            keeper.record().setIntentsLost(true);
            keeper.writeExtension().whenComplete((failed, failure) -> recorded.run());
        }

        @Override
        public void intentsKept() {
            keeper.record().setIntentsLost(false);
            // a record that says more is missing than is does no harm: nobody is told if it is not taken
            keeper.writeExtension();
        }
    }
}
