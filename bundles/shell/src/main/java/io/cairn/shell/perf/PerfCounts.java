package io.cairn.shell.perf;

/**
 * What has been done so far.
 *
 * @param reads reads that are over
 * @param writes writes that are over
 * @param checked I/Os whose data were compared with what had been written
 */
public record PerfCounts(long reads, long writes, long checked) {
    /** Nothing. */
    public static final PerfCounts NONE = new PerfCounts(0, 0, 0);

    /** Returns reads and writes together. */
    public long all() {
        return reads + writes;
    }

    PerfCounts plus(PerfCounts other) {
        return new PerfCounts(reads + other.reads, writes + other.writes, checked + other.checked);
    }
}
