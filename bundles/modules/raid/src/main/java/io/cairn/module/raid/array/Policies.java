package io.cairn.module.raid.array;

/**
 * What an array does by itself.
 *
 * @param startDegradedTimeoutSec how long an array that could serve I/O waits for members that are missing, in seconds, before it starts without them; 0:
 *     for ever
 * @param spareDelaySec how long a member is away, in seconds, before a spare takes its place; one that has failed is replaced at once
 * @param maxReadErrors how many read errors of a member are repaired before it is failed; 0: any number
 */
public record Policies(long startDegradedTimeoutSec, long spareDelaySec, long maxReadErrors) {
    /** SPDK's way: wait for ever. A member may be away for a minute, and 20 read errors are what md bears. */
    public static final Policies DEFAULT = new Policies(0, 60, 20);
}
