package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The hold of one bdev: its I/O lines up in the core while its module is exchanged. Steps that the upgrade of the module takes one
 * after another. App thread, except {@link #isOn}.
 */
final class Hold {
    private final CoreBdev bdev;
    private final List<CoreBdev> closedBases = new ArrayList<>();
    private volatile boolean on;
    private boolean cancelled;

    Hold(CoreBdev bdev) {
        this.bdev = bdev;
    }

    /** Returns whether I/O lines up, also on channels that are opened now. From any thread. */
    boolean isOn() {
        return on;
    }

    private Reactor app() {
        return bdev.reactors().app();
    }

    /** Closes the gates, and tells when nothing is under way any more. */
    void begin(Runnable drained) {
        on = true;
        int[] draining = {1};
        Runnable one = () -> {
            if (--draining[0] == 0) {
                drained.run();
            }
        };
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            app().execute(() -> draining[0]++);
                            channel.hold(() -> app().execute(one));
                        },
                        one);
    }

    /** Opens the gates again, with the module as it is. */
    void callOff() {
        if (on) {
            on = false;
            openBases();
            open(() -> {});
        }
    }

    /** Keeps other modules away from what the bdev is built on, from before its module lets go of it until the next one has it. */
    void closeBases() {
        for (String name : bdev.baseNames()) {
            bdev.context().names().find(name).ifPresent(base -> {
                base.claimTable().closeFor(bdev);
                closedBases.add(base);
            });
        }
    }

    private void openBases() {
        closedBases.forEach(base -> base.claimTable().openAfter(bdev));
        closedBases.clear();
    }

    /** Closes the module's channels; nothing is under way in them. */
    CompletionStage<Void> closeBackendChannels() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        bdev.sharedChannels().forEachChannel(app(), SharedChannel::dropBackend, () -> closed.complete(null));
        return closed;
    }

    /** Takes the old backend down; waits for it no longer than the deadline, and for what fails not at all. */
    CompletionStage<Void> destruct(BdevBackend backend) {
        CompletableFuture<Void> down = new CompletableFuture<>();
        Poller.Registration deadline = app().after(
                        bdev.context().options().destructDeadline().toNanos(), () -> {
                            bdev.defect("has not ended destruct in time: it is not waited for any more");
                            down.complete(null);
                        });
        CompletionStage<Void> ending;
        try {
            ending = backend.destruct();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            ending = CompletableFuture.failedStage(e);
        }
        ending.whenComplete((v, failure) -> {
            if (failure != null) {
                bdev.defect("threw from destruct", failure);
            }
            if (app().isCurrent()) {
                down.complete(null);
            } else {
                app().execute(() -> down.complete(null));
            }
        });
        return down.whenComplete((v, e) -> deadline.close());
    }

    /**
     * Lets the new backend serve the bdev: opens its channels on every reactor, and only if all could be opened lets I/O go on.
     *
     * @param beforeIo what to do when the channels are open and before I/O goes on
     * @return completes when I/O goes on. Fails with what the module failed with; nothing has gone on then, and the channels are closed
     */
    CompletionStage<Void> adopt(Runnable beforeIo) {
        cancelled = false;
        CompletableFuture<Void> served = new CompletableFuture<>();
        List<Throwable> failures = new ArrayList<>();
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            Throwable failure = channel.tryOpenBackend();
                            if (failure != null) {
                                app().execute(() -> failures.add(failure));
                            }
                        },
                        () -> {
                            if (cancelled) {
                                failures.add(new BdevException(Errno.ECANCELED, "the module has withdrawn it"));
                            }
                            if (failures.isEmpty()) {
                                prepare(beforeIo, failures);
                            }
                            if (failures.isEmpty()) {
                                resume(served);
                            } else {
                                closeBackendChannels().thenRun(() -> served.completeExceptionally(failures.get(0)));
                            }
                        });
        return served;
    }

    private static void prepare(Runnable beforeIo, List<Throwable> failures) {
        try {
            beforeIo.run();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            failures.add(e);
        }
    }

    /** The new module takes back that it serves the bdev, before it does. */
    void cancelAdoption() {
        cancelled = true;
    }

    private void resume(CompletableFuture<Void> served) {
        on = false;
        openBases();
        open(() -> served.complete(null));
    }

    private void open(Runnable done) {
        bdev.sharedChannels()
                .forEachChannel(
                        app(),
                        channel -> {
                            Throwable failure = channel.tryOpenBackend();
                            if (failure == null) {
                                channel.release();
                            } else {
                                // a channel that was opened a moment ago: the others go on already, so that there is no
                                // way back
                                bdev.defect("gave no channel after an upgrade", failure);
                                app().execute(() -> bdev.removal().start());
                            }
                        },
                        done);
    }

    /** The bdev is gone: nothing is kept from others for it. */
    void end() {
        on = false;
        openBases();
    }

    /** Refuses to take over a bdev with a specification that those above do not know. */
    static BdevException refused(CoreBdev bdev, String what) {
        return new BdevException(
                Errno.EINVAL,
                "bdev " + bdev.name() + ", held by the upgrade of module " + bdev.moduleName()
                        + ", cannot be taken over: " + what);
    }
}
