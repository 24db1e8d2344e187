package io.cairn.module.raid.level;

import java.util.Arrays;
import java.util.Optional;

/** The levels, with SPDK's names and the number by which its superblock knows them. */
public enum RaidLevel {
    /** Strips in turn over the members; no redundancy. */
    RAID0(0, "raid0", "0", 1),
    /** Every member holds everything. One leg alone is allowed: others may join later. */
    RAID1(1, "raid1", "1", 1),
    /** Strips in turn with one strip of parity in each stripe, written in full stripes only. */
    RAID5F(95, "raid5f", "5f", 3),
    /** One member after the other; no redundancy. */
    CONCAT(99, "concat", "concat", 1);

    private final int diskCode;
    private final String text;
    private final String shortText;
    private final int minMembers;

    RaidLevel(int diskCode, String text, String shortText, int minMembers) {
        this.diskCode = diskCode;
        this.text = text;
        this.shortText = shortText;
        this.minMembers = minMembers;
    }

    /** Finds a level by either of SPDK's names ({@code raid1}, {@code 1}). */
    public static Optional<RaidLevel> named(String name) {
        return Arrays.stream(values())
                .filter(level -> level.text.equals(name) || level.shortText.equals(name))
                .findFirst();
    }

    /** Finds a level by its number in a superblock. */
    public static Optional<RaidLevel> ofDiskCode(int code) {
        return Arrays.stream(values()).filter(level -> level.diskCode == code).findFirst();
    }

    /** Returns the number that the superblock has for it. */
    public int diskCode() {
        return diskCode;
    }

    /** Returns the fewest members that an array can be made of. */
    public int minMembers() {
        return minMembers;
    }

    /** Returns the fewest members that must be there for the array to serve I/O. */
    public int minOperational(int members) {
        return switch (this) {
            case RAID0, CONCAT -> members;
            case RAID1 -> 1;
            case RAID5F -> members - 1;
        };
    }

    /** Returns whether a member may be missing. */
    public boolean isRedundant() {
        return this == RAID1 || this == RAID5F;
    }

    /** Returns whether data is dealt out in strips, so that there is a strip size. */
    public boolean hasStrips() {
        return this != RAID1;
    }

    /** Returns SPDK's name. */
    @Override
    public String toString() {
        return text;
    }
}
