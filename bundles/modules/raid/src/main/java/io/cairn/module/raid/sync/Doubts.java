package io.cairn.module.raid.sync;

import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.RowRanges;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What becomes of rows in doubt of a raid5f array that has a member missing: there is no parity to be computed anew. A stripe whose missing strip is in the journal is made whole
 * with that; of any other the missing strip is lost, which is recorded before the rows leave the set of suspects: a rebuild would make something up that looks good.
 * What is lost is refused until its stripe is written again. App thread.
 */
public final class Doubts {
    /** Where it is kept what is lost. App thread. */
    public interface Home {
        /** Gives up what the journal cannot make whole ({@link MemberJournal#giveUp}). */
        CompletionStage<Void> giveUp(long row, long rows);

        /**
         * Makes durable what the members were given, then what is lost.
         *
         * @return whether that is so; never fails
         */
        CompletionStage<Boolean> save(LostRows lost);
    }

    private final ArrayChannels channels;
    private final Home home;
    private LostRows lost;
    /** The rows of changes that failed, and of regions that were found in doubt; more than those that still are, maybe. */
    private RowRanges doubtful = RowRanges.NONE;
    /** What changes the record, one after another; never fails. */
    private CompletionStage<Boolean> last = CompletableFuture.completedFuture(true);

    /**
     * Makes it.
     *
     * @param lost what is lost by the record
     */
    public Doubts(ArrayChannels channels, Home home, LostRows lost) {
        this.channels = channels;
        this.home = home;
        this.lost = lost;
    }

    /** Tells the channels what is lost: before the first I/O of the array. */
    public CompletionStage<Void> begin() {
        return channels.lost(lost);
    }

    /** Returns what is lost. */
    public LostRows lost() {
        return lost;
    }

    /** A change of some rows has failed after it had begun. */
    public void suspect(long row, long rows) {
        doubtful = doubtful.plus(row, rows);
    }

    /** Regions are in doubt from before. */
    public void suspect(RegionSet regions) {
        for (int region = regions.next(0); region >= 0; region = regions.next(region + 1)) {
            suspect(region * regions.regionRows(), regions.regionRows());
        }
    }

    /** A stripe has been made whole by the journal. */
    public void restored(long row, long rows) {
        doubtful = doubtful.minus(row, rows);
    }

    /** Nothing is in doubt any more that has been reported so far. */
    public void resolved() {
        doubtful = RowRanges.NONE;
    }

    /**
     * Gives up what is in doubt of some rows, which are locked.
     *
     * @param missing the slot that may not be read
     * @return whether the rows may leave the set of suspects: what is lost of them is on disk, and all channels know it
     */
    public CompletionStage<Boolean> surrender(int missing, long row, long rows) {
        return channels.reportsArrived()
                .thenCompose(arrived -> home.giveUp(row, rows))
                .thenCompose(given -> change(() -> {
                    RowRanges more = doubtful.within(row, rows);
                    return save(lost.plus(missing, more).within(ExtensionCodec.MOST_LOST));
                }))
                .thenApply(saved -> {
                    if (saved) {
                        doubtful = doubtful.minus(row, rows);
                    }
                    return saved;
                });
    }

    /** Stripes have been written whole: what was lost there is not any more. The channels are told when that is durable, or that it cannot be. */
    public void rewritten(long row, long rows) {
        doubtful = doubtful.minus(row, rows);
        change(() -> {
                    LostRows next = lost.minus(row, rows);
                    return next.ranges() > ExtensionCodec.MOST_LOST
                            ? CompletableFuture.completedFuture(false)
                            : save(next);
                })
                .thenAccept(saved -> channels.rewriteRecorded(row, rows, saved));
    }

    private interface Change {
        CompletionStage<Boolean> begin();
    }

    private CompletionStage<Boolean> change(Change change) {
        last = last.thenCompose(before -> change.begin());
        return last;
    }

    private CompletionStage<Boolean> save(LostRows next) {
        CompletionStage<Boolean> saved = next.equals(lost) ? CompletableFuture.completedFuture(true) : home.save(next);
        return saved.thenCompose(durable -> {
            if (!durable) {
                return CompletableFuture.completedFuture(false);
            }
            lost = next;
            return channels.lost(next).thenApply(told -> true);
        });
    }
}
