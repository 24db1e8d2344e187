package io.cairn.module.raid.level;

/** What the I/O path may do with the member in a slot. */
public enum MemberRole {
    /** Nobody there: neither read nor written. */
    ABSENT,
    /** Being rebuilt: everything is written to it, nothing is read from it. */
    TARGET,
    /** Holds what it should: read and written. */
    IN_SYNC
}
