package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.module.raid.level.Shape;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Bdevs that wait to take the place of members that fail. They are claimed while they wait. App thread. */
public final class Spares {
    private static final Logger LOG = System.getLogger(Spares.class.getName());

    private final BdevHost host;
    private final Runnable available;
    private final Map<String, Spare> all = new LinkedHashMap<>();

    private final class Spare {
        private final String name;
        private final Optional<String> array;
        private BaseLink link;
        /** Whether nothing of an array's is on it. */
        private boolean inspected;

        Spare(String name, Optional<String> array) {
            this.name = name;
            this.array = array;
        }

        boolean is(Bdev bdev) {
            return link == null ? Slot.isCalled(bdev, name) : link.base() == bdev;
        }

        void hold(Bdev bdev) {
            link = BaseLink.exclusive(host, bdev.name(), "spare " + name, (event, descriptor) -> {
                if (event == BdevEvent.REMOVE) {
                    letGo();
                }
            });
        }

        void letGo() {
            if (link != null) {
                BaseLink held = link;
                link = null;
                inspected = false;
                held.close();
            }
        }
    }

    /** A spare that an array is about to use. It is free, to be claimed at once, and no spare any more unless it is given back. */
    final class Taken {
        private final Spare spare;
        private final Bdev bdev;

        private final boolean wasInspected;

        private Taken(Spare spare, Bdev bdev) {
            this.spare = spare;
            this.bdev = bdev;
            this.wasInspected = spare.inspected;
            all.remove(spare.name);
            spare.letGo();
        }

        Bdev bdev() {
            return bdev;
        }

        /** The array could not use it: it is a spare again, for others, and is held if it can be. */
        void giveBack() {
            if (all.putIfAbsent(spare.name, spare) != null || !ArrayContext.stays(bdev)) {
                return;
            }
            if (!wasInspected) {
                arrive(bdev);
            } else if (tryToHold(spare, bdev)) {
                spare.inspected = true;
            }
        }
    }

    /**
     * Makes an empty set.
     *
     * @param available run when a spare can be taken that could not before
     */
    Spares(BdevHost host, Runnable available) {
        this.host = host;
        this.available = available;
    }

    /**
     * Adds a spare.
     *
     * @throws BdevException EEXIST it is one, or has a superblock; EPERM a claim stands against it
     */
    CompletionStage<Void> add(String base, Optional<String> array) {
        if (all.containsKey(base) || host.find(base).filter(this::holds).isPresent()) {
            throw new BdevException(Errno.EEXIST, "bdev '" + base + "' is a spare already");
        }
        Spare spare = new Spare(base, array);
        all.put(base, spare);
        boolean stored = host.isReplaying();
        CompletionStage<Void> added = host.settled(base)
                .thenCompose(settled -> {
                    Optional<Bdev> bdev = host.find(base).filter(ArrayContext::stays);
                    if (all.get(base) != spare || spare.link != null || bdev.isEmpty()) {
                        return Stages.done();
                    }
                    spare.hold(bdev.get());
                    return inspect(spare);
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        spare.letGo();
                        all.remove(base, spare);
                    }
                });
        return stored ? added.exceptionally(failure -> takenSince(base, Stages.cause(failure))) : added;
    }

    /** A spare takes its place by itself, which saves no configuration: what is stored may name one that is a member by now. */
    private static Void takenSince(String base, Throwable refusal) {
        if (refusal instanceof BdevException e && (e.errno() == Errno.EEXIST || e.errno() == Errno.EPERM)) {
            LOG.log(Level.INFO, "bdev ''{0}'' is no spare any more: {1}", base, e.getMessage());
            return null;
        }
        throw new CompletionException(refusal);
    }

    /** Nothing is a spare that holds an array's data. */
    private CompletionStage<Void> inspect(Spare spare) {
        BaseLink link = spare.link;
        MemberStore store = new MemberStore(link);
        return store.readSuperblock()
                .thenCompose(read -> store.whenIdle()
                        .thenRun(() -> Foreign.what(read).ifPresent(what -> {
                            throw new BdevException(Errno.EEXIST, "bdev '" + spare.name + "' has " + what);
                        })))
                .thenRun(() -> {
                    if (spare.link == link) {
                        spare.inspected = true;
                        available.run();
                    }
                });
    }

    /**
     * Takes a spare back.
     *
     * @throws BdevException ENODEV there is none of the name
     */
    public void remove(String base) {
        Spare spare = all.remove(base);
        if (spare == null) {
            throw new BdevException(Errno.ENODEV, "there is no spare '" + base + "'");
        }
        spare.letGo();
    }

    /**
     * A bdev has come: if it is a spare, it is held. One that has taken its place by itself is none any more, though it is stored as one.
     *
     * @return completes with whether it was given back because of the superblock on it; never fails
     */
    CompletionStage<Boolean> arrive(Bdev bdev) {
        for (Spare spare : List.copyOf(all.values())) {
            if (spare.link == null && spare.is(bdev) && tryToHold(spare, bdev)) {
                return inspect(spare).handle((done, failure) -> {
                    if (failure != null) {
                        LOG.log(
                                Level.WARNING,
                                "bdev ''{0}'' is no spare: {1}",
                                spare.name,
                                Stages.cause(failure).getMessage());
                        spare.letGo();
                    }
                    boolean isForeign = Foreign.isCause(failure);
                    if (isForeign) {
                        all.remove(spare.name, spare);
                    }
                    return isForeign;
                });
            }
        }
        return CompletableFuture.completedFuture(false);
    }

    private static boolean tryToHold(Spare spare, Bdev bdev) {
        try {
            spare.hold(bdev);
            return true;
        } catch (BdevException e) {
            LOG.log(Level.WARNING, "spare ''{0}'' cannot be held: {1}", spare.name, e.getMessage());
            return false;
        }
    }

    boolean holds(Bdev bdev) {
        return all.values().stream().anyMatch(spare -> spare.link != null && spare.link.base() == bdev);
    }

    /** Takes a bdev that is to be used otherwise, if it is a spare. */
    Optional<Taken> take(Bdev bdev) {
        return all.values().stream().filter(spare -> spare.is(bdev)).findFirst().map(spare -> new Taken(spare, bdev));
    }

    /** Returns why an array could never take a bdev as it is; empty if nothing is known against it. */
    Optional<String> unfit(RaidArray array, Bdev bdev) {
        OptionalInt known = array.slots().blockSize();
        if (known.isPresent() && bdev.blockSize() != known.getAsInt()) {
            return Optional.of("it has blocks of " + bdev.blockSize() + " bytes, the array of " + known.getAsInt());
        }
        List<Shape.Extent> extents = array.service() == null
                ? array.slots().extents()
                : array.service().shape().members();
        long most = extents.stream()
                .mapToLong(extent -> extent.dataOffset() + extent.dataBlocks())
                .max()
                .orElse(0);
        if (bdev.numBlocks() < most) {
            return Optional.of("it has " + bdev.numBlocks() + " blocks, " + most + " are needed");
        }
        return host.find(array.name())
                .filter(own -> host.isBuiltOn(bdev, own))
                .map(own -> "it is the array, or is built on it");
    }

    /**
     * Takes the smallest spare that an array can use: its own before those of all.
     *
     * @param others those that it has found unusable
     */
    Optional<Taken> take(RaidArray array, Set<Bdev> others) {
        return all.values().stream()
                .filter(spare -> spare.inspected && !others.contains(spare.link.base()))
                .filter(spare -> spare.array
                        .map(name -> name.equals(array.name())
                                || name.equals(array.uuid().toString()))
                        .orElse(true))
                .filter(spare -> unfit(array, spare.link.base()).isEmpty())
                .min(Comparator.<Spare, Boolean>comparing(spare -> spare.array.isEmpty())
                        .thenComparing(spare -> spare.link.base().numBlocks()))
                .map(spare -> new Taken(spare, spare.link.base()));
    }

    /** Returns what is shown of them. */
    public List<Map<String, Object>> describe() {
        List<Map<String, Object>> described = new ArrayList<>();
        for (Spare spare : all.values()) {
            Map<String, Object> info = new LinkedHashMap<>();
            info.put("base_bdev", spare.name);
            info.put("raid_bdev", spare.array.orElse(null));
            info.put("present", spare.link != null);
            described.add(info);
        }
        return described;
    }

    List<ConfigEntry> configuration() {
        return all.values().stream()
                .map(spare -> {
                    Map<String, Object> params = new LinkedHashMap<>();
                    params.put("base_bdev", spare.name);
                    spare.array.ifPresent(array -> params.put("raid_bdev", array));
                    return new ConfigEntry("bdev_raid_add_spare", params);
                })
                .toList();
    }

    void close() {
        all.values().forEach(Spare::letGo);
    }
}
