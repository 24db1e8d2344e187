package io.cairn.bdev;

import java.util.Locale;

/** What a {@link Notification} can be about. The order is that of {@code notify_get_types}. */
public enum NotificationType {
    /** A bdev is ready: registered, and its first wave of examine is over. */
    BDEV_REGISTER,
    /** A bdev that was announced is gone; its name is free. */
    BDEV_UNREGISTER,
    /** A bdev's size has changed. */
    BDEV_RESIZE,
    /** A module is here: its stored configuration has been replayed. */
    MODULE_ARRIVE,
    /** A module that had arrived has left, its bdevs before it. */
    MODULE_DEPART;

    /** Returns the name in JSON-RPC: SPDK's where SPDK has it. */
    public String rpcName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
