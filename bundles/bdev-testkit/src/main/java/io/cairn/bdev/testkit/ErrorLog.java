package io.cairn.bdev.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Listens for errors in Cairn's log: a message, timer or poller that failed, a defect that the core caught. */
final class ErrorLog extends Handler {
    // held, because the log manager holds its loggers weakly
    private final Logger logger = Logger.getLogger("io.cairn");
    private final Consumer<String> told;
    private final List<String> expected = new CopyOnWriteArrayList<>();
    private volatile boolean ignoring;

    ErrorLog(Consumer<String> told) {
        this.told = told;
        setLevel(Level.SEVERE);
        logger.addHandler(this);
    }

    /** Errors whose message contains this are not told. */
    void ignore(String part) {
        expected.add(part);
    }

    void ignore() {
        ignoring = true;
    }

    @Override
    public void publish(LogRecord record) {
        if (isLoggable(record)
                && !ignoring
                && expected.stream().noneMatch(String.valueOf(record.getMessage())::contains)) {
            Throwable thrown = record.getThrown();
            told.accept("logged: " + record.getMessage() + (thrown == null ? "" : " (" + thrown + ")"));
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
