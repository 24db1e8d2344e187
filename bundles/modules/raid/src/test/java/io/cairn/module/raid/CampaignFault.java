package io.cairn.module.raid;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoType;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.RaidLevel;
import java.util.function.Predicate;

/**
 * A defect of the engine that a campaign plants, to see that it finds it: something that the engine has to do to its members it leaves out. Planted at the disks,
 * because there is nothing in the engine to switch it off.
 */
enum CampaignFault {
    /** No defect. */
    NONE(RaidLevel.RAID1) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> false;
        }
    },
    /** Changes are acknowledged whose intent is not on disk (rule 1). */
    NO_INTENT(RaidLevel.RAID1) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> writes(io, where, where.bitmapOffset(), where.journalOffset());
        }
    },
    /** Changes are acknowledged that a member missed whose failure is not on disk (rule 2). */
    NO_RECORD_OF_LOSS(RaidLevel.RAID1) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> writes(io, where, 0, where.extensionOffset(0));
        }
    },
    /** The superblock is on disk, and the extension that belongs to it is not (rule on the order on disk). */
    NO_EXTENSION(RaidLevel.RAID5F) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> writes(io, where, where.extensionOffset(0), where.bitmapOffset());
        }
    },
    /** Stripes of a degraded array are written whose missing strip is in no journal (rule 6). */
    NO_JOURNAL_ENTRY(RaidLevel.RAID5F) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> writes(io, where, where.journalOffset(), where.dataOffset() * where.blockSize());
        }
    },
    /** Members are not flushed: not before an intent is taken back, nor when somebody flushes the array. */
    NO_FLUSH(RaidLevel.RAID1) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            return io -> io.type() == IoType.FLUSH;
        }
    },
    /** A member that is back is not given some of what it missed. */
    REBUILD_WITH_GAPS(RaidLevel.RAID1) {
        @Override
        Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack) {
            long data = where.dataOffset();
            return io -> cameBack
                    && (io.type() == IoType.WRITE || io.type() == IoType.WRITE_ZEROES)
                    && io.offsetBlocks() >= data
                    && (io.offsetBlocks() - data) / 32 % 4 == 1;
        }
    };

    private final RaidLevel level;

    CampaignFault(RaidLevel level) {
        this.level = level;
    }

    /** Returns the fault that {@code -Dcairn.fault=NAME} names; {@link #NONE} without it. */
    static CampaignFault named() {
        return valueOf(System.getProperty("cairn.fault", NONE.name()));
    }

    /** Returns a level on which it does harm. */
    RaidLevel level() {
        return level;
    }

    /** Plants it in a member. */
    void plantIn(SimDisk disk, Reserved where, boolean cameBack) {
        disk.leaveOut(leavesOut(where, cameBack));
    }

    /**
     * Returns what is left out.
     *
     * @param where where things are on the member
     * @param cameBack whether the member has been away
     */
    abstract Predicate<BdevIo> leavesOut(Reserved where, boolean cameBack);

    private static boolean writes(BdevIo io, Reserved where, long from, long to) {
        long at = io.offsetBlocks() * where.blockSize();
        return io.type() == IoType.WRITE && at >= from && at < to;
    }
}
