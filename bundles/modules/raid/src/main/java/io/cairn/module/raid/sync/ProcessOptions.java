package io.cairn.module.raid.sync;

/**
 * What a background process may take.
 *
 * @param windowBytes how much of each member is locked at a time, in bytes, at most; rounded down to blocks, at least one block. While the array has no I/O of
 *     others, several windows are locked at a time
 * @param bytesPerSecond the most that is written to (or, where nothing is written, read from) a member; 0: no limit
 */
public record ProcessOptions(int windowBytes, long bytesPerSecond) {
    /** SPDK's defaults: windows of 1 MiB, no limit. */
    public static final ProcessOptions DEFAULT = new ProcessOptions(1 << 20, 0);

    /** Refuses what makes no sense. */
    public ProcessOptions {
        if (windowBytes < 1 || bytesPerSecond < 0) {
            throw new IllegalArgumentException(windowBytes + " bytes in a window, " + bytesPerSecond + " per second");
        }
    }
}
