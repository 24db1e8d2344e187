package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.List;

/** How members of some sizes fit into an array: pure arithmetic. All sizes in blocks. */
final class Geometry {
    private Geometry() {}

    /**
     * Returns where the data of a new member is and how much there could be.
     *
     * @param described whether there is to be a superblock in front of it
     * @throws BdevException EINVAL the member has no room for data behind what is in front of it
     */
    static Shape.Extent onNew(Bdev base, String array, RaidLevel level, long stripBlocks, boolean described) {
        long offset = described
                ? Reserved.newDataOffset(
                        level, base.blockSize(), stripBlocks, base.limits().optimalIoBoundary())
                : 0;
        long least = Math.max(1, stripBlocks);
        if (base.numBlocks() - offset < least) {
            throw new BdevException(
                    Errno.EINVAL,
                    "raid bdev '" + array + "': base bdev '" + base.name() + "' is too small: it has "
                            + base.numBlocks() + " blocks of " + base.blockSize() + " bytes, " + (offset + least)
                            + " are needed");
        }
        return new Shape.Extent(offset, base.numBlocks() - offset);
    }

    /**
     * Returns what of each member an array uses, as SPDK records it: raid1 as much as the smallest has, raid0 and raid5f the same in whole strips,
     * concat whole strips of each.
     *
     * @param room what each could give; one of size 0 (not known) is taken to be like the smallest of the others
     */
    static List<Shape.Extent> used(RaidLevel level, long stripBlocks, List<Shape.Extent> room) {
        Shape.Extent smallest = null;
        for (Shape.Extent one : room) {
            if (one.dataBlocks() > 0 && (smallest == null || one.dataBlocks() < smallest.dataBlocks())) {
                smallest = one;
            }
        }
        List<Shape.Extent> used = new ArrayList<>();
        for (Shape.Extent one : room) {
            Shape.Extent known = one.dataBlocks() > 0 ? one : smallest;
            long blocks = level == RaidLevel.CONCAT ? known.dataBlocks() : smallest.dataBlocks();
            used.add(new Shape.Extent(
                    known.dataOffset(), level.hasStrips() ? blocks / stripBlocks * stripBlocks : blocks));
        }
        return used;
    }

    /**
     * Checks that strips begin where members can be written.
     *
     * @throws BdevException EINVAL naming the member
     */
    static void checkWriteUnits(String array, Shape shape, List<Bdev> members) {
        for (Bdev member : members) {
            long unit = Math.max(1, member.limits().writeUnitBlocks());
            if (shape.level().hasStrips() && shape.stripBlocks() % unit != 0) {
                throw new BdevException(
                        Errno.EINVAL,
                        "raid bdev '" + array + "': its strips have " + shape.stripBlocks() + " blocks, and base bdev '"
                                + member.name() + "' can only be written in units of " + unit);
            }
        }
    }
}
