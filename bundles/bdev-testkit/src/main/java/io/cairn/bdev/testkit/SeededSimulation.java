package io.cairn.bdev.testkit;

/** One run of a simulation, in which one seed decides everything. See {@link Seeds#run}. */
public interface SeededSimulation extends AutoCloseable {
    /** Runs; throws when something is not as it must be. */
    void run();

    /** Returns what has been done so far, in words that help to see what a failure is about. */
    String history();

    /** Frees what the run holds, however it ended. */
    @Override
    void close();
}
