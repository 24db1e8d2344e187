package io.cairn.module.raid.level;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/** What an array's bdev declares: the types that its level serves over its members, and its limits. App thread. */
public final class RaidLimits {
    private RaidLimits() {}

    /**
     * Returns the types that an array serves by itself. READ, WRITE, WRITE_ZEROES and RESET; UNMAP and ABORT if all members have them; FLUSH if any
     * has it, and always if one may come that has: it goes to those. The core makes up COMPARE, COMPARE_AND_WRITE and COPY.
     */
    public static Set<IoType> types(RaidLevel level, Collection<Bdev> members) {
        Set<IoType> types = EnumSet.of(IoType.READ, IoType.WRITE, IoType.WRITE_ZEROES, IoType.RESET);
        for (IoType type : Set.of(IoType.UNMAP, IoType.ABORT)) {
            if (members.stream().allMatch(member -> member.supportedTypes().contains(type))) {
                types.add(type);
            }
        }
        if (level.isRedundant()
                || members.stream().anyMatch(member -> member.supportedTypes().contains(IoType.FLUSH))) {
            types.add(IoType.FLUSH);
        }
        return types;
    }

    /**
     * Returns whether data may be lost at a power cut until a FLUSH: if any member has a write cache, and always on a level with redundancy. Its members are
     * exchanged while it is in use, and those above it have asked once whether they have to flush: nothing may depend on who is in it then.
     */
    public static boolean hasWriteCache(RaidLevel level, Collection<Bdev> members) {
        return level.isRedundant() || members.stream().anyMatch(Bdev::hasWriteCache);
    }

    /**
     * Returns the limits of an array.
     *
     * <ul>
     *   <li>Memory is aligned as the member wants it that wants most, so that nothing is copied twice; the largest physical block counts.
     *   <li>raid0, concat: the boundary is the strip; I/O is split there only if a member takes few pieces of memory, since what a strip-wise
     *       I/O has of one member is scattered in memory. Else the channel itself gives each member its part in one.
     *   <li>raid5f: writes are whole stripes, and no read or write crosses the end of a stripe.
     *   <li>A member's write unit is the array's, on raid5f if the strip is made of such units, which is the caller's to see to.
     * </ul>
     */
    public static IoLimits limits(Shape shape, Collection<Bdev> members) {
        int alignment = 0;
        int physical = 0;
        long unit = 0;
        boolean fewPieces = false;
        for (Bdev member : members) {
            IoLimits limits = member.limits();
            alignment = Math.max(alignment, limits.requiredAlignment());
            physical = Math.max(physical, limits.physicalBlockSize());
            unit = Math.max(unit, limits.writeUnitBlocks());
            fewPieces |= limits.maxSegments() > 0;
        }
        boolean several = shape.members().size() > 1;
        return switch (shape.level()) {
            case RAID0 -> limits(physical, alignment, several ? shape.stripBlocks() : 0, several && fewPieces, unit);
            case CONCAT -> limits(physical, alignment, several ? shape.stripBlocks() : 0, false, unit);
            case RAID1 -> limits(physical, alignment, boundary(members), false, unit);
            case RAID5F -> limits(physical, alignment, shape.stripeBlocks(), true, shape.stripeBlocks());
        };
    }

    /** The members' own boundary, where they have one in common: reported only, since each splits by itself. */
    private static long boundary(Collection<Bdev> members) {
        long[] all = members.stream()
                .mapToLong(member -> member.limits().optimalIoBoundary())
                .distinct()
                .toArray();
        return all.length == 1 ? all[0] : 0;
    }

    private static IoLimits limits(int physical, int alignment, long boundary, boolean split, long unit) {
        return new IoLimits(physical, alignment, boundary, split, unit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
