package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs.BdevWatcher;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Those who want to know of bdevs that come and go. App thread. */
final class Watchers {
    private static final Logger LOG = System.getLogger(Watchers.class.getName());

    private final List<BdevWatcher> watchers = new ArrayList<>();

    void add(BdevWatcher watcher) {
        watchers.add(watcher);
    }

    void remove(BdevWatcher watcher) {
        watchers.removeIf(w -> w == watcher);
    }

    void ready(Bdev bdev) {
        tell(w -> w.ready(bdev));
    }

    void gone(Bdev bdev) {
        tell(w -> w.gone(bdev));
    }

    private void tell(Consumer<BdevWatcher> what) {
        for (BdevWatcher watcher : List.copyOf(watchers)) {
            try {
                what.accept(watcher);
            } catch (RuntimeException | LinkageError e) {
                LOG.log(Level.ERROR, "a watcher of bdevs threw", e);
            }
        }
    }
}
