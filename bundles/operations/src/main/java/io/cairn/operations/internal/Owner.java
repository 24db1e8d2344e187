package io.cairn.operations.internal;

import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Those who offered operations together. App thread. */
final class Owner {
    private final Optional<ConfigSource> source;
    private final String key;
    private final List<Declared<?, ?>> operations = new ArrayList<>();
    private final CompletableFuture<Void> replayed = new CompletableFuture<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean closed;

    Owner(Optional<ConfigSource> source, List<Operation<?, ?>> offered) {
        this.source = source;
        this.key = source.map(s -> s.subsystem() + "/" + s.owner()).orElse("");
        offered.forEach(operation -> operations.add(new Declared<>(operation, this)));
    }

    /** Where its state is asked for; empty for operations that keep none. */
    Optional<ConfigSource> source() {
        return source;
    }

    /** What tells it from other owners; the same after it went and came back. */
    String key() {
        return key;
    }

    List<Declared<?, ?>> operations() {
        return operations;
    }

    CompletableFuture<Void> replayed() {
        return replayed;
    }

    boolean ready() {
        return replayed.isDone();
    }

    boolean closed() {
        return closed;
    }

    /** Returns whether it was open. */
    boolean close() {
        boolean wasOpen = !closed;
        closed = true;
        return wasOpen;
    }

    /** Runs a call now, or when the replay is over. */
    void whenReady(Runnable call) {
        if (ready()) {
            call.run();
        } else {
            waiting.add(call);
        }
    }

    /** Ends the replay: first those who waited for it to end, then the calls that waited. */
    void becomeReady() {
        replayed.complete(null);
        List<Runnable> calls = new ArrayList<>(waiting);
        waiting.clear();
        calls.forEach(Runnable::run);
    }
}
