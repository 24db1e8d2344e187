package io.cairn.module.raid.format;

import java.util.ArrayList;
import java.util.List;

/** What was found where a superblock would be. */
public sealed interface SuperblockRead {
    /** There is no superblock. Not an error: the bdev is no member of an array. */
    record NoSuperblock() implements SuperblockRead {}

    /**
     * There is the beginning of one; decode again with more.
     *
     * @param bytes how many bytes, from the bdev's first on, are needed
     */
    record NeedsBytes(int bytes) implements SuperblockRead {}

    /**
     * There is one that must not be used, and nothing is to be written to the bdev.
     *
     * @param reason what kind of reason
     * @param message the same for people, without the bdev's name
     */
    record Refused(Reason reason, String message) implements SuperblockRead {}

    /**
     * There is one.
     *
     * @param superblock what it says
     * @param warnings what people should know about it, without the bdev's name
     */
    record Found(Superblock superblock, List<String> warnings) implements SuperblockRead {
        /** Copies what could change. */
        public Found {
            warnings = List.copyOf(warnings);
        }

        /** Returns the same with one warning more. */
        public Found warned(String warning) {
            List<String> more = new ArrayList<>(warnings);
            more.add(warning);
            return new Found(superblock, more);
        }
    }

    /** Why a superblock is refused, in the order of the checks. */
    enum Reason {
        /** It claims to be longer than one can be, or shorter than it must be. */
        LENGTH,
        /** Its checksum does not match: part of it is of another write, or was damaged. */
        CRC,
        /** Its major version is not ours. */
        VERSION,
        /** A member is in a slot that the array does not have, or two are in one. */
        SLOT,
        /** Its block size is not the bdev's. */
        BLOCK_SIZE,
        /** The array's UUID is nil. */
        UUID,
        /** A value makes no sense, although its checksum is right. */
        CONTENT
    }
}
