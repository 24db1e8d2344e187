package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.NotificationType;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** How an array that is online goes on without a member: not before the others say on disk that it does (rule 2). App thread. */
final class Losses {
    private static final Logger LOG = System.getLogger(Losses.class.getName());

    private final String array;
    private final Serial serial;
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final SpareDemand demand;
    private final Consumer<String> tooFew;
    private final Consumer<Replacement> inheritance;
    private final RecordRetry retry;
    /** Members that the array has decided to fail since a record was written last: what else is reported of them is no news. */
    private final Set<Member> decided = Collections.newSetFromMap(new IdentityHashMap<>());
    /** What served the array then; null at first. */
    private Service decidedIn;

    /**
     * Makes one of an array.
     *
     * @param inheritance told of the bdev that was to replace a member which is out now, and has its slot
     * @param tooFew takes the array offline, for a reason: a member is being removed that it cannot do without
     */
    Losses(
            String array,
            Reactor app,
            Serial serial,
            Life life,
            Slots slots,
            RecordKeeper keeper,
            SpareDemand demand,
            Consumer<String> tooFew,
            Consumer<Replacement> inheritance) {
        this.array = array;
        this.serial = serial;
        this.life = life;
        this.slots = slots;
        this.keeper = keeper;
        this.demand = demand;
        this.tooFew = tooFew;
        this.inheritance = inheritance;
        this.retry = new RecordRetry(app, serial, life, this::recordOrFailMore);
    }

    /** A member did not do what it was told. From the channels; told again and again until it is answered. */
    void failed(int index, IoType type, IoStatus status) {
        serial.run(() -> {
            if (life.service() == null || index >= slots.count()) {
                return Stages.done();
            }
            Slot slot = slots.get(index);
            Member member = slot.member();
            if (member == null || slot.role() == MemberRole.ABSENT) {
                return Stages.done();
            }
            if (!member.isLeaving()) {
                slot.health().failed(type, status);
            }
            return lose(
                            slot,
                            member,
                            MemberState.FAILED,
                            type + " on base bdev '" + slot.name() + "' ended with " + status)
                    .thenCompose(lost -> lost || life.service() == null
                            ? Stages.done()
                            : life.service().failureRefused(index));
        });
    }

    /**
     * A member is to be failed by the array's own decision. Where that is refused, because the array cannot do without it or no record can be written, it is asked for again
     * only when a record has been written since: who is in may have changed.
     */
    void fail(Slot slot, String why) {
        if (life.service() != decidedIn) {
            decided.clear();
            decidedIn = life.service();
        }
        Member member = slot.member();
        if (decidedIn == null || member == null || !decided.add(member)) {
            return;
        }
        serial.run(() -> slot.member() != member || life.service() == null
                ? CompletableFuture.completedFuture(false)
                : lose(slot, member, MemberState.FAILED, why));
    }

    /**
     * Goes on without a member, durably. In the array's {@link Serial}, while it is online.
     *
     * @return whether the array does; if not, the member stays, or the array goes offline because the member is being removed
     */
    CompletionStage<Boolean> lose(Slot slot, Member member, MemberState as, String why) {
        if (slot.member() != member) {
            return CompletableFuture.completedFuture(true);
        }
        boolean inSync = slot.isInSync();
        if (inSync && slots.inSync() - 1 < slots.minOperational()) {
            if (member.isLeaving()) {
                tooFew.accept(why);
            } else {
                LOG.log(Level.WARNING, "raid bdev ''{0}'' cannot do without a member: {1}", array, why);
            }
            return CompletableFuture.completedFuture(false);
        }
        Leaver leaver = new Leaver(slot, inSync ? as : slot.state());
        return recordOrFailMore().thenCompose(written -> {
            if (!written) {
                LOG.log(Level.WARNING, "raid bdev ''{0}'' cannot record the loss of a member: {1}", array, why);
                leaver.stays();
                if (member.isLeaving()) {
                    // nothing that it missed may be acknowledged: nobody would know of it
                    tooFew.accept(why);
                }
                return CompletableFuture.completedFuture(false);
            }
            leaver.isOut();
            return goOnWithout(leaver, as, why).thenApply(gone -> true);
        });
    }

    /** A record that does without a member is durable: so do the channels, and it is let go of. */
    private CompletionStage<Void> goOnWithout(Leaver leaver, MemberState as, String why) {
        LOG.log(Level.WARNING, "raid bdev ''{0}'' goes on without a member: {1}", array, why);
        Slot slot = leaver.slot;
        Optional<Replacement> heir = slots.replacementOf(slot);
        if (heir.isPresent()) {
            slots.endReplacement();
        }
        return life.service().adopt().thenAccept(adopted -> {
            String errors = slot.health().words();
            slot.detach(leaver.sequenceBefore, leaver.wasIn);
            leaver.member.close();
            life.announce(NotificationType.BDEV_MEMBER_LOST, errors.isEmpty() ? why : why + "; it had " + errors);
            if (leaver.wasComplete) {
                life.announce(NotificationType.BDEV_DEGRADED, slots.inSync() + " of " + slots.count() + " members");
            }
            heir.ifPresentOrElse(inheritance, () -> demand.lost(slot, as));
        });
    }

    /**
     * Writes the record; members that do not take it are failed as well, as long as enough are left.
     *
     * @return whether it is on all that are left; if not, too few took it, and nobody has been failed. Then it is written again when the array's {@link Serial} is free: as it
     *     is by then
     */
    CompletionStage<Boolean> recordOrFailMore() {
        return recordWithout(new LinkedHashMap<>());
    }

    /**
     * Writes the record.
     *
     * @param untaken those that are to be failed because they did not take it, and why
     */
    private CompletionStage<Boolean> recordWithout(Map<Leaver, IoStatus> untaken) {
        return keeper.write(life.service().shape()).thenCompose(failed -> {
            if (failed.isEmpty()) {
                decided.clear();
                retry.recorded();
                untaken.forEach(this::letGo);
                return CompletableFuture.completedFuture(true);
            }
            if (slots.inSync() - failed.size() < slots.minOperational()) {
                // said once, however often it is tried again
                Level level = life.service().isOutdated() ? Level.DEBUG : Level.ERROR;
                LOG.log(level, "raid bdev ''{0}'': its record cannot be written: {1}", array, failed);
                retry.refused();
                untaken.keySet().forEach(Leaver::stays);
                return CompletableFuture.completedFuture(false);
            }
            failed.forEach((index, status) -> {
                slots.get(index).health().writeError();
                untaken.put(new Leaver(slots.get(index), MemberState.FAILED), status);
            });
            return recordWithout(untaken);
        });
    }

    private void letGo(Leaver leaver, IoStatus status) {
        leaver.isOut();
        serial.run(() -> life.service() == null || leaver.slot.member() != leaver.member
                ? Stages.done()
                : goOnWithout(leaver, MemberState.FAILED, unwritten(leaver.slot, status)));
    }

    /** A member that the next record does without: it is in the array, with all that it does there, until that record is durable. */
    private final class Leaver {
        private final Slot slot;
        private final Member member;
        private final MemberState stateBefore;
        private final MemberRole roleBefore;
        private final boolean wasIn;
        private final boolean wasComplete;
        private final long sequenceBefore;

        Leaver(Slot slot, MemberState as) {
            this.slot = slot;
            this.member = slot.member();
            this.stateBefore = slot.state();
            this.roleBefore = member.role();
            this.wasIn = slot.isInSync();
            this.wasComplete = slots.isComplete();
            this.sequenceBefore = keeper.record().sequence();
            slot.setState(as);
            member.setRole(MemberRole.ABSENT);
            life.service().leaving(wasComplete);
        }

        /** The record is durable. */
        void isOut() {
            member.drop();
            life.service().left(slot);
        }

        /** It could not be written. */
        void stays() {
            slot.setState(stateBefore);
            member.setRole(roleBefore);
            life.service().stays();
        }
    }

    /** The array ends: nothing is written any more. */
    void close() {
        retry.close();
    }

    /** Says that a member does not take its superblock. */
    static String unwritten(Slot slot, IoStatus status) {
        return unwritten(slot.name(), status);
    }

    /** Says that a bdev does not take the array's superblock. */
    static String unwritten(String base, IoStatus status) {
        return "its superblock cannot be written to base bdev '" + base + "': " + status;
    }
}
