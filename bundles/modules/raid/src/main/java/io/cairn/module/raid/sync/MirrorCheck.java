package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.IoBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * raid1, resync and scrub: compares all legs, block by block. What is right is, in a resync, what the first leg that is IN_SYNC holds (the one that is read
 * meanwhile), in a scrub what most legs hold, else the first. A TARGET is written like the others and never asked.
 */
final class MirrorCheck extends Chunk {
    private final boolean repair;
    private final boolean majority;

    /**
     * Makes one.
     *
     * @param repair whether legs that differ are written
     * @param majority whether most legs are right; else the first is
     */
    MirrorCheck(ProcessRun run, int blockSize, IoBuffer[] buffers, boolean repair, boolean majority) {
        super(run, blockSize, buffers);
        this.repair = repair;
        this.majority = majority;
    }

    @Override
    protected void attempt() {
        for (int slot = 0; slot < run.slots(); slot++) {
            if (run.role(slot) != MemberRole.ABSENT) {
                read(slot, buffers[slot]);
            }
        }
        then(this::compare);
    }

    private void compare() {
        List<Integer> legs = new ArrayList<>();
        for (int slot = 0; slot < run.slots(); slot++) {
            if (run.role(slot) == MemberRole.IN_SYNC && !isUnread(slot)) {
                legs.add(slot);
            }
        }
        boolean someUnread = !unread().isEmpty();
        if (someUnread && narrow()) {
            return;
        }
        if (legs.isEmpty()) {
            reportUnread(false);
            run.undecided(row());
            run.found(0, 0, rows());
            rowsDone();
            return;
        }
        IoBuffer truth = buffers[legs.get(0)];
        BitSet different = new BitSet();
        for (int leg : legs.subList(1, legs.size())) {
            for (int block = firstDifference(truth, leg, 0);
                    block >= 0;
                    block = firstDifference(truth, leg, block + 1)) {
                different.set(block);
            }
        }
        boolean vote = majority && legs.size() > 2;
        IoBuffer right = vote && !different.isEmpty() ? elect(legs, different) : truth;
        write(right, different);
    }

    private int firstDifference(IoBuffer truth, int leg, int fromBlock) {
        return Content.firstDifference(truth, buffers[leg], fromBlock, rows(), blockSize());
    }

    /** Puts together what most legs hold, in a buffer that is no leg's; where no content has more votes than another, the first leg's. */
    private IoBuffer elect(List<Integer> legs, BitSet different) {
        IoBuffer elected = buffers[run.slots()];
        buffers[legs.get(0)].copyTo(0, elected, 0, bytes());
        for (int block = different.nextSetBit(0); block >= 0; block = different.nextSetBit(block + 1)) {
            int at = block * blockSize();
            int best = legs.get(0);
            int most = 0;
            for (int candidate : legs) {
                int votes = 0;
                for (int leg : legs) {
                    votes += Content.equal(buffers[candidate], buffers[leg], at, blockSize()) ? 1 : 0;
                }
                if (votes > most) {
                    most = votes;
                    best = candidate;
                }
            }
            buffers[best].copyTo(at, elected, at, blockSize());
        }
        return elected;
    }

    private void write(IoBuffer right, BitSet different) {
        int bad = different.cardinality();
        int unreadRows = unread().isEmpty() ? 0 : rows();
        boolean mended = repair && unreadRows > 0;
        step(
                () -> {
                    if (!repair) {
                        return;
                    }
                    for (int slot = 0; slot < run.slots(); slot++) {
                        if (run.role(slot) == MemberRole.ABSENT) {
                            continue;
                        }
                        if (isUnread(slot)) {
                            write(slot, right, 0, rows());
                        } else {
                            writeDifferences(slot, right);
                        }
                    }
                },
                () -> {
                    reportUnread(mended);
                    int wrong = Math.max(bad, mended ? unreadRows : 0);
                    run.found(bad, repair ? wrong : 0, repair ? 0 : unreadRows);
                    rowsDone();
                });
    }

    private void writeDifferences(int slot, IoBuffer right) {
        int from = firstDifference(right, slot, 0);
        while (from >= 0) {
            int to = from + 1;
            while (to < rows() && firstDifference(right, slot, to) == to) {
                to++;
            }
            write(slot, right, from, to - from);
            from = firstDifference(right, slot, to);
        }
    }
}
