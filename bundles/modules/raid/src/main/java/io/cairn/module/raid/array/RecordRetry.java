package io.cairn.module.raid.array;

import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Too few members took a record, and what it says has not come true: until a later one is taken, those that have it may be believed after a power cut. So the record of what the
 * array is now is wanted: as soon as nothing else is being changed, then every few seconds, unless another change brings one before. App thread.
 */
final class RecordRetry {
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Reactor app;
    private final Serial serial;
    private final Life life;
    private final Supplier<CompletionStage<Boolean>> write;
    /** Null while none is waited for. */
    private Poller.Registration timer;

    /**
     * Makes one that wants nothing.
     *
     * @param write writes the record, and tells {@link #refused} or {@link #recorded}
     */
    RecordRetry(Reactor app, Serial serial, Life life, Supplier<CompletionStage<Boolean>> write) {
        this.app = app;
        this.serial = serial;
        this.life = life;
        this.write = write;
    }

    /** Too few members took a record: whoever asked for it takes back what it says before anything else is done. In the array's {@link Serial}, while it is online. */
    void refused() {
        Service service = life.service();
        if (!service.isOutdated()) {
            service.outdated();
            again();
        } else if (timer == null) {
            timer = app.after(PERIOD_NANOS, () -> {
                timer = null;
                again();
            });
        }
    }

    /** The record as it is now is on all members that are left. */
    void recorded() {
        close();
        life.service().recorded();
    }

    private void again() {
        serial.run(() -> isWanted() ? write.get() : CompletableFuture.completedFuture(false));
    }

    /** An array that is not online writes a record when it starts. */
    private boolean isWanted() {
        return life.isOnline() && life.service() != null && life.service().isOutdated() && !life.isDeleted();
    }

    /** Waits no more. */
    void close() {
        if (timer != null) {
            timer.close();
            timer = null;
        }
    }
}
