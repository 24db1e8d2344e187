package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.level.LostRows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What an array's members say of it, and how that is changed: the sequence number counts up, and on each member the extension is written and durable before
 * the superblock is (rule 8 of decision 0012). An array without superblock has the numbers too, to know who missed what, and writes nothing. App thread.
 */
final class ArrayRecord {
    private final UUID array;
    private final boolean onDisk;
    private long sequence;
    private boolean takenBack;
    private long completeSequence;
    private long intentsSince;
    private boolean intentsLost;
    private boolean intentsWereLost;
    private long generation;
    private long regionRows = 1;
    private int regions;
    private Optional<Extension.ProcessState> process = Optional.empty();
    private Optional<Extension.Scrub> lastScrub = Optional.empty();
    private boolean paused;
    private boolean unsettled;
    private LostRows lost = LostRows.NONE;

    ArrayRecord(UUID array, boolean onDisk) {
        this.array = array;
        this.onDisk = onDisk;
    }

    /** Returns the number of the superblock that was written last; 0: none was. */
    long sequence() {
        return sequence;
    }

    /** Returns whether none counts: none was written, or what was has been taken back. */
    boolean isBlank() {
        return sequence == 0 || takenBack;
    }

    /** What was written has been wiped as far as it could be. It is counted on: where it could not be, the next record is higher. */
    void takeBack() {
        takenBack = true;
    }

    /** Returns the number at which the array was last complete. */
    long completeSequence() {
        return completeSequence;
    }

    /** Returns the number since which the intents say all that has changed; higher than {@link #completeSequence} if they have been lost since. */
    long intentsSince() {
        return intentsLost ? sequence + 1 : intentsSince;
    }

    /** Returns whether the intents on the members that the array continues from say less than the truth: its members may differ anywhere. */
    boolean wereIntentsLost() {
        return intentsWereLost;
    }

    Optional<Extension.ProcessState> process() {
        return process;
    }

    Optional<Extension.Scrub> lastScrub() {
        return lastScrub;
    }

    /**
     * Continues from what was found on the members.
     *
     * @param since the number since which the intents say all; empty: nobody knows
     * @param extension what was found beside the superblock, if it is believed
     * @param highestGeneration of all extensions that were found, believed or not: beside an older copy the next one has to count
     */
    void continueFrom(Superblock newest, Optional<Long> since, Optional<Extension> extension, long highestGeneration) {
        // an attempt to start that has failed may have left what it wrote on a member that is away now
        sequence = Math.max(sequence, newest.sequence());
        generation = Math.max(generation, highestGeneration);
        // nobody knows: whoever left before now is not believed to have missed only what the intents say
        intentsSince = since.orElse(sequence + 1);
        intentsLost = false;
        intentsWereLost = extension.map(Extension::areIntentsLost).orElse(false);
        // and no entry of a journal before now is about a stripe as it is. An extension whose superblock was not
        // written says complete of a number that has not come:
        // then the array was complete before already
        completeSequence =
                Math.min(extension.map(Extension::completeSequence).orElse(newest.sequence()), newest.sequence());
        extension.ifPresent(known -> {
            process = known.process();
            regionRows = known.regionRows();
            lastScrub = known.lastScrub();
            paused = known.paused();
            unsettled = known.unsettled();
            lost = known.lost();
        });
    }

    /** Continues from what the module before an upgrade knew of an array without superblock. */
    void continueFrom(
            long lastSequence, long lastComplete, Optional<Extension.ProcessState> underWay, boolean pausedBefore) {
        sequence = lastSequence;
        completeSequence = lastComplete;
        intentsSince = lastComplete;
        process = underWay;
        paused = pausedBefore;
    }

    /** Returns how many rows a region of the intents has by the last record that is believed; 1: nobody has said. */
    long regionRows() {
        return regionRows;
    }

    /** The intents are of another size from the next write on. */
    void setRegions(long rows, int count) {
        regionRows = rows;
        regions = count;
    }

    /** A process is under way from the next write on, or none. */
    void setProcess(Optional<Extension.ProcessState> underWay) {
        process = underWay;
    }

    /** A scrub has ended; from the next write on. */
    void setLastScrub(Extension.Scrub ended) {
        lastScrub = Optional.of(ended);
    }

    /** Returns whether a user has paused processes. */
    boolean isPaused() {
        return paused;
    }

    /** Says that from the next write on. */
    void setPaused(boolean byUser) {
        paused = byUser;
    }

    /** Returns whether rows with an intent may be torn that the journal of a degraded raid5f knows nothing of. */
    boolean isUnsettled() {
        return unsettled;
    }

    /** Says that from the next write on. */
    void setUnsettled(boolean torn) {
        unsettled = torn;
    }

    /** Returns the rows of members whose content is lost. */
    LostRows lost() {
        return lost;
    }

    /** Says that from the next write on. */
    void setLost(LostRows rows) {
        lost = rows;
    }

    /** Says from the next write on whether the intents on the members say less than the truth, as long as that is so: nobody is synchronised by them alone. */
    void setIntentsLost(boolean some) {
        intentsLost = some;
    }

    /** Nobody knows what changed before now: nobody who is away is synchronised by the intents alone. From the next write on. */
    void forgetIntents() {
        intentsSince = sequence + 1;
    }

    /**
     * Writes the next superblock to some members, durably. That an array is complete which was not is said by the extensions only when the superblocks say so: a power cut
     * between them would leave a degraded array that takes no journal entry for true.
     *
     * @param described what it says; its sequence number is set here
     * @param complete whether every slot has a member that holds what it should
     * @param to by slot
     * @return the slots that did not take it, and why; empty if all did
     */
    CompletionStage<Map<Integer, IoStatus>> write(Superblock described, boolean complete, Map<Integer, RecordHome> to) {
        boolean wasComplete = completeSequence >= sequence;
        sequence++;
        takenBack = false;
        boolean saysLater = onDisk && complete && !wasComplete;
        if (complete && !saysLater) {
            becomeComplete();
        }
        if (!onDisk) {
            return CompletableFuture.completedFuture(Map.of());
        }
        generation++;
        Superblock superblock = described.withSequence(sequence);
        Extension extension = extension();
        return all(to, home -> home.write(extension, superblock)).thenCompose(failed -> {
            if (!saysLater || !failed.isEmpty()) {
                return CompletableFuture.completedFuture(failed);
            }
            becomeComplete();
            return writeExtension(to);
        });
    }

    private void becomeComplete() {
        completeSequence = sequence;
        intentsSince = sequence;
        unsettled = false;
    }

    /** Writes the extension alone, durably: where the process is. */
    CompletionStage<Map<Integer, IoStatus>> writeExtension(Map<Integer, RecordHome> to) {
        if (!onDisk) {
            return CompletableFuture.completedFuture(Map.of());
        }
        generation++;
        Extension extension = extension();
        return all(to, home -> home.write(extension));
    }

    private Extension extension() {
        return new Extension(
                array,
                sequence,
                generation,
                completeSequence,
                intentsSince(),
                regionRows,
                regions,
                process,
                lastScrub,
                paused,
                unsettled,
                lost);
    }

    private interface Write {
        CompletionStage<IoStatus> on(RecordHome home);
    }

    private static CompletionStage<Map<Integer, IoStatus>> all(Map<Integer, RecordHome> to, Write write) {
        Map<Integer, IoStatus> failed = new LinkedHashMap<>();
        List<CompletableFuture<Void>> writes = new ArrayList<>();
        to.forEach((slot, home) -> writes.add(write.on(home)
                .thenAccept(status -> {
                    if (!status.isSuccess()) {
                        failed.put(slot, status);
                    }
                })
                .toCompletableFuture()));
        return CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new)).thenApply(done -> failed);
    }
}
