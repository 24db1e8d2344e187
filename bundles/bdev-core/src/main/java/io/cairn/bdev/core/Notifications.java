package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs.BdevWatcher;
import io.cairn.bdev.Notification;
import io.cairn.bdev.NotificationType;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What has happened to bdevs and modules: the newest {@value #CAPACITY} are kept for those who ask later, and listeners are told
 * at once. App thread.
 */
final class Notifications implements BdevWatcher {
    /** As many as SPDK keeps. */
    static final int CAPACITY = 1024;

    private static final Logger LOG = System.getLogger(Notifications.class.getName());

    private final ArrayDeque<Notification> ring = new ArrayDeque<>(CAPACITY);
    private final List<Consumer<Notification>> listeners = new ArrayList<>();
    /** A bdev that was never announced (it was removed while it was examined for the first time) does not leave either. */
    private final Set<Bdev> announced = Collections.newSetFromMap(new IdentityHashMap<>());

    private long nextId;

    /** Returns up to so many, the oldest first, from an id on; older ids than are kept stand for the oldest kept one. */
    List<Notification> from(long id, long max) {
        return ring.stream().filter(n -> n.id() >= id).limit(max).toList();
    }

    void add(Consumer<Notification> listener) {
        listeners.add(listener);
    }

    void remove(Consumer<Notification> listener) {
        listeners.removeIf(l -> l == listener);
    }

    @Override
    public void ready(Bdev bdev) {
        announced.add(bdev);
        tell(NotificationType.BDEV_REGISTER, bdev);
    }

    @Override
    public void gone(Bdev bdev) {
        if (announced.remove(bdev)) {
            tell(NotificationType.BDEV_UNREGISTER, bdev);
        }
    }

    void resized(Bdev bdev) {
        if (announced.contains(bdev)) {
            tell(NotificationType.BDEV_RESIZE, bdev);
        }
    }

    /** The bdev's module has something to say of it. */
    void announced(Bdev bdev, NotificationType type, String detail) {
        if (announced.contains(bdev)) {
            tell(type, bdev, detail);
        }
    }

    void arrived(String module) {
        tell(new Notification(nextId++, NotificationType.MODULE_ARRIVE, module, module, Optional.empty(), 0));
    }

    void departed(String module) {
        tell(new Notification(nextId++, NotificationType.MODULE_DEPART, module, module, Optional.empty(), 0));
    }

    private void tell(NotificationType type, Bdev bdev) {
        tell(type, bdev, "");
    }

    private void tell(NotificationType type, Bdev bdev, String detail) {
        tell(new Notification(
                nextId++, type, bdev.name(), bdev.moduleName(), Optional.of(bdev.uuid()), bdev.sizeBytes(), detail));
    }

    private void tell(Notification notification) {
        if (ring.size() == CAPACITY) {
            ring.removeFirst();
        }
        ring.addLast(notification);
        for (Consumer<Notification> listener : List.copyOf(listeners)) {
            try {
                listener.accept(notification);
            } catch (RuntimeException | LinkageError e) {
                LOG.log(Level.ERROR, "a listener to notifications threw", e);
            }
        }
    }
}
