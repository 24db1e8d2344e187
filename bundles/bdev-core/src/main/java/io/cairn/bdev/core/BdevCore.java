package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.ModuleRefusals;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.bdev.Notification;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The bdev layer: modules, bdevs, claims, examine and the I/O path, as one plain object. Callable from any thread; all of its state is
 * touched on the app thread.
 */
public final class BdevCore implements Bdevs, ModuleUpgrades, ModuleRefusals {
    private static final Logger LOG = System.getLogger(BdevCore.class.getName());

    private final Reactors reactors;
    private final OperationRegistry registry;
    private final CoreContext context;
    private final Map<String, ModuleHost> modules = new LinkedHashMap<>();
    private final List<ModuleHost> examiners = new ArrayList<>();
    private final RefusedModules refused = new RefusedModules();
    private final Map<String, String> refusedSources = new LinkedHashMap<>();
    private final ModuleBundles bundles;
    private OperationRegistry.Registration operations;
    private CoreOptions options;

    /** Makes a core with default options and offers its operations. */
    public BdevCore(Reactors reactors, OperationRegistry registry) {
        this(reactors, registry, CoreOptions.DEFAULTS);
    }

    /** Makes a core and offers its operations. */
    public BdevCore(Reactors reactors, OperationRegistry registry, CoreOptions options) {
        this(reactors, registry, options, ModuleBundles.NONE);
    }

    /** Makes a core whose modules come from bundles, and offers its operations. */
    public BdevCore(Reactors reactors, OperationRegistry registry, CoreOptions options, ModuleBundles bundles) {
        this.bundles = bundles;
        this.reactors = reactors;
        this.registry = registry;
        this.options = options;
        this.context = new CoreContext(
                reactors, new NameSpace(), new Watchers(), () -> this.options, () -> List.copyOf(examiners));
        reactors.app().execute(this::offerOperations);
    }

    private void offerOperations() {
        CoreOperations own = new CoreOperations(this, context);
        List<Operation<?, ?>> all = new ArrayList<>(own.list());
        all.addAll(new ThreadOperations(reactors, context.names()).list());
        all.addAll(new NotifyOperations(context.notifications()).list());
        all.addAll(new SeenOperations(this, context, registry, bundles).list());
        operations = registry.offer(all, own);
    }

    CoreOptions options() {
        return options;
    }

    void setOptions(CoreOptions changed) {
        options = changed;
    }

    // ---- modules ----

    /** Adds a module that comes from no bundle; see {@link #add(BdevModule, Optional)}. */
    public CompletionStage<Void> add(BdevModule module) {
        return add(module, Optional.empty());
    }

    /**
     * Adds a module: initialises it, offers its operations, replays its configuration and examines every bdev by it. One that is refused
     * is remembered, with the reason, until it is removed.
     *
     * @return completes when the replay is over and the examinations have begun; fails with {@link BdevException} EEXIST if a module of
     *     that name is there, or with what {@code init} threw: the module is not there then
     */
    public CompletionStage<Void> add(BdevModule module, Optional<ModuleOrigin> origin) {
        return reactors.onApp(() -> {
            try {
                return start(new ModuleHost(context, module, origin));
            } catch (RuntimeException | LinkageError e) {
                refused.add(module, module.name(), origin, e);
                LOG.log(
                        Level.ERROR,
                        "module {0}{1} is refused: {2}",
                        module.name(),
                        origin.map(o -> " of " + o).orElse(""),
                        e.getMessage());
                throw e;
            }
        });
    }

    private CompletionStage<Void> start(ModuleHost host) {
        ModuleHost other = modules.putIfAbsent(host.name(), host);
        if (other != null) {
            throw new BdevException(
                    Errno.EEXIST,
                    "a module called " + host.name() + " is there already"
                            + other.origin().map(o -> ", of " + o).orElse("")
                            + host.origin()
                                    .map(o -> "; the one of " + o + " is refused")
                                    .orElse(""));
        }
        Object work = host + " starts";
        context.examinations().begin(work);
        context.upgrades().of(host.name()).ifPresent(Upgrade::arriving);
        try {
            return host.start(registry).whenComplete((v, e) -> replayed(host, work));
        } catch (RuntimeException | LinkageError e) {
            modules.remove(host.name());
            context.upgrades().of(host.name()).ifPresent(u -> u.replayed("the new module failed to start: " + e));
            context.examinations().end(work);
            throw e;
        }
    }

    private void replayed(ModuleHost host, Object work) {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        if (host.isPresent()) {
            LOG.log(Level.INFO, "module {0} is here", host.name());
            context.notifications().arrived(host.name());
            examiners.add(host);
            for (CoreBdev bdev : context.names().all()) {
                if (!Upgrade.waitsFor(bdev, host.name())) {
                    asked.add(context.examinations().examine(bdev, host).toCompletableFuture());
                }
            }
        }
        context.examinations().end(work);
        context.upgrades().of(host.name()).filter(upgrade -> host.isPresent()).ifPresent(upgrade -> {
            upgrade.configured(
                    registry.pendingConfiguration().stream().filter(host::owns).toList());
            CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).whenComplete((v, e) -> {
                if (host.isPresent()) {
                    upgrade.replayed(null);
                }
            });
        });
    }

    @Override
    public CompletionStage<Hold> hold(String module, Duration longest) {
        return reactors.onApp(() -> {
            ModuleHost host = modules.get(module);
            if (host == null) {
                throw new BdevException(Errno.ENODEV, "there is no module called " + module);
            }
            boolean parting =
                    context.upgrades().of(module).filter(Upgrade::isBusy).isPresent();
            if (host.isStranded() && !parting) {
                throw new BdevException(
                        Errno.ENODEV, "module " + module + " has been parted from its bdevs already by an upgrade");
            }
            if (!host.isPresent()) {
                throw new BdevException(Errno.EBUSY, "module " + module + " is leaving or being upgraded already");
            }
            CompletionStage<Hold> held = context.upgrades().hold(host, longest, () -> {
                if (examiners.remove(host)) {
                    context.notifications().departed(module);
                }
            });
            context.upgrades().of(module).ifPresent(upgrade -> upgrade.over().thenRun(() -> endStranded(module)));
            return held;
        });
    }

    /**
     * An upgrade is over. If the module that it has parted from its bdevs is here still, since nobody has stopped its bundle, it serves
     * nothing any more: it is ended, so that its name keeps nobody out, and listed with the reason until it leaves.
     */
    private void endStranded(String name) {
        ModuleHost host = modules.get(name);
        if (host != null && host.isStranded()) {
            String reason =
                    "it has been parted from its bdevs by an upgrade that did not come about, and serves nothing"
                            + " until its bundle is started again";
            LOG.log(Level.ERROR, "module {0} is ended: {1}", name, reason);
            refused.add(host.module(), name, host.origin(), reason);
            end(host);
        }
    }

    /**
     * Removes a module: its operations go, its bdevs are hot-removed, and it is ended.
     *
     * @return completes when that is over: at the latest when all deadlines have passed
     */
    public CompletionStage<Void> remove(BdevModule module) {
        return reactors.onApp(() -> {
            refused.remove(module);
            ModuleHost host = modules.values().stream()
                    .filter(h -> h.module() == module)
                    .findFirst()
                    .orElse(null);
            if (host == null) {
                return CompletableFuture.completedFuture(null);
            }
            return end(host);
        });
    }

    private CompletionStage<Void> end(ModuleHost host) {
        boolean wasHere = examiners.remove(host);
        return host.stop().whenComplete((v, e) -> {
            if (modules.remove(host.name(), host)) {
                if (wasHere) {
                    context.notifications().departed(host.name());
                }
                LOG.log(Level.INFO, "module {0} has left", host.name());
            }
        });
    }

    @Override
    public void refused(String source, String reason) {
        reactors.app().execute(() -> refusedSources.put(source, reason));
    }

    @Override
    public void forget(String source) {
        reactors.app().execute(() -> refusedSources.remove(source));
    }

    /** Returns what was not taken before it was a bundle, and why: by what it is called. App thread. */
    Map<String, String> refusedSources() {
        return refusedSources;
    }

    /** Returns the modules that were not taken. App thread. */
    List<RefusedModules.Refused> refusedModules() {
        return refused.all();
    }

    /** Returns the modules that are here. App thread. */
    List<ModuleHost> modules() {
        return List.copyOf(modules.values());
    }

    /** Removes all modules, those that are built on others first, and takes the core's operations back. */
    public CompletionStage<Void> close() {
        return reactors.onApp(this::removeAll)
                .whenComplete((v, e) -> reactors.app().execute(() -> {
                    if (operations != null) {
                        operations.close();
                    }
                }));
    }

    /**
     * Gives the core's own memory back at once, for those who make many cores in one process; else the garbage collector does. To be called once, when no
     * reactor runs any more: whatever I/O is left there may not go on. On any thread.
     */
    public void freeMemory() {
        context.freeMemory();
    }

    private CompletionStage<Void> removeAll() {
        // first: nobody may save a configuration without the bdevs that go now, or add one
        modules().forEach(ModuleHost::closeOperations);
        return removeTopDown();
    }

    private CompletionStage<Void> removeTopDown() {
        List<CompletableFuture<Void>> removals = new ArrayList<>();
        for (CoreBdev bdev : context.names().all()) {
            if (bdev.claims().isEmpty()) {
                removals.add(bdev.removal().start().toCompletableFuture());
            }
        }
        if (removals.isEmpty()) {
            List<ModuleHost> all = modules();
            CompletionStage<Void> done = CompletableFuture.completedFuture(null);
            for (int i = all.size() - 1; i >= 0; i--) {
                BdevModule module = all.get(i).module();
                done = done.thenCompose(v -> remove(module));
            }
            return done;
        }
        return CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new))
                .thenCompose(v -> reactors.onApp(this::removeTopDown));
    }

    // ---- bdevs ----

    @Override
    public CompletionStage<Optional<Bdev>> find(String name) {
        return reactors.onApp(() ->
                CompletableFuture.completedFuture(context.names().find(name).map(b -> b)));
    }

    @Override
    public CompletionStage<List<Bdev>> list() {
        return reactors.onApp(() ->
                CompletableFuture.completedFuture(List.copyOf(context.names().all())));
    }

    @Override
    public CompletionStage<BdevDescriptor> open(String name, OpenMode mode, String holder, BdevEventListener listener) {
        Reactor owner = reactors.current().orElse(reactors.app());
        return reactors.onApp(() ->
                CompletableFuture.completedFuture(context.names().require(name).open(owner, mode, holder, listener)));
    }

    @Override
    public CompletionStage<Void> waitForExamine(Duration timeout) {
        return reactors.onApp(() -> context.examinations().whenIdle(timeout));
    }

    @Override
    public CompletionStage<Watch> watch(BdevWatcher watcher) {
        return reactors.onApp(() -> {
            context.watchers().add(watcher);
            for (CoreBdev bdev : context.names().all()) {
                if (bdev.state() == BdevState.READY) {
                    watcher.ready(bdev);
                }
            }
            Watch watch = () -> reactors.app().execute(() -> context.watchers().remove(watcher));
            return CompletableFuture.completedFuture(watch);
        });
    }

    @Override
    public CompletionStage<Watch> watchNotifications(Consumer<Notification> listener) {
        return reactors.onApp(() -> {
            context.notifications().add(listener);
            Watch watch =
                    () -> reactors.app().execute(() -> context.notifications().remove(listener));
            return CompletableFuture.completedFuture(watch);
        });
    }
}
