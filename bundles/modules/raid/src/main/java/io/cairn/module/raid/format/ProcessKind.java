package io.cairn.module.raid.format;

import java.util.Arrays;
import java.util.Optional;

/** The background processes, as the extension knows them. */
public enum ProcessKind {
    /** A member is given what the others have. */
    REBUILD(1),
    /** Rows on which the members may differ are made equal. */
    RESYNC(2),
    /** Rows that came by growing are made equal. */
    GROW(3),
    /** All rows are compared; differences are counted. */
    SCRUB(4),
    /** All rows are compared; differences are counted and repaired. */
    SCRUB_REPAIR(5),
    /** A member that works is being replaced: the one beside it is given all rows. */
    REPLACE(6);

    private final int diskCode;

    ProcessKind(int diskCode) {
        this.diskCode = diskCode;
    }

    /** Finds a process by its number in an extension. */
    public static Optional<ProcessKind> ofDiskCode(int code) {
        return Arrays.stream(values()).filter(kind -> kind.diskCode == code).findFirst();
    }

    /** Returns the number that an extension has for it. */
    public int diskCode() {
        return diskCode;
    }
}
