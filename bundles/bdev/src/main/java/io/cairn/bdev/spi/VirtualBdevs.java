package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.reactor.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * The bdevs that a virtual module builds on one base each, through the comings and goings of their bases.
 *
 * <p>A definition stays until it is deleted. While its base is there, its bdevs are; when the base is removed, they are
 * unregistered; when a base of that name comes (back), they are built (again). To be used by a {@link BdevModule}: it
 * calls {@link #examineConfig} and {@link #restore} from its own. App thread.
 *
 * @param <D> the module's definition
 */
public final class VirtualBdevs<D extends VirtualDefinition> {
    private static final Logger LOG = System.getLogger(VirtualBdevs.class.getName());

    private final String moduleName;
    private final BdevHost host;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * Makes an empty set.
     *
     * @param moduleName for messages
     */
    public VirtualBdevs(String moduleName, BdevHost host) {
        this.moduleName = moduleName;
        this.host = host;
    }

    /** Returns the definitions in the order of their creation. */
    public List<D> definitions() {
        return entries.values().stream().map(entry -> entry.definition).toList();
    }

    /** Returns whether there is a definition of that key. */
    public boolean has(String key) {
        return entries.containsKey(key);
    }

    /**
     * Adds a definition, and builds its bdevs if the base is there, as soon as nobody examines it any more.
     *
     * @return the bdevs, when the first wave of examine of each is over; an empty list if the base is not there. Fails with
     *     what refused them, when nothing is left behind: EPERM a claim stands against the base's use; what the definition
     *     throws
     * @throws BdevException EEXIST there is a definition of that key
     */
    public CompletionStage<List<Bdev>> create(D definition) {
        Entry present = entries.get(definition.key());
        if (present != null) {
            throw new BdevException(
                    Errno.EEXIST,
                    moduleName + " '" + definition.key() + "' exists, on base '" + present.definition.baseName() + "'");
        }
        if (definition.baseName().isEmpty() || definition.names().contains(definition.baseName())) {
            throw new BdevException(
                    Errno.EINVAL,
                    moduleName + " '" + definition.key() + "' cannot be built on base '" + definition.baseName() + "'");
        }
        Entry entry = new Entry(definition);
        // kept from now on: while its base is examined, and while its own bdevs are, it is looked for
        entries.put(definition.key(), entry);
        return host.settled(definition.baseName())
                .thenCompose(settled -> entry.buildUnlessBuilt())
                .whenComplete((bdevs, failure) -> {
                    if (failure != null) {
                        entry.names.release();
                        entries.remove(definition.key(), entry);
                    }
                });
    }

    /**
     * Removes a definition, and its bdevs if they are there.
     *
     * @return when the bdevs are gone
     * @throws BdevException ENODEV there is no such definition
     */
    public CompletionStage<Void> delete(String key) {
        Entry entry = entries.remove(key);
        if (entry == null) {
            throw new BdevException(Errno.ENODEV, "there is no " + moduleName + " '" + key + "'");
        }
        entry.names.release();
        if (entry.built == null) {
            return CompletableFuture.completedFuture(null);
        }
        Bdev base = entry.built.base();
        return entry.built.unregister().thenApply(gone -> {
            // the base is free: who was refused it before may have it
            if (Entry.stays(base)) {
                build(base, waiting -> true);
            }
            return null;
        });
    }

    /** Builds what waits for this bdev. What cannot be built is reported and goes on waiting. */
    public void examineConfig(Bdev bdev) {
        build(bdev, entry -> true);
    }

    /** Builds what waits for this bdev and has been built before, in this process or, as far as the stored configuration says, in an
     * earlier one. What cannot be built is reported and goes on waiting. */
    public void restore(Bdev bdev) {
        build(bdev, entry -> entry.established);
    }

    private void build(Bdev bdev, Predicate<Entry> wanted) {
        for (Entry entry : List.copyOf(entries.values())) {
            if (wanted.test(entry)
                    && entry.built == null
                    && !entry.leaving
                    && names(entry.definition.baseName(), bdev)) {
                entry.buildOrReport();
            }
        }
    }

    private static boolean names(String name, Bdev bdev) {
        return bdev.name().equals(name)
                || bdev.aliases().contains(name)
                || bdev.uuid().toString().equalsIgnoreCase(name);
    }

    private final class Entry {
        private final D definition;
        private final BdevHost.Reservation names;
        private BuiltOnBase built;
        private boolean leaving;
        /** Whether this needs no examine of its base any more to be built. */
        private boolean established;

        Entry(D definition) {
            this.definition = definition;
            this.names = host.reserve(
                    definition.names(),
                    moduleName + " '" + definition.key() + "' on base '" + definition.baseName() + "'");
            this.names.waiting(definition.baseName(), "");
            this.established = host.isReplaying();
        }

        CompletionStage<List<Bdev>> buildUnlessBuilt() {
            if (entries.get(definition.key()) != this) {
                throw new BdevException(
                        Errno.ENODEV, moduleName + " '" + definition.key() + "' was deleted before it was built");
            }
            return built != null ? CompletableFuture.completedFuture(built.bdevs()) : build();
        }

        CompletionStage<List<Bdev>> build() {
            if (host.find(definition.baseName()).filter(Entry::stays).isEmpty()) {
                return CompletableFuture.completedFuture(List.of());
            }
            BaseLink link = definition.take(host, (event, descriptor) -> onEvent(event));
            List<VirtualBdev> wanted;
            try {
                wanted = definition.bdevs(link.base());
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                link.close();
                throw e;
            }
            BuiltOnBase[] self = new BuiltOnBase[1];
            self[0] = new BuiltOnBase(host, link, () -> released(self[0]));
            built = self[0];
            return built.register(wanted).thenApply(bdevs -> {
                established = true;
                names.waiting(definition.baseName(), "");
                return bdevs;
            });
        }

        private static boolean stays(Bdev base) {
            return base.state() == BdevState.REGISTERED || base.state() == BdevState.READY;
        }

        void buildOrReport() {
            try {
                build().whenComplete((bdevs, failure) -> {
                    if (failure != null) {
                        report(failure instanceof CompletionException ? failure.getCause() : failure);
                    }
                });
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                report(e);
            }
        }

        private void report(Throwable failure) {
            names.waiting(definition.baseName(), String.valueOf(failure.getMessage()));
            LOG.log(
                    Level.WARNING,
                    "{0} ''{1}'' was not built on base ''{2}'': {3}",
                    moduleName,
                    definition.key(),
                    definition.baseName(),
                    failure.getMessage());
        }

        private void released(BuiltOnBase which) {
            if (built == which) {
                built = null;
            }
        }

        private void onEvent(BdevEvent event) {
            if (built == null) {
                return;
            }
            switch (event) {
                case REMOVE ->
                    built.unregister().whenComplete((done, failure) -> {
                        // a base of the same name may have come while the old bdevs were still on their way out
                        if (built == null && entries.get(definition.key()) == this) {
                            buildOrReport();
                        }
                    });
                case RESIZE -> {
                    if (definition.followsResize()) {
                        try {
                            built.resize(definition.bdevs(built.base()));
                        } catch (BdevException e) {
                            LOG.log(
                                    Level.WARNING,
                                    "{0} ''{1}'' keeps its size: {2}",
                                    moduleName,
                                    definition.key(),
                                    e.getMessage());
                        }
                    }
                }
            }
        }
    }
}
