package io.cairn.module.raid.sync;

import io.cairn.module.raid.format.JournalEntry;
import io.cairn.module.raid.format.JournalEntryCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.member.ReservedArea;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Brings a degraded raid5f array's stripes in order before it serves I/O: for each strip in the journal of which the stripe may be torn, parity becomes the XOR of that strip and the
 * data strips on disk (rule 6 of decision 0012). App thread; nothing else uses the members meanwhile. Replaying twice does no harm.
 */
public final class JournalReplay {
    /** No slot is missing: nothing is replayed. */
    public static final int NOBODY = -1;

    private final UUID array;
    private final Shape shape;
    private final int missing;
    private final long missingSince;
    private final Map<Integer, StripeRepair.Part> members = new HashMap<>();
    private final List<Found> found = new ArrayList<>();
    private final StripeRepair repair;

    private record Found(int slot, int place, JournalEntry entry) {}

    /**
     * What came of it.
     *
     * @param stripes the stripes that were put in order, durably
     * @param nextSequence for the {@link MemberJournal}
     */
    public record Result(Set<Long> stripes, long nextSequence) {}

    /**
     * Prepares it.
     *
     * @param missing the slot whose member is ABSENT or a TARGET; {@link #NOBODY}: the array is complete, and only the sequence number is looked for
     * @param missingSince the sequence number of the superblock that first said so
     */
    public JournalReplay(UUID array, Shape shape, int missing, long missingSince) {
        this.array = array;
        this.shape = shape;
        this.repair = new StripeRepair(shape);
        this.missing = missing;
        this.missingSince = missingSince;
    }

    /** Adds a member that is IN_SYNC. All of them are needed. */
    public JournalReplay with(int slot, ReservedArea area, Reserved where) {
        members.put(slot, new StripeRepair.Part(area, where));
        return this;
    }

    /** Runs it, once. Fails with {@link UnusableMember} if one's entries cannot be read, before anything is written; else with what a member answered. */
    public CompletionStage<Result> run() {
        CompletionStage<Void> stage = CompletableFuture.completedFuture(null);
        for (Map.Entry<Integer, StripeRepair.Part> one : members.entrySet()) {
            StripeRepair.Part member = one.getValue();
            for (int place = 0; place < member.where().journalSlots(); place++) {
                int at = place;
                stage = stage.thenCompose(v -> readHeader(one.getKey(), member, at))
                        .thenAccept(header -> JournalEntryCodec.decode(header, array)
                                .ifPresent(entry -> found.add(new Found(one.getKey(), at, entry))));
            }
        }
        return stage.thenCompose(v -> replay()).thenApply(stripes -> new Result(stripes, nextSequence()));
    }

    private static CompletionStage<byte[]> readHeader(int slot, StripeRepair.Part member, int place) {
        return member.area()
                .read(member.where().journalSlotOffset(place), member.where().unit())
                .exceptionally(failure -> {
                    throw UnusableMember.unread(
                            slot, failure instanceof CompletionException ? failure.getCause() : failure);
                });
    }

    private long nextSequence() {
        return 1 + found.stream().mapToLong(f -> f.entry.sequence()).max().orElse(0);
    }

    private CompletionStage<Set<Long>> replay() {
        if (missing == NOBODY) {
            return CompletableFuture.completedFuture(Set.of());
        }
        long oldest = found.stream().mapToLong(f -> f.entry.oldestOpen()).max().orElse(0);
        Map<Long, Found> newest = new HashMap<>();
        List<Found> candidates = found.stream().filter(f -> isWanted(f, oldest)).toList();
        CompletionStage<Void> stage = CompletableFuture.completedFuture(null);
        Map<Found, byte[]> strips = new HashMap<>();
        for (Found one : candidates) {
            stage = stage.thenCompose(v -> strip(one)).thenAccept(strip -> {
                // one that was being written when the power went never protected anything
                if (JournalEntryCodec.dataCrc(ByteBuffer.wrap(strip)) == one.entry.dataCrc()) {
                    strips.put(one, strip);
                    newest.merge(one.entry.stripe(), one, (a, b) -> a.entry.sequence() > b.entry.sequence() ? a : b);
                }
            });
        }
        return stage.thenCompose(v -> restore(newest, strips));
    }

    private boolean isWanted(Found one, long oldest) {
        JournalEntry entry = one.entry;
        return entry.missingSlot() == missing
                && entry.superblockSequence() >= missingSince
                && entry.sequence() >= oldest
                && entry.dataBytes() == repair.stripBytes()
                && entry.stripe() >= 0
                && entry.stripe() < shape.rows() / shape.stripBlocks()
                && shape.paritySlot(entry.stripe()) == one.slot
                && one.slot != missing;
    }

    private CompletionStage<byte[]> strip(Found one) {
        StripeRepair.Part member = members.get(one.slot);
        return member.area()
                .read(
                        member.where().journalSlotOffset(one.place)
                                + member.where().unit(),
                        repair.stripBytes());
    }

    private CompletionStage<Set<Long>> restore(Map<Long, Found> newest, Map<Found, byte[]> strips) {
        CompletionStage<Void> stage = CompletableFuture.completedFuture(null);
        for (Found one : newest.values()) {
            stage = stage.thenCompose(v -> repair.restore(one.entry.stripe(), members, strips.get(one)));
        }
        for (StripeRepair.Part member : members.values()) {
            stage = stage.thenCompose(v -> member.area().flush());
        }
        return stage.thenApply(v -> Set.copyOf(newest.keySet()));
    }
}
