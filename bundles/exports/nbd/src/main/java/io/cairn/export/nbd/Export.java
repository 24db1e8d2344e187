package io.cairn.export.nbd;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * An export's life, with its bdev or without. App thread.
 *
 * <p>It holds its bdev's descriptor for as long as it is live, whether clients are there or not: who creates an export of
 * a bdev that somebody else has claimed learns it then, and not when the first client comes.
 */
final class Export {
    /** Where an export is. */
    enum State {
        /** Its bdev is not there. */
        WAITING,
        /** It is about to be opened. */
        OPENING,
        /** Clients can enter. */
        LIVE,
        /** Its bdev is there and cannot be opened: see {@link Export#reason}. */
        REFUSED,
        /** Its sessions are being ended. */
        ENDING;

        String rpcName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final ExportDefinition definition;
    private final Bdevs bdevs;
    private final Reactors reactors;
    private final Runnable changed;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private State state = State.WAITING;
    private LiveExport live;
    private String reason = "";
    private boolean deleted;
    private boolean tryAgain;

    /**
     * Makes an export that waits.
     *
     * @param changed told when {@link #live} may answer otherwise than before
     */
    Export(ExportDefinition definition, Bdevs bdevs, Reactors reactors, Runnable changed) {
        this.definition = definition;
        this.bdevs = bdevs;
        this.reactors = reactors;
        this.changed = changed;
    }

    ExportDefinition definition() {
        return definition;
    }

    State state() {
        return state;
    }

    /** Returns why it is refused; empty if it is not. */
    String reason() {
        return reason;
    }

    boolean isDeleted() {
        return deleted;
    }

    /** Returns what clients can enter, if there is such. */
    Optional<LiveExport> live() {
        return Optional.ofNullable(state == State.LIVE ? live : null);
    }

    /** Returns whether a bdev is the one that this export is of. */
    boolean isOf(Bdev bdev) {
        return bdev.name().equals(definition.bdevName()) || bdev.aliases().contains(definition.bdevName());
    }

    /**
     * Opens the bdev if it is there and ready.
     *
     * @return fails if the bdev is there and cannot be opened; the export is {@link State#REFUSED} then
     */
    CompletionStage<Void> open() {
        if (state != State.WAITING && state != State.REFUSED) {
            // a bdev that comes while the last one is still being left, say
            tryAgain = true;
            return CompletableFuture.completedFuture(null);
        }
        state = State.OPENING;
        tryAgain = false;
        return bdevs.find(definition.bdevName())
                .thenCompose(found -> found.filter(bdev -> bdev.state() == BdevState.READY)
                        .map(this::openReady)
                        .orElseGet(() -> CompletableFuture.completedFuture(null)))
                .handle((descriptor, failure) -> {
                    opened(descriptor, failure);
                    return null;
                });
    }

    private CompletionStage<BdevDescriptor> openReady(Bdev bdev) {
        ExportFlags.requireExportable(definition, bdev);
        OpenMode mode = definition.readOnly() ? OpenMode.READ : OpenMode.WRITE;
        return bdevs.open(definition.bdevName(), mode, definition.holder(), this::onEvent);
    }

    private void opened(BdevDescriptor descriptor, Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof BdevException refusal && refusal.errno() == Errno.ENODEV) {
            cause = null;
        }
        reason = cause == null ? "" : String.valueOf(cause.getMessage());
        state = cause != null ? State.REFUSED : descriptor == null ? State.WAITING : State.LIVE;
        if (descriptor != null) {
            live = new LiveExport(definition, descriptor, reactors);
            changed.run();
        }
        if (deleted) {
            end();
        } else if (cause != null) {
            throw new CompletionException(cause);
        } else if (tryAgain && state == State.WAITING) {
            open();
        }
    }

    private void onEvent(BdevEvent event, BdevDescriptor descriptor) {
        // RESIZE: sessions that begin from now on are told the new size
        if (event == BdevEvent.REMOVE && state == State.LIVE) {
            goDown();
        }
    }

    /** Ends it for good: its sessions are answered what is in flight, and closed. */
    CompletionStage<Void> delete() {
        deleted = true;
        if (state != State.OPENING) {
            end();
        }
        return gone;
    }

    private void end() {
        if (state == State.LIVE) {
            goDown();
        } else if (state != State.ENDING) {
            state = State.ENDING;
            gone.complete(null);
        }
    }

    private void goDown() {
        state = State.ENDING;
        LiveExport last = live;
        live = null;
        changed.run();
        last.end(this::down);
    }

    private void down() {
        state = State.WAITING;
        if (deleted) {
            end();
        } else if (tryAgain) {
            open();
        }
    }
}
