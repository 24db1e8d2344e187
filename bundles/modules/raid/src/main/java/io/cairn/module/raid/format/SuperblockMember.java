package io.cairn.module.raid.format;

import java.util.UUID;

/**
 * One member as the superblock describes it (format table: A.3). The missing are described as well, so that they are known when they
 * come back.
 *
 * @param slot its place in the array, from 0
 * @param uuid the UUID of the bdev that is the member
 * @param state what it is to the array
 * @param dataOffset the block of the bdev at which the member's data begins
 * @param dataBlocks how many blocks of data there are from there on; at least 1 if the state is CONFIGURED
 * @param uninterpreted what a newer minor version may have put there
 */
public record SuperblockMember(
        int slot, UUID uuid, MemberState state, long dataOffset, long dataBlocks, Uninterpreted uninterpreted) {
    /** Describes a member as this version does. */
    public SuperblockMember(int slot, UUID uuid, MemberState state, long dataOffset, long dataBlocks) {
        this(slot, uuid, state, dataOffset, dataBlocks, Uninterpreted.NONE);
    }

    /** Returns the same in another state. */
    public SuperblockMember withState(MemberState other) {
        return new SuperblockMember(slot, uuid, other, dataOffset, dataBlocks, uninterpreted);
    }

    /** Returns the same with data of another size, in blocks. */
    public SuperblockMember withDataBlocks(long other) {
        return new SuperblockMember(slot, uuid, state, dataOffset, other, uninterpreted);
    }
}
