package io.cairn.module.raid.sync;

/** The array's channels of all reactors, as a background process needs them. Everything on the app thread, except {@link #ios}. */
public interface RowLock {
    /**
     * Keeps all changes of rows back, on every channel. One range at a time.
     *
     * @param locked run on the app thread when no change of them is out
     */
    void lock(long row, long rows, Runnable locked);

    /** Lets go what was kept back. */
    void unlock();

    /** Returns a number that changes whenever the array is given I/O: how much, roughly. From any thread. */
    long ios();
}
