package io.cairn.module.raid.array;

import io.cairn.bdev.IoType;

/** Brings to the members what of an array's record changed outside of its superblock: one write at a time, the last one always follows. App thread. */
final class ExtensionSaver {
    private final RecordKeeper keeper;
    private final MemberReports reports;
    private boolean saving;
    private boolean saveAgain;

    ExtensionSaver(RecordKeeper keeper, MemberReports reports) {
        this.keeper = keeper;
        this.reports = reports;
    }

    /** Writes the extension, now or when the write before has ended. A member that does not take it is failed. */
    void save() {
        if (saving) {
            saveAgain = true;
            return;
        }
        saving = true;
        keeper.writeExtension().whenComplete((failed, failure) -> {
            saving = false;
            if (failed != null) {
                failed.forEach((slot, status) -> reports.failed(slot, IoType.WRITE, status));
            }
            if (saveAgain) {
                saveAgain = false;
                save();
            }
        });
    }
}
