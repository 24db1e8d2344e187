package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.sync.JournalReplay;
import io.cairn.module.raid.sync.MemberJournal;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/**
 * The journal of a raid5f array with superblocks (rule 6): replayed before the array is online, opened for its members, and whether everything that may be torn
 * is in it. App thread.
 */
final class JournalKeeping {
    private static final Logger LOG = System.getLogger(JournalKeeping.class.getName());

    private final Definition definition;
    private final Reactors reactors;
    private final Slots slots;
    private final ArrayRecord record;
    private final Serving serving;
    private final IntentKeeping intents;
    private final MemberReports reports;
    private final ExtensionSaver saver;
    private final LongConsumer restored;
    private Set<Long> replayed = Set.of();
    /** Null until the members' journals have been read; before any I/O. */
    private volatile MemberJournal journal;
    /** Counts the members that an array lost which was complete: what settles one loss says nothing of the next. */
    private int losses;

    /**
     * Makes it.
     *
     * @param restored is told of stripes whose write had failed and that were made whole
     */
    JournalKeeping(
            Definition definition,
            Reactors reactors,
            Slots slots,
            ArrayRecord record,
            Serving serving,
            IntentKeeping intents,
            MemberReports reports,
            ExtensionSaver saver,
            LongConsumer restored) {
        this.definition = definition;
        this.reactors = reactors;
        this.slots = slots;
        this.record = record;
        this.serving = serving;
        this.intents = intents;
        this.reports = reports;
        this.saver = saver;
        this.restored = restored;
    }

    /** Returns the journal for the channels, which are made before it is opened, and get no I/O before that. */
    StripeJournal forChannels() {
        return new LateJournal();
    }

    /** Puts stripes in order that a power cut has torn while a member was missing, and opens the journal. */
    CompletionStage<Void> replay() {
        JournalReplay replay =
                new JournalReplay(definition.id(), serving.shape(), missing(), record.completeSequence() + 1);
        for (Slot slot : slots.withRole(MemberRole.IN_SYNC)) {
            MemberStore store = slot.member().store();
            replay.with(slot.index(), store.area(), store.reserved().orElseThrow());
        }
        return replay.run().thenAccept(result -> {
            replayed = result.stripes();
            if (!replayed.isEmpty()) {
                LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'': {1} stripes were put in order by the journal",
                        definition.name(),
                        replayed.size());
            }
            journal = new MemberJournal(
                    reactors,
                    definition.id(),
                    serving.shape(),
                    result.nextSequence(),
                    record::sequence,
                    restored,
                    reports::failed);
            slots.withRole(MemberRole.IN_SYNC).forEach(this::join);
        });
    }

    /** Returns the slot that is missing; {@link JournalReplay#NOBODY}: none is. */
    int missing() {
        return slots.all().stream()
                .filter(slot -> slot.role() != MemberRole.IN_SYNC)
                .findFirst()
                .map(Slot::index)
                .orElse(Integer.valueOf(JournalReplay.NOBODY));
    }

    /** Returns the stripes that the replay has put in order. */
    Set<Long> replayed() {
        return replayed;
    }

    /** A member has places for strips from now on. */
    void join(Slot slot) {
        if (journal != null && slot.member() != null) {
            MemberStore store = slot.member().store();
            store.reserved().ifPresent(place -> journal.join(slot.index(), store.area(), place));
        }
    }

    /** The next record is the first that does without a member: what is under way now may be torn, and is not in the journal. */
    void isTorn() {
        losses++;
        record.setUnsettled(true);
    }

    /** A member is out. */
    void leave(Slot slot) {
        if (journal != null) {
            journal.leave(slot.index());
        }
    }

    /** Another member has the place of one, and what this had in its journal is lost: of what was kept there something is in doubt. */
    void exchanged(Slot slot) {
        if (!slots.isComplete() && !intents.suspects().isEmpty()) {
            record.setUnsettled(true);
        }
        if (journal != null) {
            journal.leave(slot.index());
            join(slot);
        }
    }

    /**
     * What was out when a member was lost has no entry in the journal: waits for it, makes it durable, and then says on disk that what is torn from now on is
     * in the journal. A power cut before that leaves rows with an intent in doubt. Nothing is kept back meanwhile.
     */
    void settleIfDue() {
        if (!maySettle()) {
            return;
        }
        int loss = losses;
        serving.channels().changesEnded().thenCompose(ended -> flushMembers()).thenAccept(durable -> {
            if (durable && loss == losses && maySettle()) {
                record.setUnsettled(false);
                saver.save();
            }
        });
    }

    /** Not before the channels do without the member: what they begin until then has no entry either. If its loss is refused, nothing has one until the record says that it is in. */
    private boolean maySettle() {
        return journal != null
                && record.isUnsettled()
                && intents.suspects().isEmpty()
                && !serving.layout().isComplete();
    }

    /** Returns whether what all members that are IN_SYNC were given is durable. */
    CompletionStage<Boolean> flushMembers() {
        CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
        for (Slot slot : slots.withRole(MemberRole.IN_SYNC)) {
            CompletionStage<IoStatus> flushed =
                    MemberStore.status(slot.member().store().area().flush());
            all = all.thenCombine(flushed, (before, status) -> {
                if (!status.isSuccess()) {
                    reports.failed(slot.index(), IoType.FLUSH, status);
                }
                return before && status.isSuccess();
            });
        }
        return all;
    }

    /** Gives up what cannot be made whole of some rows. */
    CompletionStage<Void> giveUp(long row, long rows) {
        return journal == null ? Stages.done() : journal.giveUp(row, rows);
    }

    void close() {
        if (journal != null) {
            journal.close();
        }
    }

    /** On any reactor. */
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
}
