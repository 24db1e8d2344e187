package io.cairn.module.raid.format;

/** What was found where the two copies of an extension would be. */
public sealed interface ExtensionRead {
    /** There is none of this array: it is new, or SPDK's alone, or both copies are damaged. */
    record NoExtension() implements ExtensionRead {}

    /**
     * There is one that this version does not understand: nothing is to be written over it unasked.
     *
     * @param message the reason for people, without the bdev's name
     */
    record Refused(String message) implements ExtensionRead {}

    /**
     * There is one.
     *
     * @param extension what it says
     * @param copy where it is, 0 or 1: the next one is written to the other
     */
    record Found(Extension extension, int copy) implements ExtensionRead {
        /** Returns the copy to write next. */
        public int nextCopy() {
            return 1 - copy;
        }
    }
}
