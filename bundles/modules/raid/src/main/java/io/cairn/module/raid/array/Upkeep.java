package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.NotificationType;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.IntentBitmapCodec;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.sync.Findings;
import io.cairn.module.raid.sync.Goal;
import io.cairn.module.raid.sync.IntentChannels;
import io.cairn.module.raid.sync.JournalReplay;
import io.cairn.module.raid.sync.MemberJournal;
import io.cairn.module.raid.sync.Outcome;
import io.cairn.module.raid.sync.ProcessListener;
import io.cairn.module.raid.sync.ProcessOptions;
import io.cairn.module.raid.sync.Processes;
import io.cairn.module.raid.sync.Progress;
import io.cairn.module.raid.sync.WriteIntents;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * What keeps the members of an array that is online in agreement: the write intents and the background processes, and what is kept of them on disk. Of a
 * level without redundancy there is nothing to do. App thread.
 */
final class Upkeep {
    private static final Logger LOG = System.getLogger(Upkeep.class.getName());

    private final RaidArray array;
    private final ArrayContext context;
    private final Service service;
    private final boolean redundant;
    private final Optional<Reserved> where;
    private final WriteIntents intents;
    /** Targets that wait for their turn: one is rebuilt at a time. */
    private final Queue<Goal.Rebuild> targets = new ArrayDeque<>();

    private Processes processes;
    /** Null until the members' journals have been read; before any I/O. */
    private volatile MemberJournal journal;

    private Optional<Extension.ProcessState> interrupted = Optional.empty();
    private boolean doubtful;
    /** Counts the members that an array lost which was complete: what settles one loss says nothing of the next. */
    private int losses;

    private boolean saving;
    private boolean saveAgain;

    Upkeep(RaidArray array, ArrayContext context, Service service, Shape shape) {
        this.array = array;
        this.context = context;
        this.service = service;
        this.redundant = shape.level().isRedundant();
        this.where = place(array, shape);
        if (!redundant) {
            intents = null;
            return;
        }
        long regionRows = regionRows(shape);
        intents = new WriteIntents(
                context.app(),
                shape.rows(),
                regionRows,
                where.map(reserved -> reserved.unit() * Byte.SIZE).orElse(0),
                new Channels(),
                new Owner());
        array.record().setRegions(regionRows, intents.bits().count());
    }

    /** Returns where the record is on every member; empty if one has no room for it: the intents are in memory only then. */
    private static Optional<Reserved> place(RaidArray array, Shape shape) {
        Optional<Reserved> all = Optional.empty();
        for (Slot slot : array.slots().attached()) {
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

    /** Returns what the channels are to know. */
    ChannelSettings settings(ArrayControl control) {
        return redundant
                ? new ChannelSettings(
                        control,
                        intents.bits().regionRows(),
                        journals() ? Optional.of(new LateJournal()) : Optional.empty())
                : ChannelSettings.of(control);
    }

    /** Whether strips that are nowhere else go to a journal before their stripe is written. */
    private boolean journals() {
        return where.isPresent() && array.definition().level() == RaidLevel.RAID5F;
    }

    /** Returns the rows on which the members may differ, shared with the channels; null for a level without redundancy. */
    RegionSet unsynced() {
        return redundant ? intents.suspects() : null;
    }

    /** Returns on how many rows the members may differ, in whole regions; 0 for a level without redundancy. */
    long unsyncedRows() {
        if (!redundant) {
            return 0;
        }
        RegionSet suspects = intents.suspects();
        long rows = suspects.size() * suspects.regionRows();
        // the last region may be shorter than the others
        return suspects.contains(suspects.count() - 1)
                ? rows
                        - Math.max(
                                0,
                                suspects.count() * suspects.regionRows()
                                        - service.shape().rows())
                : rows;
    }

    /**
     * Finds out what was left by those who had the array before.
     *
     * @param believed whether the members' extensions are to be believed
     * @param wasComplete whether nobody was missing then
     */
    CompletionStage<Void> prepare(boolean believed, boolean wasComplete) {
        if (!redundant) {
            return Stages.done();
        }
        return replay().thenCompose(done -> prepareIntents(believed, wasComplete));
    }

    /** Puts stripes in order that a power cut has torn while a member was missing, and opens the journal. */
    private CompletionStage<Void> replay() {
        if (!journals()) {
            return Stages.done();
        }
        int missing = array.slots().all().stream()
                .filter(slot -> slot.role() != MemberRole.IN_SYNC)
                .findFirst()
                .map(Slot::index)
                .orElse(Integer.valueOf(JournalReplay.NOBODY));
        JournalReplay replay = new JournalReplay(
                array.uuid(), service.shape(), missing, array.record().completeSequence() + 1);
        for (Slot slot : array.slots().withRole(MemberRole.IN_SYNC)) {
            replay.with(
                    slot.index(),
                    slot.member().store().area(),
                    slot.member().store().reserved().orElseThrow());
        }
        return replay.run().thenAccept(result -> {
            if (result.stripes() > 0) {
                LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'': {1} stripes were put in order by the journal",
                        array.name(),
                        result.stripes());
            }
            journal = new MemberJournal(
                    context.host().reactors(),
                    array.uuid(),
                    service.shape(),
                    result.nextSequence(),
                    () -> array.record().sequence(),
                    array::failed);
            array.slots().withRole(MemberRole.IN_SYNC).forEach(this::joinJournal);
        });
    }

    private void joinJournal(Slot slot) {
        if (journal != null && slot.member() != null) {
            MemberStore store = slot.member().store();
            store.reserved().ifPresent(place -> journal.join(slot.index(), store.area(), place));
        }
    }

    private CompletionStage<Void> prepareIntents(boolean believed, boolean wasComplete) {
        // stays in the record until another process says something: the server may end again before this one goes on
        interrupted = array.record().process();
        boolean suspectsKnown = takeOver();
        if (!believed || where.isEmpty()) {
            return Stages.done();
        }
        CompletionStage<Void> read = Stages.done();
        RegionSet bits = intents.bits();
        RegionSet united = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
        for (Slot slot : array.slots().withRole(MemberRole.IN_SYNC)) {
            read = read.thenCompose(before -> readIntents(slot.member().store(), united));
        }
        return read.thenAccept(done -> {
            intents.load(united);
            // of a raid5f that was degraded already the journal has what the bits cannot tell
            boolean torn = wasComplete || array.record().isUnsettled();
            doubtful = !suspectsKnown && (torn || service.shape().level() == RaidLevel.RAID1);
            if (torn && journals() && !array.slots().isComplete()) {
                // they stay so until they are written again, also if the power fails once more
                array.record().setUnsettled(true);
            }
        });
    }

    private CompletionStage<Void> readIntents(MemberStore store, RegionSet into) {
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
    private boolean takeOver() {
        Map<?, ?> before = context.handedOver(array);
        if (!Long.valueOf(array.record().sequence()).equals(before.get(HandedOver.SEQUENCE))
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
            intents.addSuspect(row, Math.min(rows, service.shape().rows() - row));
        }
        return true;
    }

    /** The array is online: members keep the intents, and what is due begins. */
    void begin() {
        if (!redundant) {
            return;
        }
        processes = new Processes(
                context.host().reactors(), service.channels(), service.layout(), options(), new Listener());
        for (Slot slot : array.slots().withRole(MemberRole.IN_SYNC)) {
            intents.join(new Home(slot), status -> {
                if (!status.isSuccess()) {
                    array.failed(slot.index(), IoType.WRITE, status);
                }
            });
        }
        intents.complete(array.slots().isComplete());
        if (doubtful) {
            intents.suspectAll();
        }
        resyncIfDue();
        settleIfDue();
        interrupted
                .filter(process -> process.kind() == ProcessKind.SCRUB || process.kind() == ProcessKind.SCRUB_REPAIR)
                .ifPresent(process -> processes.request(new Goal.Scrub(
                        process.kind() == ProcessKind.SCRUB_REPAIR,
                        intents.suspects(),
                        Math.min(process.cursor(), service.shape().rows()),
                        new Findings(process.mismatches(), 0, 0))));
        if (interrupted.filter(Extension.ProcessState::paused).isPresent()) {
            processes.pause(() -> {});
        }
    }

    private ProcessOptions options() {
        Options all = context.options();
        return new ProcessOptions(
                (int) Math.min(all.processWindowKb() << 10, 1 << 30), all.processMaxBandwidthMbSec() << 20);
    }

    /** The module's options have changed. */
    void optionsChanged() {
        if (processes != null) {
            processes.options(options());
        }
    }

    /** Has suspect rows synchronised; if too few members are there for that, it is done when they are back. */
    private void resyncIfDue() {
        if (!intents.suspects().isEmpty() && processes.canResync()) {
            processes.request(new Goal.Resync(intents.suspects(), 0));
        }
    }

    // ---- members ----

    /** Has the processes use another layout. */
    CompletionStage<Void> adopt(Layout next, CompletionStage<Void> channels) {
        if (processes == null) {
            return channels;
        }
        CompletableFuture<Void> released = new CompletableFuture<>();
        processes.adopt(next, () -> released.complete(null));
        // a resync may have found too few members before, or has ended because of one that has left
        return channels.thenCompose(adopted -> released).thenRun(() -> {
            resyncIfDue();
            settleIfDue();
        });
    }

    /**
     * What was out when a member was lost has no entry in the journal: waits for it, makes it durable, and then says on disk that what is torn from now on is
     * in the journal. A power cut before that leaves rows with an intent in doubt. Nothing is kept back meanwhile.
     */
    private void settleIfDue() {
        if (journal == null
                || !array.record().isUnsettled()
                || !intents.suspects().isEmpty()) {
            return;
        }
        int loss = losses;
        service.channels().changesEnded().thenCompose(ended -> flushMembers()).thenAccept(durable -> {
            boolean still = loss == losses && array.record().isUnsettled();
            if (durable && still && intents.suspects().isEmpty()) {
                array.record().setUnsettled(false);
                save();
            }
        });
    }

    /** Returns whether what all members that are IN_SYNC were given is durable. */
    private CompletionStage<Boolean> flushMembers() {
        CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
        for (Slot slot : array.slots().withRole(MemberRole.IN_SYNC)) {
            CompletionStage<IoStatus> flushed =
                    MemberStore.status(slot.member().store().area().flush());
            all = all.thenCombine(flushed, (before, status) -> {
                if (!status.isSuccess()) {
                    array.failed(slot.index(), IoType.FLUSH, status);
                }
                return before && status.isSuccess();
            });
        }
        return all;
    }

    /** A member is out. */
    void left(Slot slot) {
        if (redundant) {
            if (journals() && array.record().saysComplete()) {
                losses++;
                array.record().setUnsettled(true);
            }
            intents.complete(false);
            intents.leave(slot.index());
            if (journal != null) {
                journal.leave(slot.index());
            }
            targets.removeIf(goal -> goal.slot() == slot.index());
        }
    }

    CompletionStage<IoStatus> keepIntents(Slot slot) {
        CompletableFuture<IoStatus> joined = new CompletableFuture<>();
        intents.join(new Home(slot), joined::complete);
        return joined.thenApply(status -> {
            if (status.isSuccess()) {
                joinJournal(slot);
            }
            return status;
        });
    }

    void completeness(boolean complete) {
        intents.complete(complete);
    }

    /** A target is about to come whose disk is not the one that a rebuild was interrupted on. To be told before it is written to. */
    void beginsAnew(Slot slot) {
        if (isRebuildOf(slot, array.record().process())) {
            array.record().setProcess(Optional.empty());
        }
        if (isRebuildOf(slot, interrupted)) {
            interrupted = Optional.empty();
        }
    }

    private static boolean isRebuildOf(Slot slot, Optional<Extension.ProcessState> process) {
        return process.filter(state -> state.kind() == ProcessKind.REBUILD)
                .flatMap(Extension.ProcessState::target)
                .filter(target -> target.slot() == slot.index() && target.bdev().equals(slot.uuid()))
                .isPresent();
    }

    /** A target has been adopted everywhere. */
    void rebuild(Slot slot, boolean delta) {
        boolean goesOn = isRebuildOf(slot, interrupted);
        long from = interrupted
                .filter(process -> goesOn)
                .map(process -> Math.min(process.cursor(), service.shape().rows()))
                .orElse(Long.valueOf(0));
        // once: when it ends, or another one has the slot, the intents that tell what changed below the cursor may go
        interrupted = interrupted.filter(process ->
                process.target().filter(target -> target.slot() == slot.index()).isEmpty());
        targets.add(new Goal.Rebuild(slot.index(), intents.forTarget(delta, from), 0));
        nextTarget();
    }

    private void nextTarget() {
        boolean busy =
                processes.current().filter(Goal.Rebuild.class::isInstance).isPresent()
                        || processes.due().stream().anyMatch(Goal.Rebuild.class::isInstance);
        if (!busy && !targets.isEmpty()) {
            processes.request(targets.remove());
        }
    }

    // ---- what the channels report ----

    void readError(int index, long row, long rows, boolean recovered, IoStatus status) {
        if (processes == null || index >= array.slots().count()) {
            return;
        }
        Slot slot = array.slots().get(index);
        slot.health().readError(false);
        failIfTooMany(slot, status);
        if (recovered && slot.role() == MemberRole.IN_SYNC) {
            RegionSet bits = intents.bits();
            RegionSet due = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
            due.addRows(row, rows);
            processes.request(new Goal.Repair(due, intents.suspects(), 0));
        }
    }

    private void failIfTooMany(Slot slot, IoStatus status) {
        long most = context.policies(array).maxReadErrors();
        if (most > 0 && slot.health().readErrors() > most && slot.role() == MemberRole.IN_SYNC) {
            array.fail(
                    slot,
                    "base bdev '" + slot.name() + "' had " + slot.health().readErrors() + " read errors, the last one "
                            + status);
        }
    }

    void suspect(long row, long rows) {
        if (processes != null) {
            intents.addSuspect(row, rows);
            resyncIfDue();
        }
    }

    void intend(long row, long rows) {
        intents.intend(row, rows);
    }

    // ---- growing ----

    /** All members have grown: there are more rows. Every channel knows the new set of suspects before it knows the new rows. */
    CompletionStage<Void> resize(Shape larger) {
        if (!redundant) {
            return Stages.done();
        }
        CompletableFuture<Void> resized = new CompletableFuture<>();
        intents.resize(larger.rows(), Math.max(intents.bits().regionRows(), regionRows(larger)), () -> {
            array.record()
                    .setRegions(intents.bits().regionRows(), intents.bits().count());
            resized.complete(null);
        });
        return resized.thenCompose(done -> service.channels().unsynced(unsynced()));
    }

    /** The new rows are there. */
    void grown(long firstRow) {
        if (redundant) {
            intents.addSuspect(firstRow, service.shape().rows() - firstRow);
            processes.request(new Goal.Grow(intents.suspects(), firstRow));
        }
    }

    // ---- what users ask ----

    /**
     * Starts a scrub.
     *
     * @throws io.cairn.bdev.BdevException EOPNOTSUPP the level has no redundancy; EBUSY one runs or waits
     */
    void startScrub(boolean repair) {
        requireRedundant("scrub");
        if (processes.current().filter(Goal.Scrub.class::isInstance).isPresent()
                || processes.due().stream().anyMatch(Goal.Scrub.class::isInstance)) {
            throw refusal(Errno.EBUSY, "a scrub is under way already");
        }
        processes.request(new Goal.Scrub(repair, intents.suspects(), 0, Findings.NONE));
    }

    CompletionStage<Void> pause() {
        requireRedundant("background process");
        CompletableFuture<Void> paused = new CompletableFuture<>();
        processes.pause(() -> paused.complete(null));
        return paused;
    }

    void resume() {
        requireRedundant("background process");
        processes.resume();
    }

    /**
     * Stops the scrub.
     *
     * @throws io.cairn.bdev.BdevException ENOENT none runs or waits; EPERM another process runs, which ends by itself
     */
    CompletionStage<Void> stopScrub() {
        requireRedundant("scrub");
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        boolean waits = processes.due().stream().anyMatch(Goal.Scrub.class::isInstance);
        Optional<Goal> current = processes.current();
        if (!waits && current.filter(goal -> !(goal instanceof Goal.Scrub)).isPresent()) {
            throw refusal(
                    Errno.EPERM,
                    "a " + current.get().type() + " cannot be stopped; a rebuild ends when its target is removed");
        }
        if (!processes.cancel("scrub", () -> stopped.complete(null))) {
            throw refusal(Errno.ENOENT, "no process runs");
        }
        return stopped;
    }

    private void requireRedundant(String what) {
        if (!redundant) {
            throw refusal(Errno.EOPNOTSUPP, array.definition().level() + " has no redundancy, and no " + what);
        }
    }

    private io.cairn.bdev.BdevException refusal(Errno errno, String cause) {
        return new io.cairn.bdev.BdevException(errno, "raid bdev '" + array.name() + "': " + cause);
    }

    /** Returns SPDK's {@code process} object with our own keys behind it; empty if none runs. */
    Optional<Map<String, Object>> describeProcess() {
        if (processes == null || processes.progress().isEmpty()) {
            return Optional.empty();
        }
        Progress progress = processes.progress().get();
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("type", progress.type());
        info.put(
                "target",
                processes.current().orElseThrow() instanceof Goal.Rebuild rebuild
                        ? String.valueOf(array.slots().get(rebuild.slot()).name())
                        : "");
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("blocks", progress.rowsDone());
        done.put("percent", progress.percent());
        info.put("progress", done);
        info.put("paused", progress.paused());
        info.put("rows", progress.rowsDue());
        info.put("bytes_per_second", progress.bytesPerSecond());
        return Optional.of(info);
    }

    /** Returns how the last scrub ended; empty if there was none. */
    Optional<Map<String, Object>> describeScrub() {
        return array.record().lastScrub().map(scrub -> {
            Map<String, Object> info = new LinkedHashMap<>();
            info.put("ended", scrub.ended().toString());
            info.put("mismatches", scrub.mismatches());
            info.put("repaired", scrub.repaired());
            return info;
        });
    }

    /** Returns what the next module has to know of an array that says nothing on disk. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        if (redundant) {
            plain.put(HandedOver.REGION_ROWS, intents.bits().regionRows());
            plain.put(HandedOver.BITS, HandedOver.words(intents.bits()));
            plain.put(HandedOver.SUSPECTS, HandedOver.words(intents.suspects()));
        }
        return plain;
    }

    // ---- the end ----

    /** Ends everything, with the cursor saved and no more bits than needed. */
    CompletionStage<Void> close() {
        if (processes == null) {
            return Stages.done();
        }
        CompletableFuture<Void> closed = new CompletableFuture<>();
        processes.stop(rest -> intents.takeBack(() -> {
            intents.close();
            if (journal != null) {
                journal.close();
            }
            closed.complete(null);
        }));
        return closed;
    }

    private void saveProcess(Goal goal, long cursor) {
        ProcessKind kind = goal instanceof Goal.Rebuild
                ? ProcessKind.REBUILD
                : goal instanceof Goal.Resync || goal instanceof Goal.Repair
                        ? ProcessKind.RESYNC
                        : goal instanceof Goal.Grow
                                ? ProcessKind.GROW
                                : ((Goal.Scrub) goal).repair() ? ProcessKind.SCRUB_REPAIR : ProcessKind.SCRUB;
        Optional<Extension.Target> target = goal instanceof Goal.Rebuild rebuild
                ? Optional.of(new Extension.Target(
                        rebuild.slot(), array.slots().get(rebuild.slot()).uuid()))
                : Optional.empty();
        long mismatches = goal instanceof Goal.Scrub scrub ? scrub.found().mismatches() : 0;
        array.record()
                .setProcess(Optional.of(
                        new Extension.ProcessState(kind, target, cursor, processes.isPaused(), mismatches)));
        save();
    }

    /** Writes the extension, one write at a time. A member that does not take it is failed by what follows. */
    private void save() {
        if (saving) {
            saveAgain = true;
            return;
        }
        saving = true;
        array.record().writeExtension(array.homes()).whenComplete((failed, failure) -> {
            saving = false;
            if (failed != null) {
                failed.forEach((slot, status) -> array.failed(slot, IoType.WRITE, status));
            }
            if (saveAgain) {
                saveAgain = false;
                save();
            }
        });
    }

    private final class Listener implements ProcessListener {
        @Override
        public void cursor(Goal goal, long row) {
            saveProcess(goal, row);
        }

        @Override
        public void readError(int index, long row, long rows, boolean repaired, IoStatus status) {
            Slot slot = array.slots().get(index);
            slot.health().readError(repaired);
            failIfTooMany(slot, status);
        }

        @Override
        public void started(Goal goal) {
            context.announce(array, NotificationType.BDEV_PROCESS_BEGIN, goal.type());
        }

        @Override
        public void ended(Goal goal, Outcome outcome) {
            context.announce(array, NotificationType.BDEV_PROCESS_END, goal.type() + ": " + words(outcome));
            boolean interruptedOnly = outcome instanceof Outcome.Stopped;
            if (!interruptedOnly) {
                array.record().setProcess(Optional.empty());
            }
            if (goal instanceof Goal.Rebuild rebuild) {
                rebuildEnded(rebuild, outcome);
            } else if (goal instanceof Goal.Scrub scrub && outcome instanceof Outcome.Done done) {
                scrubbed(scrub, done.found());
            } else if (outcome instanceof Outcome.MemberFailed failed) {
                array.failed(failed.slot(), failed.type(), failed.status());
            }
            if (!interruptedOnly) {
                save();
                nextTarget();
            }
        }

        private void rebuildEnded(Goal.Rebuild rebuild, Outcome outcome) {
            if (outcome instanceof Outcome.Done) {
                array.rebuilt(rebuild.slot());
            } else if (outcome instanceof Outcome.MemberFailed failed) {
                array.failed(failed.slot(), failed.type(), failed.status());
            } else if (outcome instanceof Outcome.RowsLost lost) {
                array.rebuildFailed(
                        rebuild.slot(),
                        lost.status(),
                        "rows " + lost.row() + " to "
                                + (lost.row() + lost.rows() - 1) + " cannot be read from base bdev '"
                                + array.slots().get(lost.slot()).name() + "'");
            }
        }

        private void scrubbed(Goal.Scrub scrub, Findings found) {
            array.record()
                    .setLastScrub(new Extension.Scrub(
                            Instant.now().truncatedTo(java.time.temporal.ChronoUnit.MILLIS),
                            found.mismatches(),
                            scrub.repair()));
            if (found.mismatches() > 0) {
                context.announce(
                        array,
                        NotificationType.BDEV_MISMATCH,
                        found.mismatches() + " rows differ, " + found.repaired() + " repaired");
            }
        }

        private String words(Outcome outcome) {
            if (outcome instanceof Outcome.Done) {
                return "done";
            }
            if (outcome instanceof Outcome.Stopped) {
                return "stopped";
            }
            if (outcome instanceof Outcome.MemberFailed failed) {
                return failed.type() + " on base bdev '"
                        + array.slots().get(failed.slot()).name() + "' ended with " + failed.status();
            }
            return outcome instanceof Outcome.RowsLost lost
                    ? "rows cannot be read: " + lost.status()
                    : "a member is missing";
        }
    }

    /** A member as the place where intents are kept. */
    private static final class Home implements io.cairn.module.raid.sync.IntentHome {
        private final Slot slot;
        private final MemberStore store;

        Home(Slot slot) {
            this.slot = slot;
            this.store = slot.member().store();
        }

        @Override
        public int slot() {
            return slot.index();
        }

        @Override
        public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
            Reserved here = store.reserved().orElseThrow();
            IntentBitmapCodec codec = new IntentBitmapCodec(here.unit());
            tell(store.area().write(here.bitmapOffset() + codec.pageOffset(page), codec.encode(bits, page)), done);
        }

        @Override
        public void flush(Consumer<IoStatus> done) {
            if (store == null) {
                done.accept(IoStatus.SUCCESS);
            } else {
                tell(store.area().flush(), done);
            }
        }

        private static void tell(CompletionStage<Void> io, Consumer<IoStatus> done) {
            MemberStore.status(io).thenAccept(done);
        }
    }

    /** The channels, which are made after the intents. */
    private final class Channels implements IntentChannels {
        @Override
        public void intended(long row, long rows) {
            service.channels().intended(row, rows);
        }

        @Override
        public void forgetIntents(RegionSet busy, Runnable answered) {
            service.channels().forgetIntents(busy).thenRun(answered);
        }
    }

    /** The journal, which is opened after the channels' settings are made, and before the first I/O. On any reactor. */
    private final class LateJournal implements StripeJournal {
        @Override
        public void protect(long stripe, int missingSlot, IoVector data, Entry entry) {
            journal.protect(stripe, missingSlot, data, entry);
        }

        @Override
        public void done(long stripe, Entry entry, boolean good) {
            journal.done(stripe, entry, good);
        }
    }

    private final class Owner implements WriteIntents.Owner {
        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            array.failed(slot, type, status);
        }

        @Override
        public void intentsLost(Runnable recorded) {
            array.record().forgetComplete();
            array.record().writeExtension(array.homes()).whenComplete((failed, failure) -> recorded.run());
        }
    }
}
