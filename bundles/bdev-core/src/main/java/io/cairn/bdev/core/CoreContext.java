package io.cairn.bdev.core;

import io.cairn.reactor.BufferPool;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactors;
import java.util.function.Supplier;

/** What the parts of the core share. */
final class CoreContext {
    private final Reactors reactors;
    private final Examinations examinations;
    private final NameSpace names;
    private final Watchers watchers;
    private final Notifications notifications = new Notifications();
    private final Supplier<CoreOptions> options;
    private final Upgrades upgrades = new Upgrades(this);
    private final IoBuffer zeroes = IoBuffer.allocate(BufferPool.LARGEST);

    CoreContext(
            Reactors reactors,
            NameSpace names,
            Watchers watchers,
            Supplier<CoreOptions> options,
            Supplier<Iterable<ModuleHost>> modules) {
        this.reactors = reactors;
        this.names = names;
        this.watchers = watchers;
        this.options = options;
        watchers.add(notifications);
        this.examinations = new Examinations(reactors, options, modules);
    }

    Reactors reactors() {
        return reactors;
    }

    Examinations examinations() {
        return examinations;
    }

    Upgrades upgrades() {
        return upgrades;
    }

    NameSpace names() {
        return names;
    }

    Watchers watchers() {
        return watchers;
    }

    Notifications notifications() {
        return notifications;
    }

    CoreOptions options() {
        return options.get();
    }

    /** Gives the core's own memory back; no I/O may be out, and none may follow. */
    void freeMemory() {
        zeroes.free();
    }

    /** Returns memory full of zeroes that nobody writes to. */
    IoBuffer zeroes() {
        return zeroes;
    }

    /** A bdev's size has changed. */
    void resized(CoreBdev bdev) {
        System.getLogger(CoreContext.class.getName())
                .log(System.Logger.Level.INFO, "bdev {0} has {1} blocks now", bdev.name(), bdev.numBlocks());
        notifications.resized(bdev);
    }
}
