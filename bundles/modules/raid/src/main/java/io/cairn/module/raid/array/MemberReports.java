package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

/** An array, as those report to it who use its members. App thread; each is acted upon when what changes the array now is over. */
interface MemberReports {
    /** A member, or the one that is to replace one (in the position behind all slots), did not do what it was told: it is failed, if the array can do without it. */
    void failed(int slot, IoType type, IoStatus status);

    /** A member is to be failed for a reason. */
    void fail(Slot slot, String why);

    /** The one that is to replace the member in a slot has everything. */
    void filled(int slot);

    /** The one that is to replace a member cannot be given everything, for a reason. */
    void unfilled(String why);

    /** A TARGET has everything. */
    void rebuilt(int slot);

    /** A TARGET cannot be given everything, for a reason. */
    void rebuildFailed(int slot, IoStatus status, String why);
}
