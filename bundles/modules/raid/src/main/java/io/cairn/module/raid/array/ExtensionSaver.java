package io.cairn.module.raid.array;

import io.cairn.bdev.IoType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Brings to the members what of an array's record changed outside of its superblock: one write at a time, the last one always follows. App thread. */
final class ExtensionSaver {
    private final RecordKeeper keeper;
    private final MemberReports reports;
    private boolean saving;
    /** What is told when the write has ended that follows the one under way; null: none follows. */
    private CompletableFuture<Void> following;

    ExtensionSaver(RecordKeeper keeper, MemberReports reports) {
        this.keeper = keeper;
        this.reports = reports;
    }

    /**
     * Writes the extension, now or when the write before has ended. A member that does not take it is failed.
     *
     * @return completes when what it says now is durable on the others; never fails
     */
    CompletionStage<Void> save() {
        if (saving) {
            following = following == null ? new CompletableFuture<>() : following;
            return following;
        }
        CompletableFuture<Void> saved = new CompletableFuture<>();
        write(saved);
        return saved;
    }

    private void write(CompletableFuture<Void> saved) {
        saving = true;
        keeper.writeExtension().whenComplete((failed, failure) -> {
            saving = false;
            if (failed != null) {
                failed.forEach((slot, status) -> reports.failed(slot, IoType.WRITE, status));
            }
            saved.complete(null);
            if (following != null && !saving) {
                CompletableFuture<Void> next = following;
                following = null;
                write(next);
            }
        });
    }
}
