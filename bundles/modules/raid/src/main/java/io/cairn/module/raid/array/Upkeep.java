package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Reactors;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What keeps the members of a redundant array in agreement while it is online: intents, journal and background processes, each told of what happens to the
 * members and the rows in the order that they depend on each other. App thread.
 */
final class Upkeep {
    private final ArrayContext context;
    private final Serving serving;
    private final Definition definition;
    private final Slots slots;
    private final ArrayRecord record;
    private final Events events;
    private final MemberReports reports;
    private final ExtensionSaver saver;
    private final IntentKeeping intents;
    private final Optional<JournalKeeping> journal;
    private final Optional<LossKeeping> losses;
    private final Background background;
    private final ReadErrorLimit readErrors;
    /** Whether the members may differ on the rows that have an intent, when the array comes online. */
    private boolean doubtful;
    /** Whether they may differ anywhere. */
    private boolean allDoubtful;

    Upkeep(
            ArrayContext context,
            Definition definition,
            Slots slots,
            RecordKeeper keeper,
            Serving serving,
            MemberReports reports,
            Events events,
            Shape shape) {
        Reactors reactors = context.host().reactors();
        this.context = context;
        this.serving = serving;
        this.definition = definition;
        this.slots = slots;
        this.record = keeper.record();
        this.events = events;
        this.reports = reports;
        this.saver = new ExtensionSaver(keeper, reports);
        this.intents = new IntentKeeping(reactors.app(), slots, keeper, serving, reports, shape);
        this.journal = definition.level() == RaidLevel.RAID5F && intents.areOnDisk()
                ? Optional.of(new JournalKeeping(
                        definition, reactors, slots, record, serving, intents, reports, saver, this::restored))
                : Optional.empty();
        this.losses = definition.level() == RaidLevel.RAID5F
                ? Optional.of(new LossKeeping(definition, keeper, serving, intents, journal, reports))
                : Optional.empty();
        this.background = new Background(definition, slots, record, serving, intents, saver, context::options);
        this.readErrors = new ReadErrorLimit(() -> context.policies(definition).maxReadErrors(), reports);
    }

    IntentKeeping intents() {
        return intents;
    }

    Background background() {
        return background;
    }

    /** Returns what the channels are to know. */
    ChannelSettings settings(ArrayControl control) {
        return new ChannelSettings(control, intents.regionRows(), journal.map(JournalKeeping::forChannels));
    }

    // ---- before the array is online ----

    /**
     * Finds out what was left by those who had the array before.
     *
     * @param before what they tell that is not on the members: {@link HandedOver}
     * @param believed whether the members' extensions are to be believed
     * @param wasComplete whether nobody was missing then
     */
    CompletionStage<Void> prepare(Map<?, ?> before, boolean believed, boolean wasComplete) {
        return journal.map(JournalKeeping::replay)
                .orElseGet(Stages::done)
                .thenCompose(replayed -> recall(before, believed, wasComplete))
                .thenCompose(known -> losses.map(LossKeeping::recall).orElseGet(Stages::done));
    }

    private CompletionStage<Void> recall(Map<?, ?> before, boolean believed, boolean wasComplete) {
        boolean suspectsKnown = intents.takeOver(before);
        boolean known = suspectsKnown || (believed && intents.areOnDisk());
        if (!known) {
            forget();
        } else if (!suspectsKnown && record.wereIntentsLost()) {
            doubtAll();
        }
        background.recall();
        if (!believed || !intents.areOnDisk()) {
            return Stages.done();
        }
        return intents.load().thenRun(() -> {
            // of a raid5f that was degraded already the journal has what the bits cannot tell
            boolean torn = wasComplete || record.isUnsettled();
            boolean lacksParity = journal.isPresent() && !slots.isComplete();
            doubtful = !suspectsKnown && !lacksParity && (torn || definition.level() == RaidLevel.RAID1);
            if (!suspectsKnown && lacksParity && torn) {
                losses.orElseThrow()
                        .loseWhatIsTorn(journal.get().missing(), journal.get().replayed());
            }
        });
    }

    /**
     * Nobody knows where the members may differ: the array is new, or somebody had it who keeps no intents (SPDK, or this module without a place for them). Whoever is away has
     * missed more than the intents will say. Where there is a place for them that is so once; then all is made to agree: of a mirror as rows in doubt, so that it is read on
     * one leg until then; of raid5f by a scrub that repairs, since rows in doubt could not be served without a member, and are most probably good.
     */
    private void forget() {
        record.forgetIntents();
        if (!record.isBlank() && (intents.areOnDisk() || !definition.superblock())) {
            doubtAll();
        }
    }

    private void doubtAll() {
        if (definition.level() == RaidLevel.RAID1) {
            allDoubtful = slots.inSync() > 1;
        } else if (slots.isComplete()) {
            record.setProcess(
                    Optional.of(new Extension.ProcessState(ProcessKind.SCRUB_REPAIR, Optional.empty(), 0, 0)));
        }
    }

    /** The array is online: members keep the intents, and what is due begins. */
    void begin() {
        background.begin(
                context.host().reactors(),
                new ProcessReports(slots, record, saver, readErrors, reports, events, losses, this::processEnded));
        intents.begin();
        if (doubtful) {
            intents.suspectAll();
        }
        if (allDoubtful) {
            intents.addSuspect(0, serving.shape().rows());
        }
        losses.ifPresent(LossKeeping::begin);
        background.resyncIfDue();
        journal.ifPresent(JournalKeeping::settleIfDue);
        background.goOn();
    }

    private void processEnded() {
        losses.ifPresent(LossKeeping::processEnded);
        journal.ifPresent(JournalKeeping::settleIfDue);
        background.nextTarget();
    }

    // ---- members ----

    /**
     * Has the processes use another layout.
     *
     * @param channels completes when the channels do
     */
    CompletionStage<Void> adopt(Layout next, CompletionStage<Void> channels) {
        if (!background.hasBegun()) {
            return channels;
        }
        CompletionStage<Void> released = background.adopt(next);
        // a resync may have found too few members before, or has ended because of one that has left
        return channels.thenCompose(adopted -> released).thenRun(() -> {
            background.resyncIfDue();
            journal.ifPresent(JournalKeeping::settleIfDue);
        });
    }

    /**
     * A record is about to be written that does without a member.
     *
     * @param wasComplete whether nobody is missing without it
     */
    void leaving(boolean wasComplete) {
        intents.complete(false);
        if (wasComplete) {
            journal.ifPresent(JournalKeeping::isTorn);
        }
    }

    /** That record could not be written: the array has all its members still. */
    void stay() {
        intents.complete(slots.isComplete());
    }

    /** A member is out: before anything is acknowledged that it missed. */
    void left(Slot slot) {
        intents.leave(slot);
        journal.ifPresent(known -> known.leave(slot));
        background.left(slot);
    }

    /** Another member has the place of one, and has everything that it had. */
    void exchanged(Slot slot) {
        journal.ifPresent(known -> known.exchanged(slot));
    }

    /** Brings to the members what of the record has changed outside of the superblock. */
    void saveRecord() {
        saver.save();
    }

    /** Writes to a member that is about to be in sync what the others have, and keeps it there from now on. */
    CompletionStage<IoStatus> keepOn(Slot slot) {
        return intents.join(slot).thenApply(status -> {
            if (status.isSuccess()) {
                journal.ifPresent(known -> known.join(slot));
            }
            return status;
        });
    }

    // ---- what the channels report ----

    /** A member could not be read. */
    void readError(int index, long row, long rows, boolean recovered, IoStatus status) {
        if (!background.hasBegun() || index >= slots.count()) {
            return;
        }
        Slot slot = slots.get(index);
        if (readErrors.count(slot, false, status) && recovered && slot.role() == MemberRole.IN_SYNC) {
            background.repair(row, rows);
        }
    }

    /** The members may differ on some rows. */
    void suspect(long row, long rows) {
        if (background.hasBegun()) {
            losses.ifPresent(known -> known.suspect(row, rows));
            intents.addSuspect(row, rows);
            background.resyncIfDue();
        }
    }

    /** Stripes have been written whole of which rows are lost or in doubt. */
    void rewritten(long row, long rows) {
        losses.ifPresent(known -> known.rewritten(row, rows));
    }

    private void restored(long stripe) {
        losses.ifPresent(known -> known.restored(stripe));
    }

    /** Returns what is lost of members. */
    LostRows lost() {
        return losses.map(LossKeeping::lost).orElse(LostRows.NONE);
    }

    /** There are rows behind those that there were, and the record says so. */
    void grown(long firstRow, long rows) {
        intents.addSuspect(firstRow, rows - firstRow);
        intents.endGrowth();
        background.grow(firstRow);
    }

    /** Returns the rows on which the members may differ, shared with the channels. */
    RegionSet unsynced() {
        return intents.suspects();
    }

    /** Ends everything, with the cursor saved and no more bits than needed. */
    CompletionStage<Void> close() {
        if (!background.hasBegun()) {
            return CompletableFuture.completedFuture(null);
        }
        return background
                .stop()
                .thenCompose(stopped -> intents.close())
                .thenRun(() -> journal.ifPresent(JournalKeeping::close));
    }
}
