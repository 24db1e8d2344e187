package io.cairn.operations.internal;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import io.cairn.operations.PendingEntry;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;

/**
 * All operations that are offered, their calls, and the configuration that they make. State is the app thread's; what any
 * thread may read is published as immutable values.
 *
 * <p>Every call is answered: one whose handler does not answer in time is answered with −110, and its late outcome is logged
 * (and saved, if it changed the configuration; an entry of the saved configuration does not count as failed any more then).
 */
@Component(
        service = {OperationRegistry.class, Operations.class},
        configurationPid = "io.cairn.operations")
public final class OperationCenter implements OperationRegistry, Operations {
    private static final Logger LOG = System.getLogger(OperationCenter.class.getName());

    private static final long STOP_SECONDS = 10;

    private final Reactors reactors;
    private final ConfigSaver saver;
    private final Settings settings;
    private final Owner framework;
    private final List<Owner> owners = new ArrayList<>();
    private final List<Owner> replaying = new ArrayList<>();
    private final List<Watcher> watchers = new ArrayList<>();
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private volatile Published published = new Published(Map.of(), List.of());

    /** What other threads may look at. */
    private record Published(Map<String, Declared<?, ?>> byName, List<Operation<?, ?>> newestFirst) {}

    /** Makes a center with the default settings. */
    public OperationCenter(Reactors reactors, ConfigStore store) {
        this(reactors, store, Settings.defaults());
    }

    /** Makes a center; it offers the framework's own operations. From any thread. */
    public OperationCenter(Reactors reactors, ConfigStore store, Settings settings) {
        this.reactors = reactors;
        this.settings = settings;
        this.saver = new ConfigSaver(reactors, store);
        if (!settings.waitForRpc()) {
            started.complete(null);
        }
        framework = new Owner(Optional.empty(), new FrameworkOperations(this, reactors).all());
        framework.becomeReady();
        owners.add(framework);
        publish();
    }

    /**
     * Makes the center of a running distribution; {@link Deployment} says what can be set where.
     *
     * @param configuration what the configuration admin has under {@code io.cairn.operations}
     */
    @Activate
    public OperationCenter(@Reference Reactors reactors, BundleContext context, Map<String, Object> configuration) {
        this(
                reactors,
                ConfigStore.at(new Deployment(context::getProperty, System.getenv(), configuration).configFile()),
                new Deployment(context::getProperty, System.getenv(), configuration).settings());
    }

    /** Keeps the center, and with it every stack, as it is: new settings take effect at the next start. */
    @Modified
    public void configurationChanged() {
        LOG.log(Level.INFO, "the configuration io.cairn.operations has changed; it takes effect at the next start");
    }

    /** Lets the last write of the configuration end. Blocks for at most some seconds; not on a reactor. */
    @Deactivate
    public void stop() {
        CompletionStage<Void> lastWrite = reactors.onApp(saver::idle);
        try {
            lastWrite.toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(Level.WARNING, "stopped while the configuration was being written to " + saver.place(), e);
        }
    }

    @Override
    public Registration offer(List<Operation<?, ?>> operations, ConfigSource source) {
        reactors.app().requireCurrent();
        Owner owner = new Owner(Optional.of(source), operations);
        requireFree(owner);
        owners.add(owner);
        publish();
        tellWatchers();
        List<StoredConfig.Item> stored = saver.config()
                .assign(owner.key(), operations.stream().map(Operation::name).toList());
        if (stored.isEmpty()) {
            owner.becomeReady();
        } else {
            replaying.add(owner);
            started.thenRun(() -> reactors.app().execute(() -> replay(owner, stored, 0, false)));
        }
        return new Offer(owner);
    }

    @Override
    public Optional<Operation<?, ?>> find(String name) {
        return Optional.ofNullable(published.byName.get(name)).map(Declared::operation);
    }

    @Override
    public List<Operation<?, ?>> all() {
        return published.newestFirst;
    }

    @Override
    public boolean isStartup() {
        return !started.isDone();
    }

    @Override
    public List<PendingEntry> pendingConfiguration() {
        reactors.app().requireCurrent();
        return saver.config().pending(published.byName::containsKey);
    }

    @Override
    public Watch watch(Runnable changed) {
        Watcher watcher = new Watcher(changed);
        reactors.app().execute(() -> {
            watchers.add(watcher);
            watcher.tell();
        });
        return watcher;
    }

    private void tellWatchers() {
        List.copyOf(watchers).forEach(Watcher::tell);
    }

    @Override
    public CompletionStage<Object> call(String name, Map<String, Object> params) {
        return reactors.onApp(() -> begin(name, params));
    }

    /** Returns whether an operation may be called in the present state. From any thread. */
    boolean callable(Operation<?, ?> operation) {
        return switch (operation.states()) {
            case BOTH -> true;
            case RUNTIME -> started.isDone();
            case STARTUP -> !started.isDone();
        };
    }

    /** Ends the startup state. App thread. Completes when what is here has been replayed. */
    CompletionStage<Void> start() {
        started.complete(null);
        return replayed();
    }

    /** Completes at run time, when no replay is under way. App thread. */
    CompletionStage<Void> replayed() {
        return started.thenCompose(nothing ->
                CompletableFuture.allOf(replaying.stream().map(Owner::replayed).toArray(CompletableFuture<?>[]::new)));
    }

    /** Returns the subsystems and what they depend on, those depended on first. App thread. */
    Map<String, List<String>> subsystems() {
        Map<String, List<String>> known = new LinkedHashMap<>();
        for (ConfigSource source : sources()) {
            known.computeIfAbsent(source.subsystem(), name -> new ArrayList<>()).addAll(source.dependsOn());
        }
        saver.config().subsystems().forEach(name -> known.putIfAbsent(name, List.of()));
        Map<String, List<String>> ordered = new LinkedHashMap<>();
        known.keySet().forEach(name -> addAfterDependencies(name, known, ordered));
        return ordered;
    }

    /** Returns the present configuration of a subsystem, or empty if it is unknown. App thread. */
    Optional<List<Object>> configurationOf(String subsystem) {
        if (!subsystems().containsKey(subsystem)) {
            return Optional.empty();
        }
        StoredConfig present = new StoredConfig(saver.config());
        for (Owner owner : owners) {
            if (owner.ready() && owner.source().isPresent()) {
                ConfigSaver.take(present, owner);
            }
        }
        List<Object> entries = new ArrayList<>(present.entries(subsystem));
        for (ConfigSource source : sources()) {
            if (source.subsystem().equals(subsystem)) {
                source.closingEntries().forEach(entry -> entries.add(StoredConfig.plain(entry)));
            }
        }
        return Optional.of(entries);
    }

    /** Returns the entries that are kept and not in force, with the reason. App thread. */
    List<Object> failedEntries() {
        List<Object> entries = new ArrayList<>();
        for (PendingEntry pending : pendingConfiguration()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("subsystem", pending.subsystem());
            entry.putAll(StoredConfig.plain(pending.entry()));
            entry.put("error", pending.reason());
            entry.put("offered", pending.offered());
            entries.add(entry);
        }
        return entries;
    }

    /** Forgets failed entries of a method, or all; completes with their number when that is saved. App thread. */
    CompletionStage<Integer> forgetFailedEntries(Optional<String> method) {
        int forgotten = saver.config().forgetFailed(method.orElse(null), published.byName::containsKey);
        return saver.save().thenApply(nothing -> forgotten);
    }

    private List<ConfigSource> sources() {
        return owners.stream().flatMap(owner -> owner.source().stream()).toList();
    }

    private static void addAfterDependencies(
            String name, Map<String, List<String>> known, Map<String, List<String>> ordered) {
        if (!known.containsKey(name) || ordered.containsKey(name)) {
            return;
        }
        List<String> dependencies = known.get(name).stream().distinct().toList();
        Map<String, List<String>> others = new LinkedHashMap<>(known);
        others.remove(name);
        dependencies.forEach(dependency -> addAfterDependencies(dependency, others, ordered));
        ordered.put(name, dependencies);
    }

    private void requireFree(Owner added) {
        List<String> names = new ArrayList<>();
        for (Declared<?, ?> declared : added.operations()) {
            String name = declared.operation().name();
            if (published.byName.containsKey(name) || names.contains(name)) {
                throw new IllegalStateException("operation " + name + " of " + added.key() + " is offered already");
            }
            names.add(name);
        }
        if (owners.stream().anyMatch(owner -> owner.key().equals(added.key()))) {
            throw new IllegalStateException(added.key() + " offers its operations already");
        }
    }

    private void publish() {
        Map<String, Declared<?, ?>> byName = new HashMap<>();
        List<Operation<?, ?>> oldestFirst = new ArrayList<>();
        for (Owner owner : owners) {
            for (Declared<?, ?> declared : owner.operations()) {
                byName.put(declared.operation().name(), declared);
                oldestFirst.add(declared.operation());
            }
        }
        Collections.reverse(oldestFirst);
        published = new Published(Map.copyOf(byName), List.copyOf(oldestFirst));
    }

    private CompletionStage<Object> begin(String name, Map<String, Object> params) {
        Declared<?, ?> declared = published.byName.get(name);
        if (declared == null) {
            return CompletableFuture.failedFuture(Refusals.unknown(name));
        }
        if (!callable(declared.operation())) {
            return CompletableFuture.failedFuture(started.isDone() ? Refusals.tooLate(name) : Refusals.tooEarly(name));
        }
        Call call = new Call(declared, () -> {});
        declared.owner().whenReady(() -> {
            if (declared.owner().closed()) {
                call.answer.completeExceptionally(Refusals.unknown(name));
            } else {
                call.run(params, true);
            }
        });
        return call.answer;
    }

    private void replay(Owner owner, List<StoredConfig.Item> stored, int index, boolean news) {
        if (index == stored.size() || owner.closed()) {
            if (news && !owner.closed()) {
                saver.save();
            }
            replaying.remove(owner);
            owner.becomeReady();
            return;
        }
        StoredConfig.Item item = stored.get(index);
        ConfigEntry entry = item.entry();
        Declared<?, ?> declared = published.byName.get(entry.method());
        Call call = new Call(
                declared,
                () -> owner.whenReady(() -> {
                    // not before: while entries are still to be replayed, the owner's present state is not the whole
                    if (!owner.closed()) {
                        item.failed(null);
                        saver.changed(owner);
                    }
                }));
        call.run(entry.params().isEmpty() ? null : entry.params(), false);
        call.answer.whenComplete((result, failure) -> {
            boolean changed = item.failed(failure == null ? null : failure.getMessage());
            if (failure != null) {
                LOG.log(
                        Level.ERROR,
                        "saved configuration: {0} of {1} failed and is kept for the next start: {2}",
                        entry.method(),
                        owner.key(),
                        failure.getMessage());
            }
            // by a message: any number of entries that are answered at once must not pile up on the stack
            reactors.app().execute(() -> replay(owner, stored, index + 1, news || changed));
        });
    }

    /** One call from decoding to its answer. App thread. */
    private final class Call {
        private final Declared<?, ?> declared;
        private final CompletableFuture<Object> answer = new CompletableFuture<>();
        private final Runnable succeededLate;
        private Optional<Poller.Registration> deadline = Optional.empty();

        /**
         * Makes a call, whose deadline begins to run.
         *
         * @param succeededLate runs if the call succeeds when it has been answered already
         */
        Call(Declared<?, ?> declared, Runnable succeededLate) {
            this.declared = declared;
            this.succeededLate = succeededLate;
            if (declared.owner() != framework) {
                deadline = Optional.of(reactors.app().after(settings.deadline().toNanos(), this::timeOut));
            }
        }

        void run(Map<String, Object> params, boolean save) {
            if (answer.isDone()) {
                return;
            }
            CompletionStage<?> stage;
            try {
                stage = declared.start(params);
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                finish(null, e, save);
                return;
            }
            stage.whenComplete((result, failure) -> {
                if (reactors.app().isCurrent()) {
                    finish(result, failure, save);
                } else {
                    reactors.app().execute(() -> finish(result, failure, save));
                }
            });
        }

        private void finish(Object result, Throwable failure, boolean save) {
            deadline.ifPresent(Poller.Registration::close);
            if (failure != null) {
                refuse(Refusals.of(declared.operation(), failure));
                return;
            }
            Object plain;
            try {
                plain = PlainValues.of(result);
            } catch (RuntimeException e) {
                refuse(Refusals.of(declared.operation(), e));
                return;
            }
            boolean changes = declared.operation().changesConfiguration()
                    && declared.owner().source().isPresent();
            if (save && changes) {
                saver.changed(declared.owner()).whenComplete((nothing, notSaved) -> {
                    if (notSaved == null) {
                        succeed(plain);
                    } else {
                        refuse(Refusals.notSaved(name(), saver.place(), plain, notSaved));
                    }
                });
            } else {
                succeed(plain);
            }
        }

        private void succeed(Object plain) {
            if (!answer.complete(plain)) {
                LOG.log(
                        Level.WARNING,
                        "operation {0} succeeded after its caller had been told that it took too long",
                        name());
                succeededLate.run();
            }
        }

        private void refuse(OperationException refusal) {
            if (!answer.completeExceptionally(refusal)) {
                LOG.log(
                        Level.WARNING,
                        "operation {0} failed after its caller had been told that it took too long: {1}",
                        name(),
                        refusal.getMessage());
            }
        }

        private void timeOut() {
            OperationException refusal =
                    Refusals.timedOut(name(), settings.deadline().toSeconds());
            if (answer.completeExceptionally(refusal)) {
                LOG.log(Level.WARNING, refusal.getMessage());
            }
        }

        private String name() {
            return declared.operation().name();
        }
    }

    /** Somebody who follows what is offered. Told on the app thread. */
    private final class Watcher implements Watch {
        private final Runnable changed;
        private volatile boolean closed;

        Watcher(Runnable changed) {
            this.changed = changed;
        }

        void tell() {
            if (closed) {
                return;
            }
            try {
                changed.run();
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                LOG.log(Level.ERROR, changed + " failed when it was told of a change of the operations", e);
            }
        }

        @Override
        public void close() {
            closed = true;
            reactors.app().execute(() -> watchers.remove(this));
        }
    }

    private final class Offer implements Registration {
        private final Owner owner;

        Offer(Owner owner) {
            this.owner = owner;
        }

        @Override
        public CompletionStage<Void> replayed() {
            return owner.replayed().minimalCompletionStage();
        }

        @Override
        public void close() {
            reactors.app().requireCurrent();
            if (owner.close()) {
                saver.leaves(owner);
                owners.remove(owner);
                publish();
                tellWatchers();
                if (!replaying.contains(owner)) {
                    return;
                }
                if (!started.isDone()) {
                    // its replay has not begun and never will
                    replaying.remove(owner);
                    owner.becomeReady();
                }
            }
        }
    }
}
