package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;

/** Where the data of a bdev is that comes into a slot of an array that is online. App thread. */
final class Placement {
    private final Definition definition;

    Placement(Definition definition) {
        this.definition = definition;
    }

    /**
     * A member is in its slot from now on, and has yet to get what it should hold.
     *
     * @param delta whether its own disk shows that the intents say all that it misses; without a superblock it does not, and may be a blank one under the UUID of the member that left
     * @throws io.cairn.bdev.BdevException EINVAL it is too small
     */
    void place(Slot slot, Shape shape, boolean delta) {
        Bdev bdev = slot.member().bdev();
        Shape.Extent here = shape.members().get(slot.index());
        boolean same = slot.uuid().equals(bdev.uuid());
        fit(
                slot,
                new Shape.Extent(same ? here.dataOffset() : offsetOnNew(bdev, shape.stripBlocks()), here.dataBlocks()));
        slot.member().setDelta(delta);
    }

    /** A member is in a slot that is new. */
    void placeNew(Slot slot, Shape shape) {
        fit(slot, new Shape.Extent(offsetOnNew(slot.member().bdev(), shape.stripBlocks()), shape.rows()));
        slot.member().setDelta(false);
    }

    private long offsetOnNew(Bdev bdev, long stripBlocks) {
        return Geometry.onNew(bdev, definition.name(), definition.level(), stripBlocks, definition.superblock())
                .dataOffset();
    }

    private void fit(Slot slot, Shape.Extent where) {
        Bdev bdev = slot.member().bdev();
        long needed = where.dataOffset() + where.dataBlocks();
        if (bdev.numBlocks() < needed) {
            throw definition.refusal(
                    Errno.EINVAL,
                    "base bdev '" + bdev.name() + "' is too small: it has " + bdev.numBlocks() + " blocks, " + needed
                            + " are needed");
        }
        if (slot.state() == MemberState.CONFIGURED) {
            slot.setState(MemberState.MISSING);
        }
        slot.assign(bdev.name(), bdev.uuid(), where);
    }
}
