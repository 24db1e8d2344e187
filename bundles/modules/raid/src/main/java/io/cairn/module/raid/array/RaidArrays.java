package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;

/** All arrays, with their spares, policies and options. App thread. */
public final class RaidArrays implements ArrayContext {
    private static final Logger LOG = System.getLogger(RaidArrays.class.getName());
    private static final String HANDED_OVER = "arrays";

    private final BdevHost host;
    private final Map<String, RaidArray> arrays = new LinkedHashMap<>();
    private final Map<String, PartialPolicies> policies = new LinkedHashMap<>();
    private final ReservedNames names = new ReservedNames();
    /** Arrays that have what was handed over for them. */
    private final Set<UUID> continued = new HashSet<>();

    private final Spares spares;
    private Options options = Options.DEFAULT;
    private boolean ending;

    /** Makes an empty set. */
    public RaidArrays(BdevHost host) {
        this.host = host;
        this.spares = new Spares(host, () -> all().forEach(RaidArray::fillUp));
    }

    // ---- what there is ----

    /** Returns the arrays in the order of their creation. */
    public List<RaidArray> all() {
        return List.copyOf(arrays.values());
    }

    /** Finds an array by its name or UUID. */
    public Optional<RaidArray> find(String nameOrUuid) {
        RaidArray named = arrays.get(nameOrUuid);
        return named != null
                ? Optional.of(named)
                : arrays.values().stream()
                        .filter(array -> array.uuid().toString().equalsIgnoreCase(nameOrUuid))
                        .findFirst();
    }

    @Override
    public Spares spares() {
        return spares;
    }

    /** Returns what makes all this again, as far as it is not found on disks. */
    public List<ConfigEntry> configuration() {
        List<ConfigEntry> entries = new ArrayList<>();
        if (!options.equals(Options.DEFAULT)) {
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("process_window_size_kb", options.processWindowKb());
            params.put("process_max_bandwidth_mb_sec", options.processMaxBandwidthMbSec());
            params.put("start_degraded_timeout_sec", options.policies().startDegradedTimeoutSec());
            params.put("spare_delay_sec", options.policies().spareDelaySec());
            params.put("max_read_errors", options.policies().maxReadErrors());
            entries.add(new ConfigEntry("bdev_raid_set_options", params));
        }
        policies.forEach((array, own) -> entries.add(own.configuration(array)));
        Set<UUID> created = new HashSet<>();
        for (RaidArray array : arrays.values()) {
            List<ConfigEntry> creation = array.configuration();
            entries.addAll(creation);
            if (!creation.isEmpty()) {
                created.add(array.uuid());
            }
        }
        entries.addAll(names.configuration(created));
        entries.addAll(spares.configuration());
        return entries;
    }

    // ---- what users do ----

    /** Sets the options of all arrays. */
    public void setOptions(Options other) {
        options = other;
        arrays.values().stream()
                .filter(array -> array.service() != null)
                .flatMap(array -> array.service().upkeep().stream())
                .forEach(upkeep -> upkeep.background().optionsChanged());
        all().forEach(RaidArray::policiesChanged);
    }

    /**
     * Sets the policies of one array, which need not be here.
     *
     * @throws BdevException EINVAL no array can be called so, or another module's bdev is, and there is something to set
     */
    public void setPolicies(String nameOrUuid, PartialPolicies own) {
        Definition.checkName(nameOrUuid);
        if (own.isEmpty()) {
            policies.remove(nameOrUuid);
        } else {
            expect(nameOrUuid, "its policies are kept for when it comes");
            policies.put(nameOrUuid, own);
        }
        find(nameOrUuid).ifPresent(RaidArray::policiesChanged);
    }

    /**
     * Finds an array that may be declared for before it is here.
     *
     * @param what what is done for one that is not here, for the log
     * @throws BdevException EINVAL no array can be called so, or another module's bdev is; not for what is stored
     */
    private Optional<RaidArray> expect(String nameOrUuid, String what) {
        Optional<RaidArray> present = find(nameOrUuid);
        if (present.isEmpty() && !host.isReplaying()) {
            Definition.checkName(nameOrUuid);
            host.find(nameOrUuid).ifPresent(other -> {
                throw new BdevException(
                        Errno.EINVAL,
                        "bdev '" + other.name() + "' of module " + other.moduleName() + " is no raid bdev");
            });
            LOG.log(Level.INFO, "raid bdev ''{0}'' is not here: {1}", nameOrUuid, what);
        }
        return present;
    }

    /**
     * Creates an array.
     *
     * @param force whether other arrays' superblocks on its bases are wiped
     * @return completes when its bdev is there and examined, or when it waits for bases
     * @throws BdevException EEXIST there is one; what {@link Definition#check} says
     */
    public CompletionStage<Void> create(Definition definition, boolean force) {
        definition.check();
        RaidArray present = arrays.get(definition.name());
        if (present != null) {
            throw new BdevException(
                    Errno.EEXIST, "raid bdev '" + definition.name() + "' exists (" + present.uuid() + ")");
        }
        definition.uuid().flatMap(uuid -> find(uuid.toString())).ifPresent(other -> {
            throw new BdevException(
                    Errno.EEXIST, "raid bdev '" + other.name() + "' has the UUID " + other.uuid() + " already");
        });
        RaidArray array = RaidArray.defined(this, definition.identified());
        arrays.put(definition.name(), array);
        array.continueAfterUpgrade();
        CompletionStage<Void> settled = Stages.done();
        for (String base : definition.bases()) {
            settled = settled.thenCompose(before -> host.settled(base));
        }
        return settled.thenCompose(done -> array.create(force)).thenRun(() -> {
            if (definition.superblock() && arrays.get(array.name()) == array) {
                reserve(array);
            }
        });
    }

    private void reserve(RaidArray array) {
        names.other(array.name(), array.uuid())
                .ifPresent(other -> LOG.log(
                        Level.WARNING,
                        "the name ''{0}'' was reserved for raid bdev {1}, which does not get it any more when its members come: it is reserved for {2} now",
                        array.name(),
                        other,
                        array.uuid()));
        names.reserve(array.name(), array.uuid());
    }

    /**
     * Reserves a name for an array, whose members need not be here: superblocks of other arrays that are called so are not used. Bdevs that were not taken for
     * the name are looked at again.
     *
     * @param array empty: the name is reserved for nobody any more
     * @throws BdevException EINVAL no array can be called so; EEXIST another array has the name
     */
    public void reserveName(String name, Optional<UUID> array) {
        Definition.checkName(name);
        Optional.ofNullable(arrays.get(name))
                .filter(present -> array.isPresent() && !present.uuid().equals(array.get()))
                .ifPresent(present -> {
                    throw new BdevException(
                            Errno.EEXIST,
                            "raid bdev " + present.uuid() + " has the name '" + name + "': delete it first");
                });
        array.ifPresentOrElse(uuid -> names.reserve(name, uuid), () -> names.release(name));
        lookAgain(names.takePassedOver(name));
    }

    /**
     * Deletes an array.
     *
     * @param clear whether what is on its members of it is wiped
     */
    public CompletionStage<Void> delete(RaidArray array, boolean clear) {
        policies.remove(array.name());
        names.release(array.name());
        return array.delete(clear);
    }

    /**
     * Adds a bdev to an array.
     *
     * @throws BdevException ENODEV there is no such bdev
     */
    public CompletionStage<Void> add(RaidArray array, String base) {
        return use(base, array::add);
    }

    /**
     * Gives a mirror one leg more.
     *
     * @throws BdevException ENODEV there is no such bdev, or the array is not online; EINVAL it is no mirror, or the bdev does not fit
     */
    public CompletionStage<Void> addLeg(RaidArray array, String base) {
        return use(base, array::addLeg);
    }

    /**
     * Replaces a member while it works.
     *
     * @param base how the member is called
     * @param other how the bdev is called that is to take its place
     * @throws BdevException ENODEV there is no such bdev, or the array is not online or has no such member; EBUSY a member is being replaced; EPERM one is
     *     being rebuilt; EOPNOTSUPP the level has no redundancy; EINVAL the member is not in use, or the bdev does not fit
     */
    public CompletionStage<Void> replace(RaidArray array, String base, String other) {
        return use(other, bdev -> array.replace(base, bdev));
    }

    /** Has an array take a bdev that nobody examines any more. One that is a spare is none any more, unless the array refuses it. */
    private CompletionStage<Void> use(String base, Function<Bdev, CompletionStage<Void>> take) {
        return host.settled(base).thenCompose(settled -> {
            Bdev bdev = host.find(base)
                    .filter(ArrayContext::stays)
                    .orElseThrow(() -> new BdevException(Errno.ENODEV, "no bdev is called " + base));
            Optional<Spares.Taken> spare = spares.take(bdev);
            return Stages.recover(Stages.done().thenCompose(free -> take.apply(bdev)), failure -> {
                spare.filter(taken -> !isHeld(bdev)).ifPresent(taken -> {
                    taken.giveBack();
                    // somebody may have lacked it meanwhile
                    all().forEach(RaidArray::fillUp);
                });
                return Stages.done();
            });
        });
    }

    /**
     * Removes a member from its array.
     *
     * @throws BdevException ENODEV it is in none
     */
    public CompletionStage<Void> remove(String base) {
        return removal(base, slot -> slot.member() != null)
                .or(() -> arrays.values().stream()
                        .flatMap(array -> array.keepInstead(base).stream())
                        .findFirst())
                // nobody has it: somebody may remember it
                .or(() -> removal(base, slot -> true))
                .orElseThrow(() -> new BdevException(Errno.ENODEV, "base bdev '" + base + "' is in no raid bdev"));
    }

    private Optional<CompletionStage<Void>> removal(String base, Predicate<Slot> which) {
        return arrays.values().stream()
                .flatMap(array -> array.slots().find(base).filter(which).map(array::remove).stream())
                .findFirst();
    }

    /**
     * Adds a spare; it is claimed when it is here. Answers with the reason if it cannot be one.
     *
     * @throws BdevException EINVAL its array is here, and could never take it; or there cannot be an array, or a bdev, of that name
     */
    public CompletionStage<Void> addSpare(String base, Optional<String> array) {
        Definition.baseNameFault(base).ifPresent(fault -> {
            throw new BdevException(Errno.EINVAL, "bdev '" + base + "' cannot be a spare: its name " + fault);
        });
        Optional<RaidArray> known =
                array.flatMap(name -> expect(name, "bdev '" + base + "' is kept as a spare for when it comes"));
        if (!host.isReplaying()) {
            if (host.find(base).isEmpty()) {
                LOG.log(Level.INFO, "bdev ''{0}'' is not here: it is kept as a spare when it comes", base);
            }
            known.filter(own -> !own.definition().level().isRedundant()).ifPresent(own -> {
                throw own.definition()
                        .invalid("its level is " + own.definition().level() + ", which never takes a spare");
            });
            known.ifPresent(own -> host.find(base)
                    .flatMap(bdev -> spares.unfit(own, bdev))
                    .ifPresent(why -> {
                        throw own.definition().invalid("bdev '" + base + "' cannot be a spare: " + why);
                    }));
        }
        return spares.add(base, array);
    }

    // ---- what the core tells ----

    /** A bdev is here: whoever waits for it by its name takes it. One that is another array's by its superblock is given back, and looked at for that one. */
    public void examineConfig(Bdev bdev) {
        offer(bdev).thenAccept(isForeign -> {
            if (isForeign) {
                discover(bdev);
            }
        });
    }

    /** Gives a bdev to whom waits for it by its name. Completes with whether it was given back because of the superblock on it; never fails. */
    private CompletionStage<Boolean> offer(Bdev bdev) {
        if (ending) {
            return CompletableFuture.completedFuture(false);
        }
        for (RaidArray array : all()) {
            if (array.wants(bdev)) {
                return array.arrive(bdev);
            }
        }
        return spares.arrive(bdev);
    }

    /** A bdev is here that nobody looks at: whoever waits for it by its name takes it, and members of arrays that were here before an upgrade are found. */
    public void restore(Bdev bdev) {
        examineConfig(bdev);
        if (!isHeld(bdev) && wasMember(bdev)) {
            discover(bdev);
        }
    }

    private boolean wasMember(Bdev bdev) {
        return host.handedOver().get(HANDED_OVER) instanceof Map<?, ?> byArray
                && byArray.values().stream()
                        .anyMatch(array -> array instanceof Map<?, ?> map
                                && map.get(HandedOver.UUIDS) instanceof List<?> uuids
                                && uuids.contains(bdev.uuid()));
    }

    private boolean isHeld(Bdev bdev) {
        return spares.holds(bdev) || arrays.values().stream().anyMatch(array -> array.holds(bdev));
    }

    /**
     * Looks for a superblock on a bdev.
     *
     * @return completes when what is to be made of it has been; never fails
     */
    public CompletionStage<Void> discover(Bdev bdev) {
        if (ending || isHeld(bdev)) {
            return Stages.done();
        }
        return readSuperblock(bdev)
                .thenCompose(read -> {
                    if (read instanceof SuperblockRead.Refused refused) {
                        LOG.log(
                                Level.WARNING,
                                "bdev ''{0}'' has a RAID superblock that is not used: {1}",
                                bdev.name(),
                                refused.message());
                        host.passedOver(bdev, "its RAID superblock is not used: " + refused.message());
                    } else {
                        host.passedOver(bdev, "");
                    }
                    if (read instanceof SuperblockRead.Found found && !ending) {
                        found.warnings()
                                .forEach(warning -> LOG.log(Level.WARNING, "bdev ''{0}'': {1}", bdev.name(), warning));
                        return arrayOf(bdev, found.superblock()).discovered(bdev, found.superblock());
                    }
                    return Stages.done();
                })
                .exceptionally(failure -> {
                    String why = String.valueOf(Stages.cause(failure).getMessage());
                    LOG.log(Level.WARNING, "bdev ''{0}'' is not taken into a raid bdev: {1}", bdev.name(), why);
                    host.passedOver(bdev, why);
                    return null;
                });
    }

    private RaidArray arrayOf(Bdev bdev, Superblock superblock) {
        Optional<RaidArray> known = find(superblock.uuid().toString());
        if (known.isPresent()) {
            return known.get();
        }
        String name = superblock.name();
        Optional<String> inTheWay = Optional.ofNullable(arrays.get(name))
                .map(present -> "as raid bdev " + present.uuid() + " is")
                .or(() -> names.other(name, superblock.uuid())
                        .map(other -> "a name that is reserved for raid bdev " + other
                                + " (bdev_raid_reserve_name changes that)"));
        inTheWay.ifPresent(why -> {
            names.passOver(name, bdev.uuid());
            throw new BdevException(
                    Errno.EEXIST, "its array is called '" + name + "' (" + superblock.uuid() + "), " + why);
        });
        RaidArray array = RaidArray.found(this, superblock);
        arrays.put(name, array);
        return array;
    }

    private CompletionStage<SuperblockRead> readSuperblock(Bdev bdev) {
        BdevDescriptor descriptor = host.open(bdev.name(), OpenMode.READ, "examine by raid", (event, d) -> {});
        ReservedArea area = ReservedArea.of(descriptor);
        CompletableFuture<SuperblockRead> outcome = new CompletableFuture<>();
        new MemberStore(area).readSuperblock().whenComplete((read, failure) -> area.whenIdle()
                .whenComplete((idle, ignored) -> {
                    descriptor.close();
                    if (failure == null) {
                        outcome.complete(read);
                    } else {
                        outcome.completeExceptionally(failure);
                    }
                }));
        return outcome;
    }

    // ---- its end ----

    /** The module is exchanged: returns what the next one needs and cannot find elsewhere. */
    public Map<String, Object> handOver() {
        ending = true;
        Map<String, Object> byArray = new LinkedHashMap<>();
        arrays.forEach((name, array) -> byArray.put(array.uuid().toString(), array.plain()));
        return Map.of(HANDED_OVER, byArray);
    }

    /** Gives back what all arrays and spares hold; their bdevs are gone. */
    public CompletionStage<Void> close() {
        ending = true;
        List<CompletableFuture<Void>> idle = new ArrayList<>();
        for (RaidArray array : all()) {
            idle.add(array.whenIdle().toCompletableFuture());
        }
        return CompletableFuture.allOf(idle.toArray(CompletableFuture[]::new)).thenCompose(done -> {
            List<CompletableFuture<Void>> free = new ArrayList<>();
            all().forEach(array -> free.add(array.end().toCompletableFuture()));
            spares.close();
            return CompletableFuture.allOf(free.toArray(CompletableFuture[]::new));
        });
    }

    // ---- what arrays ask ----

    @Override
    public BdevHost host() {
        return host;
    }

    @Override
    public Options options() {
        return options;
    }

    @Override
    public Policies policies(Definition array) {
        PartialPolicies own = policies.getOrDefault(
                array.name(), policies.getOrDefault(array.id().toString(), PartialPolicies.NONE));
        return own.over(options.policies());
    }

    @Override
    public boolean isEnding() {
        return ending;
    }

    @Override
    public Map<?, ?> handedOver(Definition array) {
        return !continued.contains(array.id())
                        && host.handedOver().get(HANDED_OVER) instanceof Map<?, ?> byArray
                        && byArray.get(array.id().toString()) instanceof Map<?, ?> own
                ? own
                : Map.of();
    }

    @Override
    public void tookOver(Definition array) {
        continued.add(array.id());
    }

    @Override
    public boolean refuseForeign(Definition array, Bdev bdev, boolean force) {
        for (RaidArray other : all()) {
            if (!other.uuid().equals(array.id())
                    && other.holds(bdev)
                    && other.service() == null
                    && other.definition().superblock()) {
                if (!force) {
                    throw array.refusal(
                            Errno.EEXIST,
                            "base bdev '" + bdev.name() + "' has the superblock of raid bdev '" + other.name() + "' ("
                                    + other.uuid() + "); bdev_raid_create wipes it with force");
                }
                if (other.isChanging()) {
                    throw array.refusal(
                            Errno.EBUSY,
                            "base bdev '" + bdev.name() + "' is in raid bdev '" + other.name()
                                    + "', which is changing right now");
                }
                other.giveUp(bdev);
                return true;
            }
        }
        return false;
    }

    @Override
    public void drop(RaidArray array) {
        array.end();
    }

    @Override
    public void lookAgain(List<UUID> bdevs) {
        app().execute(() -> bdevs.stream()
                .flatMap(uuid -> host.find(uuid.toString()).stream())
                .filter(ArrayContext::stays)
                .filter(bdev -> bdev.claims().isEmpty())
                .forEach(this::discover));
    }

    @Override
    public void forget(RaidArray array) {
        arrays.remove(array.name(), array);
    }

    @Override
    public void free(List<Bdev> bdevs) {
        if (!ending) {
            host.reactors().app().execute(() -> bdevs.stream()
                    .filter(ArrayContext::stays)
                    .filter(bdev -> bdev.claims().isEmpty())
                    .forEach(this::offer));
        }
    }
}
