package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Writes an array's record to its members: what it says, and who is to have it. App thread. */
final class RecordKeeper {
    private final Definition definition;
    private final Slots slots;
    private final ArrayRecord record;
    private boolean stored;

    RecordKeeper(Definition definition, Slots slots) {
        this.definition = definition;
        this.slots = slots;
        this.record = new ArrayRecord(definition.id(), definition.superblock());
    }

    ArrayRecord record() {
        return record;
    }

    /** Whether the array has never been online and nothing is on its members. */
    boolean isNew() {
        return record.isBlank() && !definition.isFound();
    }

    /** The array's definition comes from a stored configuration. */
    void isStored() {
        stored = true;
    }

    /** Whether there may be data on its members, so that one which is new has not everything: only what its user has just defined has none. */
    boolean mayHoldData() {
        return !isNew() || (stored && !definition.superblock());
    }

    /** Returns the superblock as it is now, without what it says of sizes: who is in the array. */
    Superblock described() {
        return describe(512, 0, 0);
    }

    private Superblock described(Shape shape) {
        return describe(shape.blockSize(), shape.numBlocks(), shape.stripBlocks());
    }

    private Superblock describe(int blockSize, long numBlocks, long stripBlocks) {
        return new Superblock(
                definition.id(),
                definition.name(),
                definition.level(),
                blockSize,
                numBlocks,
                stripBlocks,
                record.sequence(),
                slots.described());
    }

    /**
     * Takes away what an array of the same UUID has left on the members of a new one.
     *
     * @return fails with what the first of them says that could not be written
     */
    CompletionStage<Void> clear(Shape shape) {
        CompletionStage<Void> cleared = Stages.done();
        for (Slot slot : slots.attached()) {
            MemberStore store = slot.member().store();
            if (store != null) {
                Reserved where = new Reserved(
                        shape.blockSize(), shape.stripBlocks(), slot.extent().dataOffset());
                cleared = cleared.thenCompose(before -> store.clear(where))
                        .thenAccept(status -> Stages.require(
                                status, () -> definition.refusal(status.errno(), Losses.unwritten(slot, status))));
            }
        }
        return cleared;
    }

    /**
     * Writes the record to all members that hold what they should.
     *
     * @return the slots that did not take it, and why; empty if all did
     */
    CompletionStage<Map<Integer, IoStatus>> write(Shape shape) {
        return record.write(described(shape), slots.isComplete(), homes());
    }

    /** Writes the extension alone to all members that hold what they should; answers as {@link #write} does. */
    CompletionStage<Map<Integer, IoStatus>> writeExtension() {
        return record.writeExtension(homes());
    }

    private Map<Integer, RecordHome> homes() {
        Map<Integer, RecordHome> homes = new LinkedHashMap<>();
        for (Slot slot : slots.all()) {
            if (slot.isInSync() && slot.member().store() != null && slot.role() == MemberRole.IN_SYNC) {
                homes.put(slot.index(), slot.member().store());
            }
        }
        return homes;
    }

    /**
     * Writes to a member that is about to be a target that it is one: it is known again after a restart, and not believed before it has everything. The sequence
     * number in its own superblock says up to where it has everything: none, or where it left.
     */
    CompletionStage<IoStatus> mark(Slot slot, Shape shape) {
        Member member = slot.member();
        if (member.store() == null) {
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }
        Superblock anew = described(shape).withSequence(0);
        CompletionStage<Superblock> own = member.isDelta()
                ? member.store()
                        .readSuperblock()
                        .thenApply(read -> read instanceof SuperblockRead.Found found
                                ? found.superblock().withMember(slot.described())
                                : anew)
                : CompletableFuture.completedFuture(anew);
        return own.thenCompose(target -> member.store().write(target))
                .exceptionally(failure ->
                        IoStatus.errno(Stages.cause(failure) instanceof HasErrno known ? known.errno() : Errno.EIO));
    }

    /** Takes back {@link #mark} from a bdev that is not taken in: it says nothing of the array. One that said so before keeps what it has. Never fails. */
    CompletionStage<Void> unmark(Member member) {
        return member.store() == null || member.isRecognised()
                ? Stages.done()
                : member.store().wipe().handle((status, failure) -> null);
    }

    /** Writes to a bdev that is to replace a member what it is: as {@link #mark} does, for one that is in no slot. */
    CompletionStage<IoStatus> promise(Replacement next, Shape shape) {
        MemberStore store = next.member().store();
        return store == null
                ? CompletableFuture.completedFuture(IoStatus.SUCCESS)
                : store.write(described(shape).withMember(next.promised()).withSequence(0));
    }

    /** Writes the next record to a bdev that has everything which a member has: it is the member, and replaces nobody any more. Nobody else says so yet. */
    CompletionStage<IoStatus> introduce(Replacement next, Shape shape) {
        record.setProcess(Optional.empty());
        MemberStore store = next.member().store();
        int index = next.slot().index();
        return record.write(
                        described(shape).withMember(next.configured()),
                        slots.isComplete(),
                        store == null ? Map.of() : Map.of(index, store))
                .thenApply(failed -> failed.getOrDefault(index, IoStatus.SUCCESS));
    }

    /** Writes the present superblock to a bdev that is not in it any more: it says by itself that it is no member. */
    CompletionStage<IoStatus> disown(Member old, Shape shape) {
        return old.store() == null
                ? CompletableFuture.completedFuture(IoStatus.SUCCESS)
                : old.store().write(described(shape));
    }

    /**
     * The start of a new array has failed: wipes what was written to its members, where that can be, and the array is new again.
     *
     * @return never fails
     */
    CompletionStage<Void> takeBack() {
        record.takeBack();
        CompletionStage<Void> wiped = Stages.done();
        for (Slot slot : slots.attached()) {
            MemberStore store = slot.member().store();
            if (store != null) {
                wiped = wiped.thenCompose(before -> store.wipe()).handle((status, failure) -> null);
            }
        }
        return wiped;
    }

    /**
     * Wipes superblock and extension from all members that are there.
     *
     * @return fails with what the first of them that could not be wiped says; those behind it are left as they are
     */
    CompletionStage<Void> wipe() {
        CompletionStage<Void> wiped = Stages.done();
        for (Slot slot : slots.attached()) {
            MemberStore store = slot.member().store();
            if (store != null) {
                wiped = wiped.thenCompose(before -> store.wipe())
                        .thenAccept(status -> Stages.require(
                                status,
                                () -> definition.refusal(
                                        status.errno(),
                                        "the superblock on base bdev '" + slot.name() + "' cannot be wiped: "
                                                + status)));
            }
        }
        return wiped;
    }
}
