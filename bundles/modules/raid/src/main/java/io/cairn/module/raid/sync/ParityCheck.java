package io.cairn.module.raid.sync;

import io.cairn.reactor.IoBuffer;

/**
 * raid5f, resync and scrub: the XOR of what all members hold is to be zero. Where it is not, data is right and parity is computed anew. A member that cannot be read is
 * written again with the XOR of the others where these can be believed: everywhere in a scrub, and where it is parity in a resync.
 */
final class ParityCheck extends Chunk {
    private final boolean repair;
    private final boolean synced;

    /**
     * Makes one.
     *
     * @param repair whether parity that does not fit is written
     * @param synced whether the rows were in agreement, as far as is known
     */
    ParityCheck(ProcessRun run, int blockSize, IoBuffer[] buffers, boolean repair, boolean synced) {
        super(run, blockSize, buffers);
        this.repair = repair;
        this.synced = synced;
    }

    @Override
    protected void attempt() {
        for (int slot = 0; slot < run.slots(); slot++) {
            read(slot, buffers[slot]);
        }
        then(() -> {
            if (unread().isEmpty()) {
                compare();
            } else if (!narrow()) {
                reconstruct();
            }
        });
    }

    private IoBuffer sum(int without) {
        IoBuffer sum = buffers[run.slots()];
        for (int slot = 0; slot < run.slots(); slot++) {
            if (slot != without) {
                run.xor().add(buffers[slot], 0);
            }
        }
        run.xor().into(sum, 0, bytes());
        return sum;
    }

    private void compare() {
        IoBuffer sum = sum(-1);
        if (Content.isZero(sum, 0, bytes())) {
            rowsDone();
            return;
        }
        int[] bad = {0};
        step(
                () -> {
                    int block = 0;
                    while (block < rows()) {
                        int end = endOfBad(sum, block);
                        bad[0] += end - block;
                        if (repair && end > block) {
                            correct(sum, block, end - block);
                        }
                        block = Math.max(end, block + 1);
                    }
                },
                () -> {
                    run.found(bad[0], repair ? bad[0] : 0, 0);
                    rowsDone();
                });
    }

    /** Returns the first block from this one on that fits, or whose parity is on another member. */
    private int endOfBad(IoBuffer sum, int first) {
        int block = first;
        while (block < rows()
                && !Content.isZero(sum, block * blockSize(), blockSize())
                && run.paritySlot(row() + block) == run.paritySlot(row() + first)) {
            block++;
        }
        return block;
    }

    private void correct(IoBuffer sum, int block, int count) {
        int parity = run.paritySlot(row() + block);
        int at = block * blockSize();
        run.xor().add(sum, at);
        run.xor().add(buffers[parity], at);
        run.xor().into(sum, at, count * blockSize());
        write(parity, sum, block, count);
    }

    private void reconstruct() {
        int slot = unread().nextSetBit(0);
        boolean alone = unread().cardinality() == 1;
        boolean known = alone && (synced || slot == run.paritySlot(row()));
        if (!known || !repair) {
            reportUnread(false);
            run.undecided(row());
            run.found(0, 0, rows());
            rowsDone();
            return;
        }
        IoBuffer sum = sum(slot);
        step(() -> write(slot, sum, 0, rows()), () -> {
            reportUnread(true);
            run.found(0, rows(), 0);
            rowsDone();
        });
    }
}
