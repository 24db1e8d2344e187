package io.cairn.module.raid.format;

import java.util.UUID;

/**
 * The header of a journal slot: the new data of a missing strip, kept before its stripe is written.
 *
 * <p>An entry outlives its use: it lies there until its slot is used again. What is to be replayed is told by two numbers. An entry whose
 * {@code superblockSequence} is lower than the one at which the strip's member went missing is of an earlier time; and an entry whose {@code
 * sequence} is lower than the highest {@code oldestOpen} of all entries of the array is of a stripe that is in place.
 *
 * @param arrayUuid the array
 * @param superblockSequence the sequence number of the superblock when it was written
 * @param sequence counts up with each entry of the array
 * @param oldestOpen the lowest sequence number whose stripe was not durably in place when this was written; at most {@code sequence}
 * @param stripe the stripe
 * @param missingSlot the slot whose strip it is
 * @param dataBytes bytes of the strip
 * @param dataCrc ordinary CRC-32C of the strip
 */
public record JournalEntry(
        UUID arrayUuid,
        long superblockSequence,
        long sequence,
        long oldestOpen,
        long stripe,
        int missingSlot,
        int dataBytes,
        int dataCrc) {}
