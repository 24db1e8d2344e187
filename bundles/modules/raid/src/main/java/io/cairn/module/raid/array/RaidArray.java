package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import io.cairn.reactor.Poller;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * One array: its members, its states, and what is on disk of it. What changes it is done one after another. App thread.
 *
 * <p>{@code CONFIGURING} until all members are there that were in at the end (or some, by policy); {@code ONLINE} while there is a bdev;
 * {@code OFFLINE} when there were too few members to go on, until they are back.
 */
public final class RaidArray {
    private static final Logger LOG = System.getLogger(RaidArray.class.getName());

    private final ArrayContext context;
    private final Definition definition;
    private final UUID uuid;
    private final BdevHost.Reservation names;
    private final Serial serial = new Serial();
    private final ArrayRecord record;
    /** What was found on the members, by the UUID of the bdev; empty if the array was not found but defined. */
    private final Map<UUID, Assembly.Seen> seen = new LinkedHashMap<>();

    /** Bdevs with a superblock of this array that the superblocks seen so far have no place for. */
    private final Set<UUID> strangers = new LinkedHashSet<>();

    private Slots slots;
    private ArrayState state = ArrayState.CONFIGURING;
    private Service service;
    private Poller.Registration patience = () -> {};
    /** Slots whose member is away and may come back before a spare takes its place. */
    private final Map<Slot, Poller.Registration> awaited = new HashMap<>();

    private boolean waiting;
    /** Whether members that are missing are waited for no longer. */
    private boolean impatient;

    /** Whether what each member gives is known of an array without superblock: from the module before an upgrade. */
    private boolean sizesKnown;

    private boolean restart;
    private boolean deleted;

    private RaidArray(ArrayContext context, Definition definition, UUID uuid) {
        this.context = context;
        this.definition = definition;
        this.uuid = uuid;
        this.record = new ArrayRecord(uuid, definition.superblock());
        this.slots = new Slots(definition.level());
        this.names = context.host().reserve(List.of(definition.name()), "raid bdev '" + definition.name() + "'");
    }

    /**
     * Makes an array that a user has defined; nobody is in it yet.
     *
     * @throws BdevException EEXIST its name is taken
     */
    static RaidArray defined(ArrayContext context, Definition definition) {
        RaidArray array = new RaidArray(context, definition, definition.uuid().orElseGet(UUID::randomUUID));
        for (int i = 0; i < definition.bases().size(); i++) {
            array.slots.add(new Slot(i, definition.bases().get(i), MemberState.CONFIGURED));
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
                        true),
                superblock.uuid());
    }

    // ---- what it is ----

    /** Returns its name. */
    public String name() {
        return definition.name();
    }

    /** Returns its UUID. */
    public UUID uuid() {
        return uuid;
    }

    /** Returns where it is in its life. */
    public ArrayState state() {
        return state;
    }

    Definition definition() {
        return definition;
    }

    Slots slots() {
        return slots;
    }

    ArrayRecord record() {
        return record;
    }

    /** Returns what serves it; null while it is not online. */
    Service service() {
        return service;
    }

    boolean isDeleted() {
        return deleted;
    }

    /** Whether it was found on its members, not defined. */
    private boolean wasFound() {
        return definition.bases().isEmpty();
    }

    /** Whether it has never been online and nothing is on its members. */
    private boolean isNew() {
        return record.sequence() == 0 && !wasFound();
    }

    /** Returns whether it holds a bdev. */
    boolean holds(Bdev bdev) {
        return slots.holding(bdev).isPresent();
    }

    /** Returns the calls that make it again: none if it is found on its members. */
    List<ConfigEntry> configuration() {
        return definition.superblock() && !isNew() ? List.of() : List.of(ArrayInfo.creation(this));
    }

    private BdevException refusal(Errno errno, String cause) {
        return new BdevException(errno, "raid bdev '" + name() + "': " + cause);
    }

    // ---- members come ----

    /** Whether a bdev is one that is waited for by its name. */
    boolean wants(Bdev bdev) {
        return !deleted
                && (isNew() || !definition.superblock())
                && slotWaitingFor(bdev).isPresent()
                && !holds(bdev);
    }

    private Optional<Slot> slotWaitingFor(Bdev bdev) {
        return slots.all().stream()
                .filter(slot -> slot.member() == null && slot.belongs(bdev))
                .findFirst();
    }

    /**
     * Takes bases for a new array, as far as they are there, and starts it if all are.
     *
     * @param force whether other arrays' superblocks are wiped
     * @return completes when it is online and its bdev has been examined, or when it waits for members. Fails when nothing of it is left
     */
    CompletionStage<Void> create(boolean force) {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        serial.run(() -> {
                    for (Slot slot : slots.all()) {
                        Optional.ofNullable(slot.name())
                                .flatMap(called -> context.host().find(called))
                                .filter(ArrayContext::stays)
                                .filter(bdev -> slot.member() == null)
                                .ifPresent(bdev -> claim(slot, bdev, force));
                    }
                    return inspect(slots.attached(), force);
                })
                .thenCompose(inspected -> startIfReady())
                .whenComplete((started, failure) -> {
                    if (failure == null) {
                        outcome.complete(null);
                    } else {
                        discard().whenComplete((gone, ignored) -> outcome.completeExceptionally(Stages.cause(failure)));
                    }
                });
        return outcome;
    }

    /** Takes a bdev that is waited for by its name. What stands against it is reported, and it is waited for again. */
    CompletionStage<Void> arrive(Bdev bdev) {
        return serial.run(() -> {
                    Optional<Slot> slot = slotWaitingFor(bdev);
                    if (deleted || slot.isEmpty() || holds(bdev) || !ArrayContext.stays(bdev)) {
                        return Stages.done();
                    }
                    claim(slot.get(), bdev, false);
                    return inspect(List.of(slot.get()), false).handle((ok, failure) -> {
                        if (failure != null) {
                            letGo(slot.get());
                            throw Stages.unchecked(failure);
                        }
                        return null;
                    });
                })
                .thenCompose(taken -> state == ArrayState.ONLINE ? rejoin() : startIfReady())
                .handle((done, failure) -> {
                    report(bdev, failure);
                    if (failure != null && service == null) {
                        slots.holding(bdev).ifPresent(this::letGo);
                    }
                    return null;
                });
    }

    private void report(Bdev bdev, Throwable failure) {
        if (failure != null) {
            String why = String.valueOf(Stages.cause(failure).getMessage());
            names.waiting(bdev.name(), why);
            LOG.log(Level.WARNING, "raid bdev ''{0}'' waits: bdev ''{1}'': {2}", name(), bdev.name(), why);
        }
    }

    /** Claims a bdev for a slot. */
    private void claim(Slot slot, Bdev bdev, boolean force) {
        if (holds(bdev)) {
            throw definition.twice(bdev.name());
        }
        slots.attached().stream()
                .findFirst()
                .map(other -> other.member().bdev())
                .ifPresent(other -> {
                    if (other.blockSize() != bdev.blockSize()) {
                        throw refusal(
                                Errno.EINVAL,
                                "base bdev '" + bdev.name() + "' has blocks of " + bdev.blockSize()
                                        + " bytes, base bdev '" + other.name() + "' of " + other.blockSize());
                    }
                });
        context.refuseForeign(this, bdev, force);
        hold(slot, bdev);
    }

    /** Claims a bdev and puts it into a slot. */
    private void hold(Slot slot, Bdev bdev) {
        Member[] self = new Member[1];
        BaseLink link =
                BaseLink.exclusive(context.host(), bdev.name(), name(), (event, descriptor) -> onEvent(event, self[0]));
        try {
            self[0] = new Member(link, definition.superblock() ? context.store(link) : null);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            link.close();
            throw e;
        }
        slot.attach(self[0]);
    }

    /** Looks at what is on members that are new, before anything is written to any of them. */
    private CompletionStage<Void> inspect(List<Slot> which, boolean force) {
        if (!definition.superblock()) {
            return Stages.done();
        }
        CompletionStage<Void> inspected = Stages.done();
        for (Slot slot : which) {
            Member member = slot.member();
            inspected = inspected
                    .thenCompose(before -> member.store().readSuperblock())
                    .thenCompose(read -> {
                        Optional<String> foreign = Foreign.what(read);
                        if (foreign.isEmpty()) {
                            return Stages.done();
                        }
                        if (!force) {
                            throw refusal(
                                    Errno.EEXIST,
                                    "base bdev '" + member.bdev().name() + "' has " + foreign.get()
                                            + "; force wipes it");
                        }
                        return member.store()
                                .wipe()
                                .thenAccept(status -> Stages.require(
                                        status,
                                        () -> refusal(
                                                status.errno(),
                                                "the superblock on base bdev '"
                                                        + member.bdev().name() + "' cannot be wiped: " + status)));
                    });
        }
        return inspected;
    }

    /**
     * A superblock of this array was found on a bdev.
     *
     * @return completes when what is to be made of it has been; never fails
     */
    CompletionStage<Void> discovered(Bdev bdev, Superblock superblock) {
        return serial.run(() -> {
                    if (deleted || holds(bdev) || !ArrayContext.stays(bdev)) {
                        return Stages.done();
                    }
                    return state == ArrayState.ONLINE || record.sequence() > 0 || !wasFound()
                            ? returned(bdev, superblock)
                            : gathered(bdev, superblock);
                })
                .thenCompose(taken -> state == ArrayState.ONLINE ? rejoin() : startIfReady())
                .handle((done, failure) -> {
                    report(bdev, failure);
                    return null;
                });
    }

    /** The array is not online yet: the newest superblock decides what it is. */
    private CompletionStage<Void> gathered(Bdev bdev, Superblock superblock) {
        Slots before = slots;
        Slot provisional = new Slot(0, bdev.name(), MemberState.MISSING);
        hold(provisional, bdev);
        return readExtension(provisional.member(), superblock)
                .thenAccept(one -> {
                    seen.put(bdev.uuid(), one);
                    reassemble(before, provisional.member());
                })
                .whenComplete((ok, failure) -> {
                    if (failure != null) {
                        seen.remove(bdev.uuid());
                        provisional.member().close();
                    }
                });
    }

    private CompletionStage<Assembly.Seen> readExtension(Member member, Superblock superblock) {
        return member.store().readExtension(uuid, superblock).thenApply(read -> {
            if (read instanceof ExtensionRead.Refused refused) {
                throw refusal(Errno.EINVAL, "base bdev '" + member.bdev().name() + "': " + refused.message());
            }
            return new Assembly.Seen(
                    member.bdev().uuid(),
                    superblock,
                    read instanceof ExtensionRead.Found found ? Optional.of(found.extension()) : Optional.empty());
        });
    }

    /** Fills the slots anew by what all members say. */
    private void reassemble(Slots before, Member coming) {
        Map<UUID, Member> held = new LinkedHashMap<>();
        before.attached().forEach(slot -> held.put(slot.member().bdev().uuid(), slot.member()));
        held.put(coming.bdev().uuid(), coming);
        Assembly assembly = Assembly.of(seen.values());
        Superblock newest = assembly.newest();
        if (!newest.level().equals(definition.level())) {
            throw refusal(Errno.EINVAL, "its members' superblocks do not agree on its level");
        }
        Slots filled = new Slots(newest.level());
        for (int i = 0; i < newest.slots(); i++) {
            Slot slot = new Slot(i, null, MemberState.MISSING);
            newest.inSlot(i).ifPresent(member -> {
                slot.assign(null, member.uuid(), new Shape.Extent(member.dataOffset(), member.dataBlocks()));
                slot.setState(member.state());
            });
            filled.add(slot);
        }
        for (Assembly.Seen one : List.copyOf(seen.values())) {
            Member member = held.get(one.bdev());
            Assembly.Verdict verdict = assembly.verdict(one);
            Optional<Slot> slot = verdict instanceof Assembly.Verdict.InSync in
                    ? Optional.of(filled.get(in.slot()))
                    : verdict instanceof Assembly.Verdict.Returning back
                            ? Optional.of(filled.get(back.slot()))
                            : Optional.empty();
            if (slot.isEmpty() || slot.get().member() != null) {
                seen.remove(one.bdev());
                member.close();
                strangers.add(one.bdev());
                LOG.log(
                        Level.INFO,
                        "bdev ''{0}'' is not taken into raid bdev ''{1}'' as far as that is known: {2}",
                        member.bdev().name(),
                        name(),
                        verdict instanceof Assembly.Verdict.Stranger stranger
                                ? stranger.reason()
                                : "its place is taken");
                continue;
            }
            member.setDelta(verdict instanceof Assembly.Verdict.Returning back && back.delta());
            member.recognise();
            slot.get().attach(member);
        }
        assembly.divergent()
                .forEach(other -> LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'' was in use on bdev {1} without the others, which were in use without it",
                        name(),
                        other));
        slots = filled;
    }

    /** The array knows what it is: a member that comes is judged by that. */
    private CompletionStage<Void> returned(Bdev bdev, Superblock superblock) {
        Slot provisional = new Slot(0, bdev.name(), MemberState.MISSING);
        hold(provisional, bdev);
        Member member = provisional.member();
        return readExtension(member, superblock)
                .thenAccept(one -> {
                    Assembly.Verdict verdict =
                            Assembly.judge(described(), Optional.of(record.completeSequence()), one, true);
                    if (verdict instanceof Assembly.Verdict.Newer newer) {
                        throw refusal(
                                Errno.EBUSY,
                                "its superblock has sequence number " + newer.sequence() + ", the array that is "
                                        + state + " has " + record.sequence()
                                        + ": it was in use without the others, and is left alone");
                    }
                    int index = verdict instanceof Assembly.Verdict.InSync in
                            ? in.slot()
                            : verdict instanceof Assembly.Verdict.Returning back ? back.slot() : -1;
                    if (index < 0 || slots.get(index).member() != null) {
                        throw refusal(
                                Errno.EINVAL,
                                verdict instanceof Assembly.Verdict.Stranger stranger
                                        ? stranger.reason()
                                        : "its place is taken");
                    }
                    member.setDelta(verdict instanceof Assembly.Verdict.Returning back && back.delta());
                    member.recognise();
                    slots.get(index).attach(member);
                })
                .whenComplete((ok, failure) -> {
                    if (failure != null) {
                        member.close();
                    }
                });
    }

    // ---- it starts ----

    private Assembly.Readiness readiness() {
        int there = slots.inSync();
        if (slots.count() == 0 || there < slots.minOperational()) {
            return Assembly.Readiness.TOO_FEW;
        }
        return there >= slots.expected() ? Assembly.Readiness.COMPLETE : Assembly.Readiness.DEGRADED;
    }

    /**
     * Starts the array if it can, or waits as the policy says.
     *
     * @return completes when it is online and its bdev has been examined, or when nothing is to be done now
     */
    private CompletionStage<Void> startIfReady() {
        return serial.run(() -> {
                    if (deleted || service != null || context.isEnding()) {
                        return CompletableFuture.completedFuture(Optional.<CompletionStage<Bdev>>empty());
                    }
                    Assembly.Readiness readiness = readiness();
                    boolean now = readiness == Assembly.Readiness.COMPLETE
                            || (readiness == Assembly.Readiness.DEGRADED && impatient);
                    if (!now) {
                        waitFor(readiness);
                        return CompletableFuture.completedFuture(Optional.<CompletionStage<Bdev>>empty());
                    }
                    return start();
                })
                // not while the array is locked for others: who examines the new bdev does I/O, which may fail a member
                .thenCompose(started -> started.map(examined -> examined.thenCompose(bdev -> Stages.done()))
                        .orElseGet(Stages::done));
    }

    private void waitFor(Assembly.Readiness readiness) {
        long seconds = context.policies(this).startDegradedTimeoutSec();
        if (readiness == Assembly.Readiness.DEGRADED && seconds > 0 && !waiting) {
            waiting = true;
            patience = context.app().after(TimeUnit.SECONDS.toNanos(seconds), () -> {
                waiting = false;
                impatient = true;
                LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'' starts without members that have not come within {1} s",
                        name(),
                        seconds);
                startIfReady().whenComplete((done, failure) -> {
                    impatient = false;
                    if (failure != null) {
                        LOG.log(
                                Level.WARNING,
                                "raid bdev ''{0}'' does not start: {1}",
                                name(),
                                Stages.cause(failure).getMessage());
                    }
                });
            });
        }
        slots.all().stream()
                .filter(slot -> slot.state() == MemberState.CONFIGURED && slot.member() == null)
                .findFirst()
                .ifPresent(slot -> names.waiting(
                        slot.name() != null ? slot.name() : slot.uuid().toString(), ""));
    }

    private void stopWaiting() {
        patience.close();
        patience = () -> {};
        waiting = false;
    }

    private CompletionStage<Optional<CompletionStage<Bdev>>> start() {
        boolean isNew = isNew();
        Shape shape = shape();
        List<Slot> missing = new ArrayList<>();
        for (Slot slot : slots.all()) {
            if (slot.state() == MemberState.CONFIGURED && slot.member() == null) {
                missing.add(slot);
                slot.setState(MemberState.MISSING);
            }
            if (slot.member() != null) {
                slot.assign(
                        slot.name(),
                        slot.member().bdev().uuid(),
                        shape.members().get(slot.index()));
                slot.member().setRole(slot.isInSync() ? MemberRole.IN_SYNC : MemberRole.ABSENT);
            }
        }
        if (!isNew && !seen.isEmpty()) {
            Assembly assembly = Assembly.of(seen.values());
            record.continueFrom(assembly.newest(), assembly.completeSequence(), assembly.extension());
        }
        boolean believed =
                !seen.isEmpty() && Assembly.of(seen.values()).completeSequence().isPresent();
        boolean wasComplete = missing.size() + slots.inSync() == slots.count();
        CompletionStage<Optional<CompletionStage<Bdev>>> started = Service.prepare(
                        this, context, shape, believed, wasComplete)
                .thenCompose(prepared -> writeRecord(shape).thenApply(failed -> {
                    failed.forEach((slot, status) -> {
                        throw refusal(
                                status.errno(),
                                "the superblock cannot be written to base bdev '"
                                        + slots.get(slot).name() + "': " + status);
                    });
                    CompletionStage<Bdev> registered = prepared.register();
                    online(prepared);
                    return Optional.of(registered);
                }));
        return Stages.recover(started, failure -> {
            missing.forEach(slot -> slot.setState(MemberState.CONFIGURED));
            slots.attached().forEach(slot -> slot.member().setRole(MemberRole.ABSENT));
            return isNew ? wipe().thenApply(done -> null) : Stages.done();
        });
    }

    private void online(Service prepared) {
        stopWaiting();
        service = prepared;
        state = ArrayState.ONLINE;
        seen.clear();
        continueCounting(context.handedOver(this));
        context.tookOver(this);
        sizesKnown = false;
        names.waiting("", "");
        LOG.log(
                Level.INFO,
                "raid bdev ''{0}'' ({1}) is online with {2} of {3} members",
                name(),
                definition.level(),
                slots.inSync(),
                slots.count());
        service.begin();
        rejoin();
        // a member that is missing may be here: what it says of the array could not be read when it came
        slots.all().stream()
                .filter(slot -> slot.member() == null && slot.state() == MemberState.MISSING)
                .forEach(slot -> strangers.add(slot.uuid()));
        context.lookAgain(List.copyOf(strangers));
        strangers.clear();
        slots.all().stream().filter(slot -> slot.member() == null).forEach(this::awaitReturn);
    }

    /** Works out what the array is made of, by its members and what is known of it. */
    private Shape shape() {
        List<Slot> there = slots.attached();
        int blockSize = there.get(0).member().bdev().blockSize();
        long stripBlocks = definition.stripBlocks(blockSize);
        List<Shape.Extent> room = new ArrayList<>();
        boolean keep = !isNew() && (definition.superblock() || definition.level() == RaidLevel.CONCAT || sizesKnown);
        for (Slot slot : slots.all()) {
            Bdev base = slot.member() == null ? null : slot.member().bdev();
            if (base == null || (keep && slot.extent().dataBlocks() > 0)) {
                if (base != null
                        && base.numBlocks()
                                < slot.extent().dataOffset() + slot.extent().dataBlocks()) {
                    throw refusal(
                            Errno.EINVAL,
                            "base bdev '" + base.name() + "' is too small: it has " + base.numBlocks() + " blocks, "
                                    + (slot.extent().dataOffset()
                                            + slot.extent().dataBlocks()) + " belong to the array");
                }
                room.add(slot.extent());
            } else {
                room.add(Geometry.onNew(base, name(), definition.level(), stripBlocks, definition.superblock()));
            }
        }
        Shape shape = new Shape(
                definition.level(), blockSize, stripBlocks, Geometry.used(definition.level(), stripBlocks, room));
        if (!seen.isEmpty()) {
            Superblock newest = Assembly.of(seen.values()).newest();
            if (newest.blockSize() != blockSize || newest.numBlocks() != shape.numBlocks()) {
                throw refusal(
                        Errno.EINVAL,
                        "its superblock says " + newest.numBlocks() + " blocks of " + newest.blockSize()
                                + " bytes, its members make " + shape.numBlocks() + " of " + blockSize);
            }
        }
        return shape;
    }

    /** Returns the superblock as it is now. */
    Superblock described() {
        Shape shape = service != null ? service.shape() : null;
        return describe(shape);
    }

    private Superblock describe(Shape shape) {
        List<SuperblockMember> members = slots.described();
        int blockSize = shape == null ? 512 : shape.blockSize();
        return new Superblock(
                uuid,
                name(),
                definition.level(),
                blockSize,
                shape == null ? 0 : shape.numBlocks(),
                shape == null ? 0 : shape.stripBlocks(),
                record.sequence(),
                members);
    }

    /** Writes the array's record to all members that hold what they should. */
    CompletionStage<Map<Integer, IoStatus>> writeRecord(Shape shape) {
        return record.write(describe(shape), slots.isComplete(), homes());
    }

    Map<Integer, RecordHome> homes() {
        Map<Integer, RecordHome> homes = new LinkedHashMap<>();
        for (Slot slot : slots.all()) {
            if (slot.isInSync() && slot.member().store() != null && slot.role() == MemberRole.IN_SYNC) {
                homes.put(slot.index(), slot.member().store());
            }
        }
        return homes;
    }

    // ---- members fail and go ----

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
            if (slot.isEmpty()) {
                member.close();
                return Stages.done();
            }
            return lose(
                            slot.get(),
                            member,
                            MemberState.MISSING,
                            "base bdev '" + slot.get().name() + "' was removed")
                    .thenApply(lost -> null);
        });
    }

    /** A member did not do what it was told. From the channels; told again and again until it is answered. */
    void failed(int index, IoType type, IoStatus status) {
        serial.run(() -> {
            if (service == null || index >= slots.count()) {
                return Stages.done();
            }
            Slot slot = slots.get(index);
            Member member = slot.member();
            if (member == null || slot.role() == MemberRole.ABSENT) {
                return Stages.done();
            }
            slot.health().writeError();
            return lose(
                            slot,
                            member,
                            MemberState.FAILED,
                            type + " on base bdev '" + slot.name() + "' ended with " + status)
                    .thenCompose(lost -> lost || service == null
                            ? Stages.done()
                            : service.channels().failureRefused(index));
        });
    }

    /** A member is to be failed by the array's own decision. */
    CompletionStage<Boolean> fail(Slot slot, String why) {
        return serial.run(() -> slot.member() == null || service == null
                ? CompletableFuture.completedFuture(false)
                : lose(slot, slot.member(), MemberState.FAILED, why));
    }

    /**
     * Goes on without a member, durably.
     *
     * @return whether the array does; if not, the member stays, or the array goes offline because the member is being removed
     */
    private CompletionStage<Boolean> lose(Slot slot, Member member, MemberState as, String why) {
        if (slot.member() != member) {
            return CompletableFuture.completedFuture(true);
        }
        if (service == null) {
            seen.remove(member.bdev().uuid());
            letGo(slot);
            if (wasFound() && slots.attached().isEmpty()) {
                context.drop(this);
            }
            return CompletableFuture.completedFuture(true);
        }
        boolean inSync = slot.isInSync();
        if (inSync && slots.inSync() - 1 < slots.minOperational()) {
            if (member.isLeaving()) {
                goOffline(why);
            } else {
                LOG.log(Level.WARNING, "raid bdev ''{0}'' cannot do without a member: {1}", name(), why);
            }
            return CompletableFuture.completedFuture(false);
        }
        boolean wasComplete = slots.isComplete();
        MemberState before = slot.state();
        MemberRole roleBefore = member.role();
        long sequenceBefore = record.sequence();
        slot.setState(inSync ? as : before);
        member.setRole(MemberRole.ABSENT);
        service.left(slot);
        LOG.log(Level.WARNING, "raid bdev ''{0}'' goes on without a member: {1}", name(), why);
        return writeRecordOrFailMore().thenCompose(written -> {
            if (!written && !member.isLeaving()) {
                slot.setState(before);
                member.setRole(roleBefore);
                return CompletableFuture.completedFuture(false);
            }
            return service.adopt(slots).thenApply(adopted -> {
                slot.detach(sequenceBefore, inSync);
                member.close();
                context.announce(this, NotificationType.BDEV_MEMBER_LOST, why);
                if (wasComplete) {
                    context.announce(
                            this, NotificationType.BDEV_DEGRADED, slots.inSync() + " of " + slots.count() + " members");
                }
                afterLoss(slot, as);
                return true;
            });
        });
    }

    /** Writes the record; members that do not take it are failed as well, as long as enough are left. */
    private CompletionStage<Boolean> writeRecordOrFailMore() {
        return writeRecord(service.shape()).thenCompose(failed -> {
            if (failed.isEmpty()) {
                return CompletableFuture.completedFuture(true);
            }
            if (slots.inSync() - failed.size() < slots.minOperational()) {
                LOG.log(Level.ERROR, "raid bdev ''{0}'': its record cannot be written: {1}", name(), failed);
                return CompletableFuture.completedFuture(false);
            }
            failed.forEach((index, status) -> {
                Slot slot = slots.get(index);
                slot.setState(MemberState.FAILED);
                slot.health().writeError();
                service.left(slot);
                Member member = slot.member();
                member.setRole(MemberRole.ABSENT);
                // it is let go of when every channel knows
                serial.run(() -> service == null || slot.member() != member
                        ? Stages.done()
                        : lose(
                                        slot,
                                        member,
                                        MemberState.FAILED,
                                        "its superblock cannot be written to base bdev '" + slot.name() + "': "
                                                + status)
                                .thenApply(lost -> null));
            });
            return writeRecordOrFailMore();
        });
    }

    private void afterLoss(Slot slot, MemberState as) {
        if (as == MemberState.FAILED) {
            context.needsSpare(this);
        } else {
            awaitReturn(slot);
        }
    }

    /** A member is away: if it does not come back in time, a spare takes its place. */
    private void awaitReturn(Slot slot) {
        Poller.Registration timer = context.app()
                .after(TimeUnit.SECONDS.toNanos(context.policies(this).spareDelaySec()), () -> {
                    awaited.remove(slot);
                    if (service != null && !deleted && slot.member() == null) {
                        context.needsSpare(this);
                    }
                });
        Poller.Registration before = awaited.put(slot, timer);
        if (before != null) {
            before.close();
        }
    }

    /** Gives a member back that the I/O path does not use. */
    private CompletionStage<Void> letGo(Slot slot) {
        return slot.detach(record.sequence(), slot.isInSync()).close();
    }

    private void goOffline(String why) {
        if (state == ArrayState.OFFLINE) {
            return;
        }
        LOG.log(Level.WARNING, "raid bdev ''{0}'' goes offline: {1}", name(), why);
        context.announce(this, NotificationType.BDEV_MEMBER_LOST, why);
        state = ArrayState.OFFLINE;
        restart = true;
        context.host().unregister(service.bdev());
    }

    /** The bdev's backend is taken down: by the array itself, or because the module leaves. */
    CompletionStage<Void> destruct() {
        return serial.run(() -> service.close().thenApply(closed -> {
                    service = null;
                    if (state == ArrayState.ONLINE) {
                        state = ArrayState.OFFLINE;
                    }
                    for (Slot slot : slots.attached()) {
                        slot.member().setRole(MemberRole.ABSENT);
                        if (slot.member().isLeaving()) {
                            letGo(slot);
                        }
                    }
                    return null;
                }))
                .thenCompose(closed -> {
                    if (!restart || deleted) {
                        return Stages.done();
                    }
                    restart = false;
                    if (wasFound() && slots.attached().isEmpty()) {
                        context.drop(this);
                        return Stages.done();
                    }
                    // members that were missing may be here already; not waited for: the bdev's name is free after this
                    context.app().execute(() -> context.offer(this));
                    return Stages.done();
                });
    }

    // ---- members are added, removed and grow ----

    /**
     * Adds a bdev by a user's request.
     *
     * @return completes when it is in its place; its rebuild goes on
     */
    CompletionStage<Void> add(Bdev bdev) {
        return serial.run(() -> {
                    if (slots.withRole(MemberRole.TARGET).size() > 0) {
                        throw refusal(Errno.EPERM, "a rebuild is running");
                    }
                    Slot slot = vacant(bdev);
                    claim(slot, bdev, false);
                    return inspectReturning(slot).handle((delta, failure) -> {
                        if (failure != null) {
                            letGo(slot);
                            throw Stages.unchecked(failure);
                        }
                        return null;
                    });
                })
                .thenCompose(taken -> state == ArrayState.ONLINE ? rejoin() : startIfReady());
    }

    /**
     * Gives a mirror one leg more.
     *
     * @return completes when the bdev is in its place; its rebuild goes on. Fails when the array is as it was
     */
    CompletionStage<Void> addLeg(Bdev bdev) {
        return serial.run(() -> {
                    if (definition.level() != RaidLevel.RAID1) {
                        throw refusal(
                                Errno.EINVAL, "its level is " + definition.level() + "; only raid1 is given more legs");
                    }
                    online("place for another leg");
                    if (slots.withRole(MemberRole.TARGET).size() > 0) {
                        throw refusal(Errno.EPERM, "a rebuild is running");
                    }
                    if (slots.count() == SuperblockCodec.MAX_SLOTS) {
                        throw refusal(Errno.EINVAL, "it has " + slots.count() + " legs, which are the most");
                    }
                    Slot slot = new Slot(slots.count(), bdev.name(), MemberState.MISSING);
                    claim(slot, bdev, false);
                    slots.add(slot);
                    // no intent is taken back from now on: they say what the new leg misses until it is complete
                    service.completeness(false);
                    return Stages.recover(inspectLeg(slot).thenRun(() -> service.reshape(slots)), failure -> {
                        CompletionStage<Void> free = letGo(slot);
                        slots.removeLast();
                        service.completeness(slots.isComplete());
                        return free;
                    });
                })
                .thenCompose(taken -> rejoin());
    }

    /** Nothing of another array's is on the new leg, there is room on it, and it can be written. */
    private CompletionStage<Void> inspectLeg(Slot slot) {
        Member member = slot.member();
        return inspect(List.of(slot), false)
                .thenCompose(inspected -> {
                    long offset = Geometry.onNew(
                                    member.bdev(),
                                    name(),
                                    definition.level(),
                                    service.shape().stripBlocks(),
                                    member.store() != null)
                            .dataOffset();
                    fit(slot, new Shape.Extent(offset, service.shape().rows()));
                    member.setDelta(false);
                    return mark(slot, member);
                })
                .thenAccept(status -> Stages.require(
                        status,
                        () -> refusal(
                                status.errno(),
                                "the superblock cannot be written to base bdev '" + slot.name() + "': " + status)));
    }

    /** A member is to have its data at a place. */
    private void fit(Slot slot, Shape.Extent where) {
        Bdev bdev = slot.member().bdev();
        long needed = where.dataOffset() + where.dataBlocks();
        if (bdev.numBlocks() < needed) {
            throw refusal(
                    Errno.EINVAL,
                    "base bdev '" + bdev.name() + "' is too small: it has " + bdev.numBlocks() + " blocks, " + needed
                            + " are needed");
        }
        if (slot.state() == MemberState.CONFIGURED) {
            slot.setState(MemberState.MISSING);
        }
        slot.assign(bdev.name(), bdev.uuid(), where);
    }

    private Slot vacant(Bdev bdev) {
        return slotWaitingFor(bdev)
                .or(() -> slots.all().stream()
                        .filter(slot -> slot.member() == null
                                && (service != null || slot.state() != MemberState.CONFIGURED || slot.name() == null))
                        .findFirst())
                .orElseThrow(() -> refusal(Errno.EINVAL, "no empty slot for base bdev '" + bdev.name() + "'"));
    }

    /** A bdev has been put into a slot: is it the member that was there, or a new one? */
    private CompletionStage<Void> inspectReturning(Slot slot) {
        Member member = slot.member();
        Bdev bdev = member.bdev();
        if (service == null) {
            slot.assign(bdev.name(), bdev.uuid(), slot.extent());
            return inspect(List.of(slot), false);
        }
        if (!definition.superblock()) {
            place(slot, false);
            return Stages.done();
        }
        return member.store().readSuperblock().thenCompose(read -> {
            if (read instanceof SuperblockRead.Found found
                    && found.superblock().uuid().equals(uuid)) {
                return readExtension(member, found.superblock()).thenAccept(one -> {
                    Assembly.Verdict verdict =
                            Assembly.judge(described(), Optional.of(record.completeSequence()), one, true);
                    if (verdict instanceof Assembly.Verdict.Newer) {
                        throw refusal(
                                Errno.EBUSY, "base bdev '" + bdev.name() + "' has a newer superblock of this array");
                    }
                    if (verdict instanceof Assembly.Verdict.Returning back && back.slot() == slot.index()) {
                        member.recognise();
                    }
                    place(
                            slot,
                            verdict instanceof Assembly.Verdict.Returning back
                                    && back.slot() == slot.index()
                                    && back.delta());
                });
            }
            Foreign.what(read).ifPresent(what -> {
                throw refusal(Errno.EEXIST, "base bdev '" + bdev.name() + "' has " + what);
            });
            place(slot, false);
            return Stages.done();
        });
    }

    /** A member is in a slot of an array that is online, from now on, and has yet to get what it should hold. */
    private void place(Slot slot, boolean delta) {
        Bdev bdev = slot.member().bdev();
        Shape.Extent here = service.shape().members().get(slot.index());
        boolean same = slot.uuid().equals(bdev.uuid());
        boolean knows = delta
                || (!definition.superblock() && same && slot.wasIn() && slot.leftAt() >= record.completeSequence());
        long offset = same
                ? here.dataOffset()
                : Geometry.onNew(
                                bdev,
                                name(),
                                definition.level(),
                                service.shape().stripBlocks(),
                                definition.superblock())
                        .dataOffset();
        fit(slot, new Shape.Extent(offset, here.dataBlocks()));
        slot.member().setDelta(knows);
    }

    /** Makes targets of the members that are there and are not used yet. */
    private CompletionStage<Void> rejoin() {
        return serial.run(() -> {
            CompletionStage<Void> all = Stages.done();
            if (service == null || deleted) {
                return all;
            }
            for (Slot slot : slots.attached()) {
                Member member = slot.member();
                if (slot.role() == MemberRole.ABSENT && !member.isLeaving()) {
                    all = all.thenCompose(before -> join(slot, member));
                }
            }
            return all;
        });
    }

    private CompletionStage<Void> join(Slot slot, Member member) {
        boolean another = !slot.uuid().equals(member.bdev().uuid());
        if (another || (!definition.superblock() && slot.state() != MemberState.CONFIGURED && !member.isPlaced())) {
            place(slot, false);
        }
        if (slot.state() == MemberState.CONFIGURED) {
            slot.setState(MemberState.MISSING);
        }
        member.setRole(MemberRole.TARGET);
        service.reshape(slots);
        if (member.store() != null) {
            member.store()
                    .setReserved(new Reserved(
                            service.shape().blockSize(),
                            service.shape().stripBlocks(),
                            slot.extent().dataOffset()));
        }
        if (!member.isRecognised()) {
            service.upkeep().beginsAnew(slot);
        }
        // it knows first, and the others before its data is written to: it is found again after a restart at any time
        return mark(slot, member).thenCompose(status -> {
            if (!status.isSuccess()) {
                return lose(
                                slot,
                                member,
                                MemberState.FAILED,
                                "its superblock cannot be written to base bdev '" + slot.name() + "': " + status)
                        .thenApply(lost -> null);
            }
            return writeRecordOrFailMore()
                    .thenCompose(written -> service.adopt(slots))
                    .thenRun(() -> service.rebuild(slot, member.isDelta()));
        });
    }

    /**
     * Writes to a member that is about to be a target that it is one: it is known again after a restart, and not believed before it has everything. The sequence
     * number in its own superblock says up to where it has everything: none, or where it left.
     */
    private CompletionStage<IoStatus> mark(Slot slot, Member member) {
        if (member.store() == null) {
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }
        CompletionStage<Superblock> own = member.isDelta()
                ? member.store()
                        .readSuperblock()
                        .thenApply(read -> read instanceof SuperblockRead.Found found
                                ? found.superblock().withMember(slot.described())
                                : described().withSequence(0))
                : CompletableFuture.completedFuture(described().withSequence(0));
        return own.thenCompose(target -> member.store().write(target))
                .exceptionally(failure ->
                        IoStatus.errno(Stages.cause(failure) instanceof HasErrno known ? known.errno() : Errno.EIO));
    }

    /** Returns whether a member is joining or leaving right now. */
    boolean isChanging() {
        return serial.isBusy();
    }

    /** A rebuild has given a target everything. */
    void rebuilt(int index) {
        serial.run(() -> {
            Slot slot = slots.get(index);
            Member member = slot.member();
            if (service == null || member == null || slot.role() != MemberRole.TARGET) {
                return Stages.done();
            }
            return service.keepIntents(slot).thenCompose(status -> {
                if (!status.isSuccess()) {
                    return lose(
                                    slot,
                                    member,
                                    MemberState.FAILED,
                                    "intents cannot be written to base bdev '" + slot.name() + "': " + status)
                            .thenApply(lost -> null);
                }
                slot.setState(MemberState.CONFIGURED);
                member.setRole(MemberRole.IN_SYNC);
                return writeRecordOrFailMore()
                        .thenCompose(written -> service.adopt(slots))
                        .thenRun(() -> {
                            service.completeness(slots.isComplete());
                            if (slots.isComplete()) {
                                context.announce(this, NotificationType.BDEV_OPTIMAL, "");
                            }
                        });
            });
        });
    }

    /** A rebuild did not get to its end because of its target. */
    void rebuildFailed(int index, IoStatus status, String why) {
        serial.run(() -> {
            Slot slot = slots.get(index);
            if (service == null || slot.member() == null || slot.role() != MemberRole.TARGET) {
                return Stages.done();
            }
            return lose(slot, slot.member(), MemberState.FAILED, why + ": " + status)
                    .thenApply(lost -> null);
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
            if (service != null && slot.isInSync() && slots.inSync() - 1 < slots.minOperational()) {
                member.leave();
            }
            return lose(slot, member, MemberState.MISSING, "base bdev '" + slot.name() + "' was removed by request")
                    .thenApply(lost -> null);
        });
    }

    /** All members may have grown: the array does then. */
    private CompletionStage<Void> grow() {
        if (service == null || deleted || !slots.attached().stream().allMatch(s -> s.role() != MemberRole.ABSENT)) {
            return Stages.done();
        }
        Shape before = service.shape();
        List<Shape.Extent> room = new ArrayList<>();
        for (Slot slot : slots.all()) {
            Shape.Extent now = before.members().get(slot.index());
            boolean last = slot.index() == slots.count() - 1;
            boolean follows = slot.member() != null && (definition.level() != RaidLevel.CONCAT || last);
            room.add(
                    follows
                            ? new Shape.Extent(
                                    now.dataOffset(), slot.member().bdev().numBlocks() - now.dataOffset())
                            : now);
        }
        Shape after = new Shape(
                before.level(),
                before.blockSize(),
                before.stripBlocks(),
                Geometry.used(before.level(), before.stripBlocks(), room));
        if (after.numBlocks() <= before.numBlocks()) {
            return Stages.done();
        }
        return service.resize(after, slots);
    }

    // ---- processes ----

    private Service online(String what) {
        if (service == null) {
            throw refusal(Errno.ENODEV, "it is " + state + ", and has no " + what);
        }
        return service;
    }

    /**
     * Starts a scrub.
     *
     * @throws BdevException ENODEV the array is not online; EOPNOTSUPP its level has no redundancy; EBUSY one is under way
     */
    public void startScrub(boolean repair) {
        online("scrub").upkeep().startScrub(repair);
    }

    /**
     * Pauses processes.
     *
     * @return completes when no rows are kept from I/O any more
     */
    public CompletionStage<Void> pauseProcess() {
        return online("process").upkeep().pause();
    }

    /** Lets processes go on. */
    public void resumeProcess() {
        online("process").upkeep().resume();
    }

    /**
     * Stops a scrub.
     *
     * @return completes when it does not run any more
     */
    public CompletionStage<Void> stopProcess() {
        return online("process").upkeep().stopScrub();
    }

    /** An I/O of a member of a level without redundancy has failed. */
    void counted(int index, IoType type) {
        if (index < slots.count()) {
            MemberHealth health = slots.get(index).health();
            if (type.changesData()) {
                health.writeError();
            } else {
                health.readError(false);
            }
        }
    }

    // ---- upgrades ----

    /** Returns what the next module has to know and cannot find on the members. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put(HandedOver.SEQUENCE, record.sequence());
        plain.put(HandedOver.COMPLETE, record.completeSequence());
        List<String> states = new ArrayList<>();
        List<UUID> uuids = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Long> leftAt = new ArrayList<>();
        List<Boolean> wasIn = new ArrayList<>();
        List<List<Long>> errors = new ArrayList<>();
        for (Slot slot : slots.all()) {
            states.add(slot.state().name());
            uuids.add(slot.uuid());
            names.add(slot.name() == null ? "" : slot.name());
            leftAt.add(slot.leftAt());
            wasIn.add(slot.wasIn());
            errors.add(List.of(
                    slot.health().readErrors(),
                    slot.health().writeErrors(),
                    slot.health().repaired()));
        }
        plain.put(HandedOver.STATES, states);
        plain.put(
                HandedOver.ROWS,
                slots.all().stream().map(slot -> slot.extent().dataBlocks()).toList());
        record.process().ifPresent(process -> plain.put(HandedOver.PROCESS, HandedOver.process(process)));
        plain.put(HandedOver.UUIDS, uuids);
        plain.put(HandedOver.NAMES, names);
        plain.put(HandedOver.LEFT_AT, leftAt);
        plain.put(HandedOver.WAS_IN, wasIn);
        plain.put(HandedOver.ERRORS, errors);
        if (service != null) {
            plain.putAll(service.upkeep().plain());
            plain.put(HandedOver.DECLARED, service.declared().plain());
        }
        return plain;
    }

    /** Goes on where the module before an upgrade was, as far as that is not on the members. */
    void continueAfterUpgrade(Map<?, ?> before) {
        if (definition.superblock()
                || !(before.get(HandedOver.SEQUENCE) instanceof Long sequence)
                || !(before.get(HandedOver.COMPLETE) instanceof Long complete)
                || !(before.get(HandedOver.STATES) instanceof List<?> states)
                || states.size() != slots.count()) {
            return;
        }
        record.continueFrom(sequence, complete, HandedOver.process(before.get(HandedOver.PROCESS)));
        for (Slot slot : slots.all()) {
            int i = slot.index();
            String called = (String) ((List<?>) before.get(HandedOver.NAMES)).get(i);
            slot.setState(MemberState.valueOf((String) states.get(i)));
            slot.assign(
                    called.isEmpty() ? null : called,
                    (UUID) ((List<?>) before.get(HandedOver.UUIDS)).get(i),
                    new Shape.Extent(
                            slot.extent().dataOffset(), (Long) ((List<?>) before.get(HandedOver.ROWS)).get(i)));
            slot.leftBefore((Long) ((List<?>) before.get(HandedOver.LEFT_AT)).get(i), (Boolean)
                    ((List<?>) before.get(HandedOver.WAS_IN)).get(i));
        }
        sizesKnown = true;
    }

    /** Goes on counting the errors of members that are the same as before an upgrade. */
    private void continueCounting(Map<?, ?> before) {
        if (before.get(HandedOver.ERRORS) instanceof List<?> errors
                && before.get(HandedOver.UUIDS) instanceof List<?> uuids
                && errors.size() == slots.count()) {
            for (Slot slot : slots.all()) {
                List<?> counts = (List<?>) errors.get(slot.index());
                if (slot.uuid().equals(uuids.get(slot.index()))) {
                    slot.health().add((Long) counts.get(0), (Long) counts.get(1), (Long) counts.get(2));
                }
            }
        }
    }

    // ---- its end ----

    /** Completes when nothing is being changed. */
    CompletionStage<Void> whenIdle() {
        return serial.run(Stages::done);
    }

    /** Starts again after it went offline, with members that have come back meanwhile. */
    void startAgain() {
        startIfReady().whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.log(
                        Level.WARNING,
                        "raid bdev ''{0}'' does not start: {1}",
                        name(),
                        Stages.cause(failure).getMessage());
            }
        });
    }

    /** Another array is to have a member, by force; this one is not in use. */
    void giveUp(Bdev bdev) {
        slots.holding(bdev).ifPresent(slot -> {
            seen.remove(bdev.uuid());
            letGo(slot);
            if (wasFound() && slots.attached().isEmpty()) {
                context.drop(this);
            }
        });
    }

    /**
     * Deletes the array.
     *
     * @param clear whether what is on the members of it is wiped
     * @return completes when its bdev is gone and its members are free
     */
    CompletionStage<Void> delete(boolean clear) {
        deleted = true;
        stopWaiting();
        CompletionStage<Void> gone =
                service == null ? Stages.done() : context.host().unregister(service.bdev());
        return Stages.anyway(
                gone.thenCompose(unregistered -> serial.run(() -> clear ? wipe() : Stages.done())), this::end);
    }

    /** A creation has failed: nothing of it is left. */
    private CompletionStage<Void> discard() {
        deleted = true;
        stopWaiting();
        CompletionStage<Void> gone =
                service == null ? Stages.done() : context.host().unregister(service.bdev());
        return Stages.anyway(gone, this::end);
    }

    /** Wipes superblock and extension from all members that are there. */
    private CompletionStage<Void> wipe() {
        CompletionStage<Void> wiped = Stages.done();
        for (Slot slot : slots.attached()) {
            MemberStore store = slot.member().store();
            if (store != null) {
                wiped = wiped.thenCompose(before -> store.wipe())
                        .thenAccept(status -> Stages.require(
                                status,
                                () -> refusal(
                                        status.errno(),
                                        "the superblock on base bdev '" + slot.name() + "' cannot be wiped: "
                                                + status)));
            }
        }
        return wiped;
    }

    /**
     * Gives back everything; the module leaves, or the array is deleted.
     *
     * @return completes when nobody of this module holds the members any more
     */
    CompletionStage<Void> end() {
        deleted = true;
        stopWaiting();
        awaited.values().forEach(Poller.Registration::close);
        awaited.clear();
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
