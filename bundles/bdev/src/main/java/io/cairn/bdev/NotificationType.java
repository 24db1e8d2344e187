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
    MODULE_DEPART,
    /** A bdev that is built on several has lost one of them: it failed, was removed or went away. */
    BDEV_MEMBER_LOST,
    /** A bdev has less redundancy than it should have. */
    BDEV_DEGRADED,
    /** A bdev has all of its redundancy again. */
    BDEV_OPTIMAL,
    /** A spare has taken the place of a member. */
    BDEV_SPARE_TAKEN,
    /** A background process has begun. */
    BDEV_PROCESS_BEGIN,
    /** A background process has ended, well or not. */
    BDEV_PROCESS_END,
    /** Members did not agree where they should have. */
    BDEV_MISMATCH;

    /** Returns the name in JSON-RPC: SPDK's where SPDK has it. */
    public String rpcName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
