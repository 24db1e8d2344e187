package io.cairn.bdev.core;

import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevState;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The removal of one bdev, which always ends. App thread.
 *
 * <p>New I/O is stopped and I/O that waits in the core is ended; every descriptor is told; I/O that has not ended after a tenth of the
 * deadline is aborted in the module, which may reach modules below that keep it; those who have not closed by the deadline are
 * revoked and named in the log; when no descriptor is left the module takes its backend down, for which it has a deadline too;
 * then the names are free. What is in the module is never taken from it: its memory is in use. A module that does not give it back
 * in time is named and no longer waited for; its backend is taken down when it does.
 */
final class Removal {
    private static final Logger LOG = System.getLogger(Removal.class.getName());

    private final CoreBdev bdev;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private Poller.Registration deadline;
    private Poller.Registration patience = () -> {};
    private boolean revoking;
    private boolean destructing;
    private long begunNanos;

    Removal(CoreBdev bdev) {
        this.bdev = bdev;
    }

    private Reactor app() {
        return bdev.reactors().app();
    }

    private CoreOptions options() {
        return bdev.context().options();
    }

    /** Starts, if it has not begun. */
    CompletionStage<Void> start() {
        app().requireCurrent();
        if (!bdev.isLeaving()) {
            begunNanos = app().clockNanos();
            bdev.setState(BdevState.UNREGISTERING);
            bdev.resets().refuseWaiting();
            deadline = app().after(options().removalDeadline().toNanos(), this::revoke);
            patience = app().after(options().patience().toNanos(), this::abort);
            bdev.sharedChannels().forEachChannel(app(), SharedChannel::markRemoved, this::tellDescriptors);
        }
        return gone;
    }

    /** Returns how long it has been under way; only if it has begun. */
    Duration since() {
        return Duration.ofNanos(app().clockNanos() - begunNanos);
    }

    /** Returns what it waits for, for people. */
    String waitsFor() {
        if (destructing) {
            return "module " + bdev.moduleName() + " to take its backend down";
        }
        return revoking
                ? "module " + bdev.moduleName() + " to give back the I/O that it has; its users were revoked"
                : "its users to close it: " + bdev.descriptors();
    }

    private void tellDescriptors() {
        bdev.descriptors().forEach(d -> d.tell(BdevEvent.REMOVE));
        destructWhenClosed();
    }

    void descriptorClosed() {
        if (bdev.state() == BdevState.UNREGISTERING) {
            // not from inside the close: a bdev above closes its base in its destruct, and has to be gone before the
            // base is
            app().execute(this::destructWhenClosed);
        }
    }

    private void destructWhenClosed() {
        if (!revoking && bdev.descriptors().isEmpty() && bdev.state() == BdevState.UNREGISTERING) {
            destruct();
        }
    }

    /** Users cannot close while I/O is out, and I/O may be kept far below. */
    private void abort() {
        if (bdev.state() == BdevState.UNREGISTERING) {
            bdev.sharedChannels().forEachChannel(app(), SharedChannel::abortAll, () -> {});
        }
    }

    private void revoke() {
        if (bdev.state() != BdevState.UNREGISTERING) {
            return;
        }
        List<Descriptor> late = List.copyOf(bdev.descriptors());
        LOG.log(
                Level.ERROR,
                "bdev {0} is being removed and still open after {1} by {2}: their descriptors are revoked",
                bdev.name(),
                options().removalDeadline(),
                late);
        revoking = true;
        late.forEach(Descriptor::revoke);
        deadline = app().after(options().destructDeadline().toNanos(), this::destructTooLong);
        int[] closing = {1};
        Runnable closed = () -> {
            if (--closing[0] == 0) {
                bdev.descriptors().clear();
                destruct();
            }
        };
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            late.forEach(channel::revoke);
                            app().execute(() -> closing[0]++);
                            channel.closeWhenIdle(() -> app().execute(closed));
                        },
                        closed);
    }

    /** Has the backend taken down, once; after {@link #destructTooLong} nobody waits for it any more. */
    private void destruct() {
        if (destructing) {
            return;
        }
        destructing = true;
        patience.close();
        if (bdev.state() != BdevState.GONE) {
            bdev.setState(BdevState.REMOVING);
            deadline.close();
            deadline = app().after(options().destructDeadline().toNanos(), this::destructTooLong);
        }
        CompletionStage<Void> down;
        try {
            down = bdev.backend().destruct();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            down = CompletableFuture.failedStage(e);
        }
        down.whenComplete((v, failure) -> {
            if (failure != null) {
                bdev.defect("threw from destruct", failure);
            }
            if (app().isCurrent()) {
                end();
            } else {
                app().execute(this::end);
            }
        });
    }

    private void destructTooLong() {
        bdev.defect(
                destructing
                        ? "has not ended destruct within " + options().destructDeadline()
                                + ": it is not waited for any more"
                        : "has not given back its I/O within " + options().destructDeadline()
                                + " of the revocation: the backend is taken down when it does");
        end();
    }

    private void end() {
        if (bdev.state() == BdevState.GONE) {
            return;
        }
        deadline.close();
        patience.close();
        bdev.setState(BdevState.GONE);
        bdev.claimTable().clear();
        bdev.context().names().remove(bdev);
        bdev.hold().end();
        ModuleHost module = bdev.module();
        if (module != null) {
            module.bdevGone(bdev);
        }
        bdev.context().upgrades().gone(bdev);
        LOG.log(Level.INFO, "bdev {0} is gone", bdev.name());
        bdev.context().watchers().gone(bdev);
        gone.complete(null);
    }
}
