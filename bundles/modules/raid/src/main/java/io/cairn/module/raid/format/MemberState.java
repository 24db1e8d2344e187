package io.cairn.module.raid.format;

import java.util.Arrays;
import java.util.Optional;

/** What a superblock says of a slot (format table: A.3, offset 32). */
public enum MemberState {
    /** Nobody is in the slot: the member was removed, or never came. */
    MISSING(0),
    /** The member belongs to the array and holds what it should. */
    CONFIGURED(1),
    /** The member did not do what it was told, and is out. */
    FAILED(2),
    /** Defined by the format and used by nobody. */
    SPARE(3);

    private final int diskCode;

    MemberState(int diskCode) {
        this.diskCode = diskCode;
    }

    /** Finds a state by its number in a superblock. */
    public static Optional<MemberState> ofDiskCode(int code) {
        return Arrays.stream(values()).filter(state -> state.diskCode == code).findFirst();
    }

    /** Returns the number that a superblock has for it. */
    public int diskCode() {
        return diskCode;
    }
}
