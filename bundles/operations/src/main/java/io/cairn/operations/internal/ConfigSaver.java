package io.cairn.operations.internal;

import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.reactor.Reactors;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;

/**
 * Keeps the saved configuration up to date. App thread; files are written on a blocking thread, one write at a time. Changes
 * that come while one is under way go into the next one together.
 */
final class ConfigSaver {
    private static final Logger LOG = System.getLogger(ConfigSaver.class.getName());

    private final Reactors reactors;
    private final ConfigStore store;
    private final StoredConfig config;
    private final Set<Owner> changed = new LinkedHashSet<>();
    private List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private boolean writing;

    ConfigSaver(Reactors reactors, ConfigStore store) {
        this.reactors = reactors;
        this.store = store;
        this.config = store.loaded();
    }

    /** Returns the configuration as it will be written next. */
    StoredConfig config() {
        return config;
    }

    /** Where it is written to, for messages. */
    String place() {
        return store.place();
    }

    /**
     * Saves an owner's present configuration.
     *
     * @return completes on the app thread when it is on disk; fails with the {@link IOException} if it is not
     */
    CompletionStage<Void> changed(Owner owner) {
        if (!owner.closed()) {
            changed.add(owner);
        }
        return save();
    }

    /** Saves what has been changed in {@link #config()} itself. */
    CompletionStage<Void> save() {
        CompletableFuture<Void> saved = new CompletableFuture<>();
        waiting.add(saved);
        if (!writing) {
            write();
        }
        return saved;
    }

    /** Completes when no write is under way; fails as the last one under way did. */
    CompletionStage<Void> idle() {
        return writing ? save() : CompletableFuture.completedFuture(null);
    }

    /** Takes what an owner that goes has changed and nobody has taken yet. */
    void leaves(Owner owner) {
        if (changed.remove(owner)) {
            take(config, owner);
        }
    }

    /** Puts an owner's present configuration into a configuration. A source that fails keeps what it had. */
    static void take(StoredConfig into, Owner owner) {
        ConfigSource source = owner.source().orElseThrow();
        List<ConfigEntry> entries;
        try {
            entries = List.copyOf(source.configuration());
            into.replace(owner.key(), source.subsystem(), entries);
        } catch (RuntimeException | LinkageError e) {
            LOG.log(Level.ERROR, "the configuration of " + owner.key() + " cannot be had; what was saved is kept", e);
        }
    }

    private void write() {
        changed.forEach(owner -> take(config, owner));
        changed.clear();
        List<CompletableFuture<Void>> covered = waiting;
        waiting = new ArrayList<>();
        Map<String, Object> plain = config.plain();
        writing = true;
        try {
            reactors.blocking().execute(() -> {
                Throwable failure = null;
                try {
                    store.write(plain);
                } catch (IOException | RuntimeException e) {
                    failure = e;
                }
                Throwable outcome = failure;
                reactors.app().execute(() -> written(covered, outcome));
            });
        } catch (RejectedExecutionException e) {
            written(covered, e);
        }
    }

    private void written(List<CompletableFuture<Void>> covered, Throwable failure) {
        writing = false;
        if (failure != null) {
            LOG.log(Level.ERROR, "the configuration could not be saved to " + store.place(), failure);
        }
        if (!waiting.isEmpty()) {
            write();
        }
        for (CompletableFuture<Void> one : covered) {
            if (failure == null) {
                one.complete(null);
            } else {
                one.completeExceptionally(failure);
            }
        }
    }
}
