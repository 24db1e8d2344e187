package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
     * Works out what an array is made of, by its members and what is known of it.
     *
     * @param slots at least one has its member
     * @param keep whether what is known of a slot's size counts, not what its member could give
     * @param newest what superblocks say; empty if there are none
     * @throws BdevException EINVAL a member is too small, or the superblocks say something else
     */
    static Shape assembled(Definition definition, Slots slots, boolean keep, Optional<Superblock> newest) {
        int blockSize = slots.attached().get(0).member().bdev().blockSize();
        long stripBlocks = definition.stripBlocks(blockSize);
        List<Shape.Extent> room = new ArrayList<>();
        for (Slot slot : slots.all()) {
            Bdev base = slot.member() == null ? null : slot.member().bdev();
            if (base == null || (keep && slot.extent().dataBlocks() > 0)) {
                if (base != null) {
                    checkHolds(definition, base, slot.extent());
                }
                room.add(slot.extent());
            } else {
                room.add(onNew(base, definition.name(), definition.level(), stripBlocks, definition.superblock()));
            }
        }
        Shape shape =
                new Shape(definition.level(), blockSize, stripBlocks, used(definition.level(), stripBlocks, room));
        newest.filter(known -> known.blockSize() != blockSize || known.numBlocks() != shape.numBlocks())
                .ifPresent(known -> {
                    throw definition.invalid("its superblock says " + known.numBlocks() + " blocks of "
                            + known.blockSize() + " bytes, its members make " + shape.numBlocks() + " of "
                            + blockSize);
                });
        return shape;
    }

    /**
     * Checks that the members which are there can be in a new array, before anything is written to one of them.
     *
     * @throws BdevException EINVAL naming the member that is too small, or cannot be written where strips begin
     */
    static void checkNew(Definition definition, Slots slots) {
        List<Bdev> members =
                slots.attached().stream().map(slot -> slot.member().bdev()).toList();
        if (!members.isEmpty()) {
            checkWriteUnits(definition.name(), assembled(definition, slots, false, Optional.empty()), members);
        }
    }

    /**
     * Checks that what is known of a slot is not more than its member has.
     *
     * @throws BdevException EINVAL naming the member
     */
    static void checkHolds(Definition definition, Bdev base, Shape.Extent extent) {
        long end = extent.dataOffset() + extent.dataBlocks();
        if (base.numBlocks() < end) {
            throw definition.invalid("base bdev '" + base.name() + "' is too small: it has " + base.numBlocks()
                    + " blocks, " + end + " belong to the array");
        }
    }

    /** Returns what an array is made of if it follows its members, which may have grown. */
    static Shape grown(Shape before, Slots slots) {
        List<Shape.Extent> room = new ArrayList<>();
        for (Slot slot : slots.all()) {
            Shape.Extent now = before.members().get(slot.index());
            boolean last = slot.index() == slots.count() - 1;
            boolean follows = slot.member() != null && (before.level() != RaidLevel.CONCAT || last);
            room.add(
                    follows
                            ? new Shape.Extent(
                                    now.dataOffset(), slot.member().bdev().numBlocks() - now.dataOffset())
                            : now);
        }
        return new Shape(
                before.level(),
                before.blockSize(),
                before.stripBlocks(),
                used(before.level(), before.stripBlocks(), room));
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
