package io.cairn.module.raid.format;

import io.cairn.module.raid.level.RaidLevel;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What every member's first blocks say of the array: SPDK's RAID superblock 1.0, {@code reference/spdk-ondisk.md} A.2. Sizes in blocks of the
 * array.
 *
 * @param uuid the array's UUID; not nil
 * @param name the array's name: 1 to {@value SuperblockCodec#MAX_NAME_BYTES} bytes of UTF-8 without NUL
 * @param level the level
 * @param blockSize bytes of data in a block, equal for all members
 * @param numBlocks the array's size
 * @param stripBlocks the strip; 0 on raid1
 * @param sequence counts up before each write; 1 is the first on disk
 * @param slots how many slots the array has, 1 to {@value SuperblockCodec#MAX_SLOTS}
 * @param members in the order on disk, each slot at most once
 * @param uninterpreted what a newer minor version may have put there
 */
public record Superblock(
        UUID uuid,
        String name,
        RaidLevel level,
        int blockSize,
        long numBlocks,
        long stripBlocks,
        long sequence,
        int slots,
        List<SuperblockMember> members,
        Uninterpreted uninterpreted) {
    /** Copies what could change. */
    public Superblock {
        members = List.copyOf(members);
    }

    /** Describes an array as this version does, with one member for each slot. */
    public Superblock(
            UUID uuid,
            String name,
            RaidLevel level,
            int blockSize,
            long numBlocks,
            long stripBlocks,
            long sequence,
            List<SuperblockMember> members) {
        this(
                uuid,
                name,
                level,
                blockSize,
                numBlocks,
                stripBlocks,
                sequence,
                members.size(),
                members,
                Uninterpreted.NONE);
    }

    /** Returns what is said of a slot. */
    public Optional<SuperblockMember> inSlot(int slot) {
        return members.stream().filter(member -> member.slot() == slot).findFirst();
    }

    /** Returns what is said of the bdev with a UUID; the first if it should be there twice. */
    public Optional<SuperblockMember> ofBdev(UUID bdev) {
        return members.stream().filter(member -> member.uuid().equals(bdev)).findFirst();
    }

    /** Returns how many members are in a state. */
    public int count(MemberState state) {
        return (int) members.stream().filter(member -> member.state() == state).count();
    }

    /** Returns the same with another sequence number. */
    public Superblock withSequence(long other) {
        return new Superblock(
                uuid, name, level, blockSize, numBlocks, stripBlocks, other, slots, members, uninterpreted);
    }

    /** Returns the same with another size of the array. */
    public Superblock withNumBlocks(long other) {
        return new Superblock(
                uuid, name, level, blockSize, other, stripBlocks, sequence, slots, members, uninterpreted);
    }

    /**
     * Returns the same with other members.
     *
     * @param howMany the number of slots from then on
     */
    public Superblock withMembers(int howMany, List<SuperblockMember> others) {
        return new Superblock(
                uuid, name, level, blockSize, numBlocks, stripBlocks, sequence, howMany, others, uninterpreted);
    }

    /** Returns the same with a member in the place of the one that is described in its slot, or added if none is. */
    public Superblock withMember(SuperblockMember member) {
        boolean known = inSlot(member.slot()).isPresent();
        List<SuperblockMember> others = known
                ? members.stream()
                        .map(old -> old.slot() == member.slot() ? member : old)
                        .toList()
                : Stream.concat(members.stream(), Stream.of(member)).toList();
        return withMembers(slots, others);
    }
}
