package io.cairn.module.raid.array;

import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.sync.Findings;
import io.cairn.module.raid.sync.Goal;
import io.cairn.module.raid.sync.ProcessListener;
import io.cairn.module.raid.sync.ProcessOptions;
import io.cairn.module.raid.sync.Processes;
import io.cairn.module.raid.sync.Progress;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** What is due to the background processes of an array that is online, and what users ask of them. App thread. */
final class Background {
    private final Definition definition;
    private final Slots slots;
    private final ArrayRecord record;
    private final Serving serving;
    private final IntentKeeping intents;
    private final ExtensionSaver saver;
    private final Supplier<Options> options;
    /** Targets that wait for their turn: one is rebuilt at a time. */
    private final Queue<Goal.Rebuild> targets = new ArrayDeque<>();

    /** What was under way when the array was last online, as far as it has not been taken up. */
    private Optional<Extension.ProcessState> interrupted = Optional.empty();
    /** Null until the array is online. */
    private Processes processes;

    Background(
            Definition definition,
            Slots slots,
            ArrayRecord record,
            Serving serving,
            IntentKeeping intents,
            ExtensionSaver saver,
            Supplier<Options> options) {
        this.definition = definition;
        this.slots = slots;
        this.record = record;
        this.serving = serving;
        this.intents = intents;
        this.saver = saver;
        this.options = options;
    }

    // ---- when they begin and end ----

    /** Notes what was under way. It stays in the record until another process says something: the server may end again before this one goes on. */
    void recall() {
        interrupted = record.process();
    }

    /** The array is online: processes run from now on. */
    void begin(Reactors reactors, ProcessListener listener) {
        processes = new Processes(reactors, serving.channels(), serving.layout(), processOptions(), listener);
        if (record.isPaused()) {
            processes.pause(() -> {});
        }
    }

    boolean hasBegun() {
        return processes != null;
    }

    /** Goes on with the scrub that was under way. */
    void goOn() {
        interrupted
                .filter(process -> process.kind() == ProcessKind.SCRUB || process.kind() == ProcessKind.SCRUB_REPAIR)
                .ifPresent(process -> processes.request(new Goal.Scrub(
                        process.kind() == ProcessKind.SCRUB_REPAIR,
                        intents.suspects(),
                        Math.min(process.cursor(), serving.shape().rows()),
                        new Findings(process.mismatches(), 0, 0))));
    }

    /** Ends them, with the cursor saved. */
    CompletionStage<Void> stop() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        processes.stop(rest -> stopped.complete(null));
        return stopped;
    }

    private ProcessOptions processOptions() {
        Options all = options.get();
        return new ProcessOptions(
                (int) Math.min(all.processWindowKb() << 10, 1 << 30), all.processMaxBandwidthMbSec() << 20);
    }

    /** The module's options have changed. */
    void optionsChanged() {
        if (processes != null) {
            processes.options(processOptions());
        }
    }

    /**
     * Has them use another layout.
     *
     * @return completes when they use no member any more that is not in it
     */
    CompletionStage<Void> adopt(Layout next) {
        CompletableFuture<Void> released = new CompletableFuture<>();
        processes.adopt(next, () -> released.complete(null));
        return released;
    }

    // ---- what is due ----

    /** Has suspect rows synchronised; if too few members are there for that, it is done when they are back. */
    void resyncIfDue() {
        if (!intents.suspects().isEmpty() && processes.canResync()) {
            processes.request(new Goal.Resync(intents.suspects(), 0));
        }
    }

    /** Has rows repaired that a member could not read. */
    void repair(long row, long rows) {
        processes.request(new Goal.Repair(intents.around(row, rows), intents.suspects(), 0));
    }

    /** Has the members agree on rows that are new. */
    void grow(long firstRow) {
        processes.request(new Goal.Grow(intents.suspects(), firstRow));
    }

    /** A target is about to come whose disk is not the one that a rebuild was interrupted on. To be told before it is written to. */
    void beginsAnew(Slot slot) {
        if (isRebuildOf(slot, record.process())) {
            record.setProcess(Optional.empty());
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

    /**
     * A target has been adopted everywhere: it is given what it misses.
     *
     * @param delta whether the intents say all that it misses
     */
    void rebuild(Slot slot, boolean delta) {
        boolean goesOn = isRebuildOf(slot, interrupted);
        long from = interrupted
                .filter(process -> goesOn)
                .map(process -> Math.min(process.cursor(), serving.shape().rows()))
                .orElse(Long.valueOf(0));
        // once: when it ends, or another one has the slot, the intents that tell what changed below the cursor may go
        interrupted = interrupted.filter(process ->
                process.target().filter(target -> target.slot() == slot.index()).isEmpty());
        targets.add(new Goal.Rebuild(slot.index(), intents.forTarget(delta, from), 0));
        nextTarget();
    }

    /** A TARGET is beside a member, and has been adopted everywhere: it is given what that one has, from a row on, and what has an intent. */
    void replace(Slot slot, long from) {
        interrupted = Optional.empty();
        processes.request(new Goal.Replace(slot.index(), intents.forTarget(false, from), 0));
    }

    /** Notes what the rebuild that is about to begin goes on from. */
    void goOnAs(Extension.ProcessState process) {
        interrupted = Optional.of(process);
        record.setProcess(interrupted);
    }

    /** Lets none begin until {@link #release}; none runs. */
    void hold() {
        processes.hold();
    }

    /** Lets those begin that are due. */
    void release() {
        processes.release();
    }

    /** Begins the next rebuild, if there is one and none runs. */
    void nextTarget() {
        boolean busy =
                processes.current().filter(Goal.Rebuild.class::isInstance).isPresent()
                        || processes.due().stream().anyMatch(Goal.Rebuild.class::isInstance);
        if (!busy && !targets.isEmpty()) {
            processes.request(targets.remove());
        }
    }

    /** A member is out: it is not rebuilt. */
    void left(Slot slot) {
        targets.removeIf(goal -> goal.slot() == slot.index());
    }

    // ---- what users ask ----

    /**
     * Starts a scrub.
     *
     * @throws io.cairn.bdev.BdevException EBUSY one runs or waits; EPERM too few members are there to compare anything, those included that are being rebuilt: it is
     *     done behind that
     */
    void startScrub(boolean repair) {
        int there = slots.count(slot -> slot.role() != MemberRole.ABSENT);
        if (there < (definition.level() == RaidLevel.RAID1 ? 2 : slots.count())) {
            throw definition.refusal(
                    Errno.EPERM,
                    "there is nothing to compare: " + there + " of " + slots.count() + " members are there");
        }
        if (processes.current().filter(Goal.Scrub.class::isInstance).isPresent()
                || processes.due().stream().anyMatch(Goal.Scrub.class::isInstance)) {
            throw definition.refusal(Errno.EBUSY, "a scrub is under way already");
        }
        // what it leaves out
        resyncIfDue();
        processes.request(new Goal.Scrub(repair, intents.suspects(), 0, Findings.NONE));
    }

    /**
     * Pauses processes, those to come too, until they are resumed: also over a restart.
     *
     * @return completes when no rows are kept from I/O any more, and the record says so
     */
    CompletionStage<Void> pause() {
        CompletableFuture<Void> paused = new CompletableFuture<>();
        record.setPaused(true);
        processes.pause(() -> paused.complete(null));
        return paused.thenCompose(now -> saver.save());
    }

    /**
     * Lets processes go on.
     *
     * @return completes when the record says so
     */
    CompletionStage<Void> resume() {
        record.setPaused(false);
        processes.resume();
        return saver.save();
    }

    /**
     * Stops the scrub.
     *
     * @return completes when it does not run any more
     * @throws io.cairn.bdev.BdevException ENOENT none runs or waits; EPERM another process runs, which ends by itself
     */
    CompletionStage<Void> stopScrub() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        boolean waits = processes.due().stream().anyMatch(Goal.Scrub.class::isInstance);
        Optional<Goal> current = processes.current();
        if (!waits && current.filter(goal -> !(goal instanceof Goal.Scrub)).isPresent()) {
            throw definition.refusal(
                    Errno.EPERM,
                    "a " + current.get().type() + " cannot be stopped; a rebuild ends when its target is removed");
        }
        if (!processes.cancel("scrub", () -> stopped.complete(null))) {
            throw definition.refusal(Errno.ENOENT, "no process runs");
        }
        return stopped;
    }

    /** Returns SPDK's {@code process} object with our own keys behind it; empty if none runs. */
    Optional<Map<String, Object>> describe() {
        if (processes == null || processes.progress().isEmpty()) {
            return Optional.empty();
        }
        Progress progress = processes.progress().get();
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("type", progress.type());
        info.put("target", target(processes.current().orElseThrow()));
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("blocks", progress.rowsDone());
        done.put("percent", progress.percent());
        info.put("progress", done);
        info.put("paused", progress.paused());
        info.put("rows", progress.rowsDue());
        info.put("bytes_per_second", progress.bytesPerSecond());
        return Optional.of(info);
    }

    private String target(Goal goal) {
        if (goal instanceof Goal.Rebuild rebuild) {
            return String.valueOf(slots.get(rebuild.slot()).name());
        }
        return goal instanceof Goal.Replace
                ? slots.replacement().map(Replacement::name).orElse("")
                : "";
    }

    /** Returns how the last scrub ended; empty if there was none. */
    Optional<Map<String, Object>> describeScrub() {
        return record.lastScrub().map(scrub -> {
            Map<String, Object> info = new LinkedHashMap<>();
            info.put("ended", scrub.ended().toString());
            info.put("mismatches", scrub.mismatches());
            info.put("repaired", scrub.repaired());
            return info;
        });
    }
}
