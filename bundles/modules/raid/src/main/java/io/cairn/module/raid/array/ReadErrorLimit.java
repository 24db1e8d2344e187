package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.module.raid.level.MemberRole;
import java.util.function.LongSupplier;

/** Counts the reads that a member could not serve, and has it failed when there were too many. App thread. */
final class ReadErrorLimit {
    private final LongSupplier most;
    private final MemberReports reports;

    /**
     * Makes a limit.
     *
     * @param most how many errors a member may have; 0: any number
     */
    ReadErrorLimit(LongSupplier most, MemberReports reports) {
        this.most = most;
        this.reports = reports;
    }

    /** Returns whether it was counted: what was read of a member that has gone or is leaving, and what was given up, is not. */
    boolean count(Slot slot, boolean repaired, IoStatus status) {
        if (slot.member() == null || slot.member().isLeaving() || !MemberHealth.isFault(status)) {
            return false;
        }
        slot.health().readError(repaired);
        long limit = most.getAsLong();
        if (limit > 0 && slot.health().readErrors() > limit && slot.role() == MemberRole.IN_SYNC) {
            reports.fail(
                    slot,
                    "base bdev '" + slot.name() + "' had " + slot.health().readErrors() + " read errors, the last one "
                            + status);
        }
        return true;
    }
}
