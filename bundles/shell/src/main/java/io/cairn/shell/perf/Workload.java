package io.cairn.shell.perf;

/** What kind of I/O a run does, and in what order. */
public enum Workload {
    /** Reads from front to back, again and again. */
    READ(true, false, false),
    /** Writes from front to back, again and again. */
    WRITE(false, true, false),
    /** Reads and writes from front to back. */
    RW(true, true, false),
    /** Reads anywhere. */
    RANDREAD(true, false, true),
    /** Writes anywhere. */
    RANDWRITE(false, true, true),
    /** Reads and writes anywhere. */
    RANDRW(true, true, true);

    private final boolean reads;
    private final boolean writes;
    private final boolean random;

    Workload(boolean reads, boolean writes, boolean random) {
        this.reads = reads;
        this.writes = writes;
        this.random = random;
    }

    /** Returns whether it reads. */
    public boolean reads() {
        return reads;
    }

    /** Returns whether it writes. */
    public boolean writes() {
        return writes;
    }

    /** Returns whether the order is random. */
    public boolean random() {
        return random;
    }
}
