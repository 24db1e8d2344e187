package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ProcessKind;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * How a member that works is replaced: the new bdev is written beside it and given what it has; when it has everything, changes are kept back for the moment in which
 * the new one takes the slot on disk, and the old one is made unbelievable. Whatever ends that before leaves the array as it was. App thread.
 */
final class Replacing {
    private static final Logger LOG = System.getLogger(Replacing.class.getName());

    private final Definition definition;
    private final Serial serial;
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final Intake intake;
    private final Losses losses;
    private final Joining joining;
    private final ArrayContext context;
    private final Runnable ended;
    private Poller.Registration patience = () -> {};

    /**
     * Makes one of an array.
     *
     * @param ended run when a replacement has come to its end, whatever that was: what had to wait for it may be done
     */
    Replacing(
            Definition definition,
            Serial serial,
            Life life,
            Slots slots,
            RecordKeeper keeper,
            Intake intake,
            Losses losses,
            Joining joining,
            ArrayContext context,
            Runnable ended) {
        this.definition = definition;
        this.serial = serial;
        this.life = life;
        this.slots = slots;
        this.keeper = keeper;
        this.intake = intake;
        this.losses = losses;
        this.joining = joining;
        this.context = context;
        this.ended = ended;
    }

    // ---- it begins ----

    /**
     * Begins to replace a member. In the array's {@link Serial}.
     *
     * @param base how the member is called
     * @return completes when all changes go to the new bdev also; fails when the array is as it was
     * @throws io.cairn.bdev.BdevException ENODEV the array is not online, or has no such member; EOPNOTSUPP its level has no redundancy; EBUSY a
     *     member is being replaced; EPERM one is being rebuilt; EINVAL the member is not in use, or the bdev does not fit
     */
    CompletionStage<Void> begin(String base, Bdev bdev) {
        Service service = life.online("member to replace");
        service.background("replacement of members");
        Slot slot = slots.find(base)
                .orElseThrow(() -> definition.refusal(Errno.ENODEV, "base bdev '" + base + "' is not in it"));
        slots.replacement().ifPresent(other -> {
            throw definition.refusal(Errno.EBUSY, "base bdev '" + other.slot().name() + "' is being replaced already");
        });
        if (!slots.withRole(MemberRole.TARGET).isEmpty()) {
            throw definition.refusal(Errno.EPERM, "a rebuild is running");
        }
        if (slot.role() != MemberRole.IN_SYNC) {
            throw definition.invalid("base bdev '" + base + "' is not in use: remove it, and add the other");
        }
        Member member = intake.claim(bdev, false);
        return Stages.recover(
                intake.inspectOwn(member).thenCompose(inspected -> fill(service, slot, member, 0)),
                failure -> member.close());
    }

    /**
     * Goes on with a replacement that an upgrade, a restart or a power cut has interrupted. In the array's {@link Serial}.
     *
     * @param bdev the one that {@link #awaits} was true for
     */
    CompletionStage<Void> goOn(Bdev bdev) {
        if (!awaits(bdev)) {
            return Stages.done();
        }
        Extension.ProcessState process = interrupted().orElseThrow();
        Slot slot = slots.get(process.target().orElseThrow().slot());
        Member member = intake.claim(bdev, false);
        return Stages.recover(
                startRow(slot, member, process).thenCompose(row -> fill(life.service(), slot, member, row)),
                failure -> {
                    giveUp();
                    return member.close();
                });
    }

    /** Returns whether a bdev is the one that was taking a member's place when the array was last in use. */
    boolean awaits(Bdev bdev) {
        return life.isOnline()
                && !life.isDeleted()
                && interrupted()
                        .filter(slots::awaitsReplacement)
                        .flatMap(Extension.ProcessState::target)
                        .filter(target -> target.bdev().equals(bdev.uuid()))
                        .isPresent();
    }

    /** Returns the replacement that was under way when the array was last in use; empty if none is waited for. */
    private Optional<Extension.ProcessState> interrupted() {
        return slots.replacement().isPresent()
                ? Optional.empty()
                : keeper.record().process().filter(process -> process.kind() == ProcessKind.REPLACE);
    }

    /**
     * The array is online: a replacement that was under way goes on when its bdev is here, or comes in time; else it is given up, and the array is as if it had never
     * been begun.
     */
    void recall() {
        if (interrupted().isEmpty()) {
            return;
        }
        Extension.ProcessState process = interrupted().get();
        if (!slots.awaitsReplacement(process)) {
            giveUp();
            return;
        }
        Extension.Target target = process.target().orElseThrow();
        life.service().redundancy().intents().keepAll(true);
        patience = context.app()
                .after(
                        TimeUnit.SECONDS.toNanos(context.policies(definition).spareDelaySec()),
                        () -> serial.run(() -> {
                            giveUp();
                            return Stages.done();
                        }));
        context.host()
                .find(target.bdev().toString())
                .filter(ArrayContext::stays)
                .ifPresent(bdev -> context.host()
                        .settled(bdev.name())
                        .thenCompose(settled -> serial.run(() -> goOn(bdev)))
                        .exceptionally(failure -> {
                            LOG.log(
                                    Level.WARNING,
                                    "raid bdev ''{0}'': bdev ''{1}'' does not take the place of a member: {2}",
                                    definition.name(),
                                    bdev.name(),
                                    Stages.cause(failure).getMessage());
                            return null;
                        }));
    }

    /** Nobody waits any more for a bdev that was to replace a member, also if something else is under way since then. */
    private void giveUp() {
        if (life.service() == null || slots.replacement().isPresent()) {
            return;
        }
        Upkeep upkeep = life.service().redundancy();
        if (interrupted().isPresent()) {
            LOG.log(Level.WARNING, "raid bdev ''{0}'' does not go on replacing a member", definition.name());
            keeper.record().setProcess(Optional.empty());
            upkeep.saveRecord();
        }
        upkeep.intents().keepAll(false);
    }

    /** A disk that is another one under the same UUID begins anew. */
    private CompletionStage<Long> startRow(Slot slot, Member member, Extension.ProcessState process) {
        long cursor = Math.min(process.cursor(), life.service().shape().rows());
        if (member.store() == null) {
            return CompletableFuture.completedFuture(cursor);
        }
        return intake.inspectOwn(member)
                .thenApply(own -> own.filter(known -> known.sequence() == 0)
                                .flatMap(known -> known.ofBdev(member.bdev().uuid()))
                                .filter(promise -> promise.slot() == slot.index())
                                .isPresent()
                        ? cursor
                        : Long.valueOf(0));
    }

    private CompletionStage<Void> fill(Service service, Slot slot, Member member, long fromRow) {
        Shape shape = service.shape();
        Bdev bdev = member.bdev();
        Geometry.checkWriteUnits(definition.name(), shape, List.of(bdev));
        long rows = shape.members().get(slot.index()).dataBlocks();
        long offset = Geometry.onNew(
                        bdev, definition.name(), definition.level(), shape.stripBlocks(), definition.superblock())
                .dataOffset();
        if (bdev.numBlocks() < offset + rows) {
            throw definition.invalid("base bdev '" + bdev.name() + "' is too small: it has " + bdev.numBlocks()
                    + " blocks, " + (offset + rows) + " are needed");
        }
        Replacement next = new Replacement(slot, member, new Shape.Extent(offset, rows), fromRow);
        if (member.store() != null) {
            member.store().setReserved(new Reserved(shape.blockSize(), shape.stripBlocks(), offset));
        }
        Upkeep upkeep = service.redundancy();
        // no intent is taken back from now on: they say what changed below the cursor
        upkeep.intents().keepAll(true);
        Optional<Extension.ProcessState> before = keeper.record().process();
        CompletionStage<Void> begun = keeper.promise(next, shape)
                .thenCompose(status -> {
                    Stages.require(
                            status, () -> definition.refusal(status.errno(), Losses.unwritten(bdev.name(), status)));
                    keeper.record().setProcess(Optional.of(next.process(ProcessKind.REPLACE)));
                    return keeper.writeExtension();
                })
                .thenCompose(failed -> {
                    slots.replace(next);
                    return service.adopt();
                })
                .thenRun(() -> upkeep.background().replace(slot, fromRow));
        return Stages.recover(begun, failure -> {
            slots.endReplacement();
            // one that was interrupted before still waits for its bdev
            keeper.record().setProcess(before);
            upkeep.intents().keepAll(interrupted().isPresent());
            return wipe(member);
        });
    }

    // ---- it has everything ----

    /**
     * The new bdev has everything that the member has: it takes its place. Processes are held until that is done; changes wait for it, and those that have begun end
     * before it, so that none is given to one of the two only.
     */
    void filled(int index) {
        Service service = life.service();
        Optional<Replacement> next =
                slots.replacement().filter(now -> now.slot().index() == index);
        if (service == null || next.isEmpty()) {
            return;
        }
        Background background = service.redundancy().background();
        background.hold();
        // outside of the serial: a change that has begun may wait for a failure's record
        service.channels()
                .lock(0, service.shape().rows())
                .thenCompose(locked -> serial.run(
                        () -> isCurrent(next.get(), service) ? takePlace(next.get(), service) : Stages.done()))
                .whenComplete((done, failure) -> {
                    service.channels().unlock();
                    background.release();
                    if (failure != null) {
                        LOG.log(
                                Level.ERROR,
                                "raid bdev ''{0}'': base bdev ''{1}'' is not replaced: {2}",
                                definition.name(),
                                next.get().slot().name(),
                                Stages.cause(failure).getMessage());
                    }
                });
    }

    private boolean isCurrent(Replacement next, Service service) {
        return life.service() == service
                && life.isOnline()
                && slots.replacement().filter(now -> now == next).isPresent()
                && !next.member().isLeaving()
                // if not, it is about to be rebuilt in the place of the one that has left
                && next.slot().isInSync();
    }

    private CompletionStage<Void> takePlace(Replacement next, Service service) {
        Slot slot = next.slot();
        IntentKeeping intents = service.redundancy().intents();
        return intents.exchange(slot, next.member()).thenCompose(kept -> {
            if (!kept.isSuccess()) {
                return drop(next, "intents cannot be written to it: " + kept);
            }
            // it alone at first: the others say so when it is believed by itself
            return keeper.introduce(next, service.shape()).thenCompose(known -> {
                if (known.isSuccess()) {
                    return exchange(next, service);
                }
                return intents.exchange(slot, slot.member())
                        .thenCompose(back -> drop(next, Losses.unwritten(next.name(), known)));
            });
        });
    }

    private CompletionStage<Void> exchange(Replacement next, Service service) {
        Slot slot = next.slot();
        Member old = slot.member();
        int others = othersInSync(slot);
        next.takePlace();
        next.member().setRole(MemberRole.IN_SYNC);
        slots.endReplacement();
        service.redundancy().exchanged(slot);
        return losses.recordOrFailMore().thenCompose(recorded -> {
            // who was dropped meanwhile would have to be believed again as well
            boolean mayBack = slot.isInSync() && othersInSync(slot) == others;
            if (!recorded && mayBack) {
                return takeBack(next, old, service, "too few members take the record of it");
            }
            // before anything is acknowledged that it does not have
            return keeper.disown(old, service.shape()).thenCompose(disowned -> {
                if (disowned.isSuccess() || othersInSync(slot) > 0) {
                    return complete(next, old, service);
                }
                String why = "it would be believed by itself after a restart: "
                        + Losses.unwritten(old.bdev().name(), disowned);
                return mayBack ? takeBack(next, old, service, why) : completeAnyway(next, old, service, why);
            });
        });
    }

    private int othersInSync(Slot slot) {
        return slots.count(other -> other != slot && other.isInSync());
    }

    /** Nothing better can be written: the newest record is believed where both come. */
    private CompletionStage<Void> completeAnyway(Replacement next, Member old, Service service, String why) {
        LOG.log(
                Level.ERROR,
                "raid bdev ''{0}'': base bdev ''{1}'' replaces ''{2}'', which must not come back without it: {3}",
                definition.name(),
                next.name(),
                old.bdev().name(),
                why);
        return complete(next, old, service);
    }

    private CompletionStage<Void> complete(Replacement next, Member old, Service service) {
        service.reshape();
        return service.adopt().thenCompose(adopted -> {
            service.redundancy().intents().keepAll(false);
            LOG.log(
                    Level.INFO,
                    "raid bdev ''{0}'': base bdev ''{1}'' has taken the place of ''{2}''",
                    definition.name(),
                    next.name(),
                    old.bdev().name());
            ended.run();
            return release(old);
        });
    }

    /**
     * The old one would be believed by itself, or by those that say so still, if the new one did not come first after a restart: then what was acknowledged without it would be
     * lost. So it stays the member, and the new one must not say any more that it is. Only if that cannot be written either, the new one is the member.
     */
    private CompletionStage<Void> takeBack(Replacement next, Member old, Service service, String why) {
        Slot slot = next.slot();
        return keeper.promise(next, service.shape()).thenCompose(status -> {
            if (!status.isSuccess()) {
                return completeAnyway(next, old, service, why);
            }
            next.giveBack();
            slots.replace(next);
            service.redundancy().exchanged(slot);
            return service.redundancy().intents().exchange(slot, old).thenCompose(kept -> drop(next, why));
        });
    }

    // ---- it ends before ----

    /**
     * Ends a replacement, and leaves the array as it was. In the array's {@link Serial}.
     *
     * @return completes when the new bdev is free
     */
    CompletionStage<Void> drop(Replacement next, String why) {
        Service service = life.service();
        if (service == null || slots.replacement().filter(now -> now == next).isEmpty()) {
            return Stages.done();
        }
        LOG.log(
                Level.WARNING,
                "raid bdev ''{0}'': base bdev ''{1}'' is not replaced by ''{2}'': {3}",
                definition.name(),
                next.slot().name(),
                next.name(),
                why);
        slots.endReplacement();
        keeper.record().setProcess(Optional.empty());
        // with a number that is higher than any that it was given
        return losses.recordOrFailMore()
                .thenCompose(recorded -> service.adopt())
                .thenCompose(adopted -> {
                    service.redundancy().intents().keepAll(false);
                    ended.run();
                    return release(next.member());
                });
    }

    /** As {@link #drop}, for what is reported outside of the {@link Serial}. */
    void failed(String why) {
        serial.run(() -> slots.replacement().map(next -> drop(next, why)).orElseGet(Stages::done));
    }

    /** A member that was being replaced has left the array, which goes on with the others: the new bdev is its member now, and is rebuilt from them. */
    void inherit(Replacement next) {
        next.takePlace();
        next.member().recognise();
        next.member().setDelta(false);
        Service service = life.service();
        service.redundancy().background().goOnAs(next.process(ProcessKind.REBUILD));
        // those that were kept so far say what the rebuild has to do again
        service.redundancy().intents().keepAll(false);
        joining.rejoin();
        ended.run();
    }

    /**
     * Nothing serves the array any more.
     *
     * @param comesBack whether it is only the module that leaves: the next one goes on
     */
    CompletionStage<Void> suspend(boolean comesBack) {
        patience.close();
        Optional<Replacement> next = slots.replacement();
        if (next.isEmpty()) {
            return Stages.done();
        }
        slots.endReplacement();
        if (comesBack) {
            return next.get().member().close();
        }
        keeper.record().setProcess(Optional.empty());
        return release(next.get().member());
    }

    /** Gives a bdev back that is not to be believed any more; what cannot be wiped says by its superblock that it is not a member. */
    private static CompletionStage<Void> release(Member member) {
        return wipe(member).thenCompose(wiped -> member.close());
    }

    private static CompletionStage<Void> wipe(Member member) {
        return member.store() == null ? Stages.done() : member.store().wipe().handle((status, failure) -> null);
    }
}
