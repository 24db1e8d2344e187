package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.Shape;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One array, from its first member to its end: what comes, and what the core and users tell, is given to the part of it that knows what to do. What changes it is
 * done one after another. App thread.
 *
 * <p>{@code CONFIGURING} until all members are there that were in at the end (or some, by policy); {@code ONLINE} while there is a bdev;
 * {@code OFFLINE} when there were too few members to go on, until they are back.
 */
public final class RaidArray {
    private static final Logger LOG = System.getLogger(RaidArray.class.getName());

    private final ArrayContext context;
    private final Definition definition;
    private final BdevHost.Reservation names;
    private final MembersTold told;
    private final Serial serial = new Serial(this::tellMembers);
    private final Life life;
    private final Slots slots;
    private final RecordKeeper keeper;
    private final Intake intake;
    private final FoundMembers found;
    private final StartPolicy policy;
    private final Startup startup;
    private final SpareDemand demand;
    private final Losses losses;
    private final Joining joining;
    private final Additions additions;
    private final Substitution substitution;
    private final Replacing replacing;
    /** Whether it is to start again when its bdev is gone. */
    private boolean restart;
    /** What the intents were when it went offline without a superblock, as it is spelled for the next module; empty while it is online. */
    private Map<String, Object> knew = Map.of();

    private RaidArray(ArrayContext context, Definition definition) {
        this.context = context;
        this.definition = definition;
        this.life = new Life(context.host(), definition);
        this.slots = new Slots(definition.level());
        this.keeper = new RecordKeeper(definition, slots);
        this.intake = new Intake(definition, slots, keeper, context, this::onEvent);
        this.found = new FoundMembers(definition, slots, keeper, intake, context.host());
        this.policy = new StartPolicy(definition.name(), slots, context.app(), () -> context.policies(definition)
                .startDegradedTimeoutSec());
        this.startup = new Startup(definition, serial, life, slots, keeper, found, policy, new Starting());
        this.demand = new SpareDemand(
                context.app(), life, slots, () -> context.policies(definition).spareDelaySec(), this::fillUp);
        this.losses = new Losses(
                definition.name(), context.app(), serial, life, slots, keeper, demand, this::goOffline, this::inherit);
        Placement placement = new Placement(definition);
        this.joining = new Joining(definition, serial, life, slots, keeper, placement, losses);
        this.additions = new Additions(definition, life, slots, keeper, intake, found, placement);
        this.substitution = new Substitution(context, demand, additions);
        this.replacing =
                new Replacing(definition, serial, life, slots, keeper, intake, losses, joining, context, () -> {
                    serial.run(this::grow);
                    fillUp();
                });
        this.names = context.host().reserve(List.of(definition.name()), "raid bdev '" + definition.name() + "'");
        this.told = new MembersTold(context.host(), names, life, slots);
    }

    /**
     * Makes an array that a user has defined; nobody is in it yet.
     *
     * @param definition has a UUID
     * @throws BdevException EEXIST its name is taken
     */
    static RaidArray defined(ArrayContext context, Definition definition) {
        RaidArray array = new RaidArray(context, definition);
        if (context.host().isReplaying()) {
            array.keeper.isStored();
        }
        for (int i = 0; i < definition.bases().size(); i++) {
            String base = definition.bases().get(i);
            array.slots.add(
                    base.equals(Definition.removed(i))
                            ? new Slot(i, null, MemberState.MISSING)
                            : new Slot(i, base, MemberState.CONFIGURED));
        }
        return array;
    }

    /**
     * Makes an array of which a superblock was found; nobody is in it yet.
     *
     * @throws BdevException EEXIST its name is taken
     */
    static RaidArray found(ArrayContext context, Superblock superblock) {
        return new RaidArray(
                context,
                new Definition(
                        superblock.name(),
                        superblock.level(),
                        superblock.stripBlocks() * superblock.blockSize() / 1024,
                        List.of(),
                        Optional.of(superblock.uuid()),
                        true));
    }

    // ---- what it is ----

    /** Returns its name. */
    public String name() {
        return definition.name();
    }

    /** Returns its UUID. */
    public UUID uuid() {
        return definition.id();
    }

    /** Returns where it is in its life. */
    public ArrayState state() {
        return life.state();
    }

    Definition definition() {
        return definition;
    }

    Slots slots() {
        return slots;
    }

    /** Returns what serves it; null while it is not online. */
    Service service() {
        return life.service();
    }

    boolean isDeleted() {
        return life.isDeleted();
    }

    /** Returns whether a user has paused its processes, and those to come. */
    boolean isPaused() {
        return keeper.record().isPaused();
    }

    /** Returns whether it holds a bdev. */
    boolean holds(Bdev bdev) {
        return slots.holding(bdev).isPresent()
                || slots.replacement()
                        .filter(next -> next.member().bdev() == bdev)
                        .isPresent();
    }

    /** Returns whether a member is joining or leaving right now. */
    boolean isChanging() {
        return serial.isBusy();
    }

    /** Returns the calls that make it again: none if it is found on its members. */
    List<ConfigEntry> configuration() {
        return isOnItsMembers() ? List.of() : List.of(ArrayInfo.creation(this));
    }

    private boolean isOnItsMembers() {
        return definition.superblock() && !keeper.isNew();
    }

    // ---- members come ----

    /** Whether a bdev is one that is waited for by its name. */
    boolean wants(Bdev bdev) {
        return replacing.awaits(bdev) || isWaitedFor(bdev);
    }

    private boolean isWaitedFor(Bdev bdev) {
        return !life.isDeleted()
                && (keeper.isNew() || !definition.superblock())
                && slots.waitingFor(bdev).isPresent()
                && !holds(bdev);
    }

    /**
     * Takes bases for a new array, as far as they are there, and starts it if all are.
     *
     * @param force whether other arrays' superblocks are wiped
     * @return completes when it is online and its bdev has been examined, or when it waits for members. Fails when nothing of it is left
     */
    CompletionStage<Void> create(boolean force) {
        CompletionStage<Void> created = serial.run(() -> {
                    requireThere();
                    for (Slot slot : slots.all()) {
                        Optional.ofNullable(slot.name())
                                .flatMap(called -> context.host().find(called))
                                .filter(ArrayContext::stays)
                                .filter(bdev -> slot.member() == null)
                                .ifPresent(bdev -> slot.attach(intake.claim(bdev, force)));
                    }
                    CompletionStage<List<Member>> foreign = force
                            ? intake.findForeign(slots.attached())
                            : intake.inspect(slots.attached()).thenApply(inspected -> List.of());
                    return foreign.thenCompose(toWipe -> {
                        requireThere();
                        Geometry.checkNew(definition, slots);
                        return intake.wipe(toWipe);
                    });
                })
                .thenCompose(inspected -> startup.startIfReady());
        return Stages.recover(created, failure -> discard().exceptionally(ignored -> null));
    }

    /**
     * Takes a bdev that is waited for by its name. What stands against it is reported, and it is waited for again.
     *
     * @return completes with whether it was given back because of the superblock on it; never fails
     */
    CompletionStage<Boolean> arrive(Bdev bdev) {
        return serial.run(() -> {
                    if (replacing.awaits(bdev) && ArrayContext.stays(bdev)) {
                        return replacing.goOn(bdev);
                    }
                    Optional<Slot> slot = slots.waitingFor(bdev);
                    if (life.isDeleted() || slot.isEmpty() || holds(bdev) || !ArrayContext.stays(bdev)) {
                        return Stages.done();
                    }
                    slot.get().attach(intake.claim(bdev, false));
                    return Stages.recover(intake.inspect(List.of(slot.get())), failure -> letGo(slot.get()));
                })
                .thenCompose(taken -> comeIn())
                .handle((done, failure) -> {
                    if (failure != null && life.service() == null) {
                        slots.holding(bdev).ifPresent(this::letGo);
                    }
                    report(bdev, failure);
                    return Foreign.isCause(failure) && !holds(bdev);
                });
    }

    /**
     * A superblock of this array was found on a bdev.
     *
     * @return completes when what is to be made of it has been; never fails
     */
    CompletionStage<Void> discovered(Bdev bdev, Superblock superblock) {
        return serial.run(() -> {
                    if (life.isDeleted() || holds(bdev) || !ArrayContext.stays(bdev)) {
                        return Stages.done();
                    }
                    boolean knowsItself = life.isOnline() || keeper.record().sequence() > 0 || !definition.isFound();
                    return knowsItself
                            ? found.takeBack(bdev, superblock, life.state())
                            : found.gather(bdev, superblock);
                })
                .thenCompose(taken -> comeIn())
                .handle((done, failure) -> {
                    report(bdev, failure);
                    return null;
                });
    }

    /** Somebody is in a slot: of an array that is online it is synchronised, another one may start. */
    private CompletionStage<Void> comeIn() {
        return life.isOnline() ? joining.rejoin() : startup.startIfReady();
    }

    private void report(Bdev bdev, Throwable failure) {
        if (failure != null) {
            String why = String.valueOf(Stages.cause(failure).getMessage());
            names.waiting(bdev.name(), why);
            LOG.log(Level.WARNING, "raid bdev ''{0}'' waits: bdev ''{1}'': {2}", name(), bdev.name(), why);
            if (!holds(bdev)) {
                context.host().passedOver(bdev, why);
            }
        }
    }

    /**
     * Adds a bdev by a user's request.
     *
     * @return completes when it is in its place; its rebuild goes on
     */
    CompletionStage<Void> add(Bdev bdev) {
        return serial.run(() -> {
                    requireThere();
                    return additions.add(bdev);
                })
                .thenCompose(taken -> comeIn());
    }

    /** It may have been deleted while what a user asked for has waited: nothing would ever give back what it took. */
    private void requireThere() {
        if (life.isDeleted()) {
            throw definition.refusal(Errno.ENODEV, "it has been deleted meanwhile");
        }
    }

    /**
     * Gives a mirror one leg more.
     *
     * @return completes when the bdev is in its place; its rebuild goes on. Fails when the array is as it was
     */
    CompletionStage<Void> addLeg(Bdev bdev) {
        return serial.run(() -> {
                    requireThere();
                    return additions.addLeg(bdev);
                })
                .thenCompose(taken -> joining.rejoin());
    }

    /**
     * Replaces a member that works.
     *
     * @param base how it is called
     * @return completes when the new bdev is beside it; fails when the array is as it was
     */
    CompletionStage<Void> replace(String base, Bdev bdev) {
        return serial.run(() -> {
            requireThere();
            return replacing.begin(base, bdev);
        });
    }

    /**
     * Ends a replacement by a user's request.
     *
     * @param base how the bdev is called that was to replace a member
     * @return completes when it is free; empty if it is none
     */
    Optional<CompletionStage<Void>> keepInstead(String base) {
        return slots.replacement()
                .filter(next -> Slot.isCalled(next.member().bdev(), base))
                .map(next -> serial.run(() -> replacing.drop(next, "its removal was requested")));
    }

    /** Not the method itself: those who replace members are made after those who lose them. */
    private void inherit(Replacement next) {
        replacing.inherit(next);
    }

    /** Something has changed, here or among the spares: if the array lacks a member now, a spare takes its place. */
    void fillUp() {
        serial.run(() -> substitution.fill(this))
                .thenCompose(filled -> filled.map(this::joinSpare).orElseGet(Stages::done))
                .exceptionally(failure -> {
                    LOG.log(
                            Level.WARNING,
                            "raid bdev ''{0}'' does not use a spare: {1}",
                            name(),
                            Stages.cause(failure).getMessage());
                    return null;
                });
    }

    private CompletionStage<Void> joinSpare(Bdev bdev) {
        return joining.rejoin().thenRun(() -> life.announce(NotificationType.BDEV_SPARE_TAKEN, bdev.name()));
    }

    /** What it does by itself may be something else now: that counts also for what is waited for already. */
    void policiesChanged() {
        demand.policiesChanged();
        startAgain();
    }

    // ---- members go and grow ----

    private void onEvent(BdevEvent event, Member member) {
        if (event == BdevEvent.RESIZE) {
            serial.run(this::grow);
            return;
        }
        if (member == null) {
            return;
        }
        member.leave();
        serial.run(() -> {
            Optional<Slot> slot = slots.holding(member.bdev());
            Optional<Replacement> next = slots.replacement().filter(now -> now.member() == member);
            if (next.isPresent() && life.service() != null) {
                return replacing.drop(next.get(), "it was removed");
            }
            if (slot.isEmpty()) {
                member.close();
                return Stages.done();
            }
            return lose(slot.get(), "base bdev '" + slot.get().name() + "' was removed");
        });
    }

    /**
     * Removes a member by a user's request.
     *
     * @return completes when it is free
     */
    CompletionStage<Void> remove(Slot slot) {
        return serial.run(() -> {
            Member member = slot.member();
            if (member == null) {
                slot.assign(null, Slot.NOBODY, slot.extent());
                return Stages.done();
            }
            if (life.service() != null && slot.isInSync() && slots.inSync() - 1 < slots.minOperational()) {
                member.leave();
            }
            return lose(slot, "base bdev '" + slot.name() + "' was removed by request");
        });
    }

    private CompletionStage<Void> lose(Slot slot, String why) {
        if (life.service() == null) {
            release(slot);
            return Stages.done();
        }
        return losses.lose(slot, slot.member(), MemberState.MISSING, why).thenAccept(lost -> {});
    }

    /** The array is not in use, and does not hold a member any more. */
    private void release(Slot slot) {
        found.forget(slot.member().bdev());
        letGo(slot);
        dropIfEmpty();
    }

    /** What is on members that have all gone is found again with them, whether the array was found or defined at first. */
    private boolean dropIfEmpty() {
        boolean empty = isOnItsMembers() && slots.attached().isEmpty();
        if (empty) {
            context.drop(this);
        }
        return empty;
    }

    /** Gives a member back that the I/O path does not use. */
    private CompletionStage<Void> letGo(Slot slot) {
        CompletionStage<Void> closed = slot.detach(keeper.record().sequence()).close();
        tellMembers();
        return closed;
    }

    private void tellMembers() {
        told.update();
    }

    /** All members may have grown: the array does then. */
    private CompletionStage<Void> grow() {
        Service service = life.service();
        if (service == null
                || life.isDeleted()
                || slots.replacement().isPresent()
                || !slots.attached().stream().allMatch(s -> s.role() != MemberRole.ABSENT)) {
            return Stages.done();
        }
        Shape larger = Geometry.grown(service.shape(), slots);
        return larger.numBlocks() <= service.shape().numBlocks()
                ? Stages.done()
                : service.grow(larger, losses::recordOrFailMore);
    }

    // ---- processes ----

    /**
     * Starts a scrub.
     *
     * @throws BdevException ENODEV the array is not online; EOPNOTSUPP its level has no redundancy; EBUSY one is under way; EPERM there are too few members to compare anything
     */
    public void startScrub(boolean repair) {
        life.online("scrub").background("scrub").startScrub(repair);
    }

    /**
     * Pauses processes, those to come too, until they are resumed: also over a restart.
     *
     * @return completes when no rows are kept from I/O any more, and the array's record says so
     */
    public CompletionStage<Void> pauseProcess() {
        return processes().pause();
    }

    /**
     * Lets processes go on.
     *
     * @return completes when the array's record says so
     */
    public CompletionStage<Void> resumeProcess() {
        return processes().resume();
    }

    /**
     * Stops a scrub.
     *
     * @return completes when it does not run any more
     */
    public CompletionStage<Void> stopProcess() {
        return life.online("process").background("scrub").stopScrub();
    }

    private Background processes() {
        return life.online("process").background("background process");
    }

    // ---- upgrades ----

    /** Returns what the next module has to know and cannot find on the members. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>(ArrayHandOver.plain(slots, keeper.record()));
        Service service = life.service();
        if (service != null) {
            service.upkeep().ifPresent(upkeep -> plain.putAll(upkeep.intents().plain()));
            plain.put(HandedOver.DECLARED, service.declared().plain());
        }
        plain.putAll(knew);
        return plain;
    }

    /** Goes on where the module before an upgrade was, as far as that is not on the members. */
    void continueAfterUpgrade() {
        Map<?, ?> before = context.handedOver(definition);
        if (!definition.superblock() && ArrayHandOver.goOn(before, slots, keeper.record())) {
            // its members may come when the upgrade is long over, and nothing is told any more
            knew = HandedOver.intents(before);
            startup.sizesKnown();
        }
    }

    // ---- it starts, and ends ----

    /** What the array does when it starts. */
    private final class Starting implements Startup.Owner {
        @Override
        public boolean isEnding() {
            return context.isEnding();
        }

        @Override
        public void waitsFor(Slot slot) {
            names.waiting(slot.name() != null ? slot.name() : slot.uuid().toString(), "");
        }

        @Override
        public CompletionStage<Service> prepare(Shape shape, boolean believed, boolean wasComplete) {
            Map<Object, Object> before = new LinkedHashMap<>(context.handedOver(definition));
            before.putAll(knew);
            return Service.prepare(
                    context, definition, slots, keeper, new Served(), before, shape, believed, wasComplete);
        }

        @Override
        public void online(Service service) {
            names.waiting("", "");
            slots.knowBlockSize(service.shape().blockSize());
            ArrayHandOver.goOnCounting(context.handedOver(definition), slots);
            context.tookOver(definition);
            knew = Map.of();
            LOG.log(
                    Level.INFO,
                    "raid bdev ''{0}'' ({1}) is online with {2} of {3} members",
                    name(),
                    definition.level(),
                    slots.inSync(),
                    slots.count());
            service.begin();
            joining.rejoin();
            replacing.recall();
            Set<UUID> lookedAt = new LinkedHashSet<>(found.settled());
            // a member that is missing may be here: what it says of the array could not be read when it came
            slots.all().stream()
                    .filter(slot -> slot.member() == null && slot.state() == MemberState.MISSING)
                    .forEach(slot -> lookedAt.add(slot.uuid()));
            context.lookAgain(List.copyOf(lookedAt));
            demand.begin();
        }
    }

    /** What those tell and ask who serve the array. */
    private final class Served implements Service.Owner {
        @Override
        public void failed(int slot, IoType type, IoStatus status) {
            if (slot == slots.count() && slots.replacement().isPresent()) {
                replacing.failed(type + " on it ended with " + status);
            } else {
                losses.failed(slot, type, status);
            }
        }

        @Override
        public void filled(int slot) {
            replacing.filled(slot);
        }

        @Override
        public void unfilled(String why) {
            replacing.failed(why);
        }

        @Override
        public void fail(Slot slot, String why) {
            losses.fail(slot, why);
        }

        @Override
        public void rebuilt(int slot) {
            joining.rebuilt(slot);
            fillUp();
        }

        @Override
        public void rebuildFailed(int slot, IoStatus status, String why) {
            joining.rebuildFailed(slot, status, why);
        }

        @Override
        public void counted(int slot, IoType type, IoStatus status) {
            if (slot < slots.count()) {
                slots.get(slot).health().failed(type, status);
            }
        }

        @Override
        public void announce(NotificationType type, String detail) {
            life.announce(type, detail);
        }

        @Override
        public CompletionStage<Void> destruct() {
            return RaidArray.this.destruct();
        }

        @Override
        public Map<String, Object> describe() {
            return ArrayInfo.describe(RaidArray.this);
        }
    }

    private void goOffline(String why) {
        if (life.state() == ArrayState.OFFLINE) {
            return;
        }
        LOG.log(Level.WARNING, "raid bdev ''{0}'' goes offline: {1}", name(), why);
        life.announce(NotificationType.BDEV_MEMBER_LOST, why);
        life.goOffline();
        restart = true;
        context.host().unregister(life.service().bdev());
    }

    private CompletionStage<Void> destruct() {
        return serial.run(() -> life.service()
                        .close()
                        .thenCompose(closed -> replacing.suspend(life.isOnline() && !life.isDeleted()))
                        .thenApply(closed -> {
                            remember(life.service());
                            life.end();
                            for (Slot slot : slots.attached()) {
                                slot.member().setRole(MemberRole.ABSENT);
                                if (slot.member().isLeaving() || slot.member().isDropped()) {
                                    letGo(slot);
                                }
                            }
                            return null;
                        }))
                .thenRun(() -> {
                    if (restart && !life.isDeleted()) {
                        restart = false;
                        if (!dropIfEmpty()) {
                            // members that were missing may be here already; not waited for: the bdev's name is free
                            // after this
                            context.app().execute(this::startAgain);
                        }
                    }
                });
    }

    /** Where nothing is on disk, members that come back are synchronised by the intents that there were when they left. */
    private void remember(Service service) {
        service.upkeep().filter(upkeep -> !definition.superblock()).ifPresent(upkeep -> {
            knew = new LinkedHashMap<>(upkeep.intents().plain());
            knew.put(HandedOver.SEQUENCE, keeper.record().sequence());
        });
    }

    private void startAgain() {
        startup.startIfReady().whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'' does not start: {1}",
                        name(),
                        Stages.cause(failure).getMessage());
            }
        });
    }

    /** Completes when nothing is being changed. */
    CompletionStage<Void> whenIdle() {
        return serial.run(Stages::done);
    }

    /** Another array is to have a member, by force; this one is not in use. */
    void giveUp(Bdev bdev) {
        slots.holding(bdev).ifPresent(this::release);
    }

    /**
     * Deletes the array.
     *
     * @param clear whether what is on the members of it is wiped
     * @return completes when its bdev is gone and its members are free
     */
    CompletionStage<Void> delete(boolean clear) {
        return Stages.anyway(
                withdraw().thenCompose(unregistered -> serial.run(() -> clear ? keeper.wipe() : Stages.done())),
                this::end);
    }

    /** A creation has failed: nothing of it is left, and other arrays have again what they had to let go of for it. */
    private CompletionStage<Void> discard() {
        return Stages.anyway(withdraw(), () -> end().thenRun(() -> context.lookAgain(intake.takenAway())));
    }

    /**
     * It is never to be online again. A start that is under way is waited for: it does not come to its end. A removal is not kept waiting: what is being changed may wait for I/O
     * that only the removal ends.
     */
    private CompletionStage<Void> withdraw() {
        life.delete();
        policy.close();
        return life.service() == null
                ? whenIdle()
                : context.host().unregister(life.service().bdev());
    }

    /**
     * Gives back everything; the module leaves, or the array is deleted.
     *
     * @return completes when nobody of this module holds the members any more
     */
    CompletionStage<Void> end() {
        life.delete();
        policy.close();
        demand.close();
        losses.close();
        names.release();
        context.forget(this);
        List<Bdev> free = new ArrayList<>();
        List<CompletableFuture<Void>> closed = new ArrayList<>();
        for (Slot slot : slots.attached()) {
            free.add(slot.member().bdev());
            closed.add(letGo(slot).toCompletableFuture());
        }
        return CompletableFuture.allOf(closed.toArray(CompletableFuture[]::new)).thenRun(() -> context.free(free));
    }
}
