package io.cairn.module.raid.level;

import java.util.List;

/**
 * The arithmetic of an array: how large it is and where its blocks are. All sizes in blocks.
 *
 * <p>A <i>row</i> is a block's distance from the start of a member's data. What the members have to agree on, they have at the same
 * rows, so locks, intents and background processes count in rows: on raid1 a row is the array's block, on raid5f stripe t has the rows
 * from t·strip on.
 *
 * @param level the level
 * @param blockSize bytes of data in a block
 * @param stripBlocks the strip; 0 on raid1
 * @param members where each slot's data is on its member
 */
public record Shape(RaidLevel level, int blockSize, long stripBlocks, List<Extent> members) {
    /**
     * A member's data.
     *
     * @param dataOffset the block of the member at which its row 0 is
     * @param dataBlocks how many blocks there are from there on
     */
    public record Extent(long dataOffset, long dataBlocks) {}

    /** Copies what could change. */
    public Shape {
        members = List.copyOf(members);
    }

    /** Returns the array's size, as {@code reference/spdk-ondisk.md} A.6 has it. */
    public long numBlocks() {
        int n = members.size();
        return switch (level) {
            case RAID0 -> n * wholeStrips(smallest());
            case RAID1 -> smallest();
            case RAID5F -> (n - 1) * wholeStrips(smallest());
            case CONCAT ->
                members.stream().mapToLong(m -> wholeStrips(m.dataBlocks())).sum();
        };
    }

    /** Returns how many rows the members have to agree on; 0 for a level without redundancy. */
    public long rows() {
        return switch (level) {
            case RAID0, CONCAT -> 0;
            case RAID1 -> smallest();
            case RAID5F -> wholeStrips(smallest());
        };
    }

    /** Returns the data blocks of a full stripe of raid5f. */
    public long stripeBlocks() {
        return (members.size() - 1) * stripBlocks;
    }

    /** Returns the slot that holds the parity of a stripe of raid5f. */
    public int paritySlot(long stripe) {
        int n = members.size();
        return n - 1 - (int) (stripe % n);
    }

    private long smallest() {
        return members.stream().mapToLong(Extent::dataBlocks).min().orElse(0);
    }

    /** Returns the blocks of the whole strips that some blocks hold. */
    long wholeStrips(long blocks) {
        return blocks / stripBlocks * stripBlocks;
    }
}
