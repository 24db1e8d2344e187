package io.cairn.bdev.core;

import java.time.Duration;

/**
 * What can be set of the core before it starts.
 *
 * @param autoExamine whether every bdev is examined when it comes; otherwise only those that {@code bdev_examine} names
 * @param ioObjectsPerChannel the most I/Os of one descriptor on one reactor (SPDK's {@code bdev_io_cache_size})
 * @param ioPoolSize SPDK's {@code bdev_io_pool_size}: checked and reported; the pools here are per channel
 * @param examineDeadline how long one module may examine one bdev before it is reported and not waited for
 * @param removalDeadline how long holders have to close a bdev that is removed, before they are revoked
 * @param destructDeadline how long a module may take its backend down before it is reported and not waited for
 */
public record CoreOptions(
        boolean autoExamine,
        int ioObjectsPerChannel,
        int ioPoolSize,
        Duration examineDeadline,
        Duration removalDeadline,
        Duration destructDeadline) {
    /** Returns how long I/O may take to end by itself when its bdev is removed, before it is aborted: a tenth of the deadline. */
    public Duration patience() {
        return removalDeadline.dividedBy(10);
    }

    /** What holds if nothing is set. */
    public static final CoreOptions DEFAULTS =
            new CoreOptions(true, 256, 65535, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofSeconds(10));

    /** Returns the same with or without automatic examine. */
    public CoreOptions withAutoExamine(boolean on) {
        return new CoreOptions(on, ioObjectsPerChannel, ioPoolSize, examineDeadline, removalDeadline, destructDeadline);
    }

    /** Returns the same with other pools. */
    public CoreOptions withPools(int perChannel, int total) {
        return new CoreOptions(autoExamine, perChannel, total, examineDeadline, removalDeadline, destructDeadline);
    }

    /** Returns the same with other deadlines. */
    public CoreOptions withDeadlines(Duration examine, Duration removal, Duration destruct) {
        return new CoreOptions(autoExamine, ioObjectsPerChannel, ioPoolSize, examine, removal, destruct);
    }
}
