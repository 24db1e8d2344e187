package io.cairn.module.raid.array;

/**
 * What {@code bdev_raid_set_options} says for all arrays.
 *
 * @param processWindowKb how much of each member a background process locks at a time, in KiB
 * @param processMaxBandwidthMbSec the most that a process writes, in MiB per second; 0: no limit
 * @param policies what holds for arrays that have no policy of their own
 */
public record Options(long processWindowKb, long processMaxBandwidthMbSec, Policies policies) {
    /** SPDK's defaults. */
    public static final Options DEFAULT = new Options(1024, 0, Policies.DEFAULT);
}
