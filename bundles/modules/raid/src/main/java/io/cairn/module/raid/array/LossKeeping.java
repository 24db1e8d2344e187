package io.cairn.module.raid.array;

import io.cairn.bdev.IoType;
import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.RowRanges;
import io.cairn.module.raid.sync.Doubts;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What is lost of the members of a raid5f array ({@link Doubts}), and that it stays on record. App thread. */
final class LossKeeping implements Doubts.Home {
    private static final Logger LOG = System.getLogger(LossKeeping.class.getName());

    private final Definition definition;
    private final RecordKeeper keeper;
    private final Serving serving;
    private final IntentKeeping intents;
    private final Optional<JournalKeeping> journal;
    private final MemberReports reports;
    /** Null until the channels are there; before any I/O. */
    private Doubts doubts;

    LossKeeping(
            Definition definition,
            RecordKeeper keeper,
            Serving serving,
            IntentKeeping intents,
            Optional<JournalKeeping> journal,
            MemberReports reports) {
        this.definition = definition;
        this.keeper = keeper;
        this.serving = serving;
        this.intents = intents;
        this.journal = journal;
        this.reports = reports;
    }

    // ---- before the array is online ----

    /**
     * The power was cut before a loss was settled: nobody can tell the missing member's strips in rows with an intent from garbage, but for those of which the
     * journal had an entry. In the record that is written next.
     *
     * @param replayed the stripes that the journal has put in order
     */
    void loseWhatIsTorn(int missing, Set<Long> replayed) {
        RowRanges torn = intents.rows();
        long strip = serving.shape().stripBlocks();
        for (long stripe : replayed) {
            torn = torn.minus(stripe * strip, strip);
        }
        LostRows lost = keeper.record().lost().plus(missing, torn).within(ExtensionCodec.MOST_LOST);
        tellOf(lost);
        keeper.record().setLost(lost);
        keeper.record().setUnsettled(false);
    }

    /** Tells the channels what is lost by the record: before the first I/O. */
    CompletionStage<Void> recall() {
        doubts = new Doubts(serving.channels(), this, keeper.record().lost());
        return doubts.begin();
    }

    /** The array is online; what is suspect by now is so from before. */
    void begin() {
        doubts.suspect(intents.suspects());
    }

    // ---- while it is online ----

    /** Returns what is lost. */
    LostRows lost() {
        return doubts == null ? keeper.record().lost() : doubts.lost();
    }

    /** A change of some rows has failed after it had begun. */
    void suspect(long row, long rows) {
        doubts.suspect(row, rows);
    }

    /** The journal has made a stripe whole. */
    void restored(long stripe) {
        long strip = serving.shape().stripBlocks();
        doubts.restored(stripe * strip, strip);
    }

    /** A process has ended, which may have been a resync. */
    void processEnded() {
        if (intents.suspects().isEmpty()) {
            doubts.resolved();
        }
    }

    /** Gives up what is in doubt of some rows, as {@link Doubts#surrender} does. */
    CompletionStage<Boolean> surrender(int missing, long row, long rows) {
        return doubts.surrender(missing, row, rows);
    }

    /** Stripes have been written whole. */
    void rewritten(long row, long rows) {
        doubts.rewritten(row, rows);
    }

    // ---- where it is kept ----

    @Override
    public CompletionStage<Void> giveUp(long row, long rows) {
        return journal.map(known -> known.giveUp(row, rows)).orElseGet(Stages::done);
    }

    /** Of an array that has no journal nothing is on disk, and nothing has to be durable. */
    @Override
    public CompletionStage<Boolean> save(LostRows lost) {
        return journal.map(JournalKeeping::flushMembers)
                .orElseGet(() -> CompletableFuture.completedFuture(true))
                .thenCompose(durable -> durable ? write(lost) : CompletableFuture.completedFuture(false));
    }

    private CompletionStage<Boolean> write(LostRows lost) {
        LostRows before = keeper.record().lost();
        tellOf(lost);
        keeper.record().setLost(lost);
        return keeper.writeExtension().thenApply(failed -> {
            if (!failed.isEmpty()) {
                keeper.record().setLost(before);
                failed.forEach((slot, status) -> reports.failed(slot, IoType.WRITE, status));
            }
            return failed.isEmpty();
        });
    }

    private void tellOf(LostRows lost) {
        long more = lost.rows() - keeper.record().lost().rows();
        if (more > 0) {
            LOG.log(
                    Level.WARNING,
                    "raid bdev ''{0}'' was torn while a member was missing: {1} rows of that are lost, and refused until they are"
                            + " written again",
                    definition.name(),
                    more);
        }
    }
}
