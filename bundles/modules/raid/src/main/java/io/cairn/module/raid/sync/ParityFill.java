package io.cairn.module.raid.sync;

import io.cairn.reactor.IoBuffer;
import java.util.BitSet;

/** raid5f, rebuild: what the target should hold, data or parity, is the XOR of what all others hold. */
final class ParityFill extends Chunk {
    private final int target;
    private final BitSet others = new BitSet();

    ParityFill(ProcessRun run, int blockSize, IoBuffer[] buffers, int target) {
        super(run, blockSize, buffers);
        this.target = target;
        others.set(0, run.slots());
        others.clear(target);
    }

    @Override
    protected void attempt() {
        if (fillInPlace(target, others, buffers[target])) {
            return;
        }
        for (int slot = 0; slot < run.slots(); slot++) {
            if (slot != target) {
                read(slot, buffers[slot]);
            }
        }
        then(() -> {
            if (unread().isEmpty()) {
                int first = target == 0 ? 1 : 0;
                for (int slot = 0; slot < run.slots(); slot++) {
                    if (slot != target) {
                        run.xor().add(buffers[slot], 0);
                    }
                }
                run.xor().into(buffers[first], 0, bytes());
                fill(target, buffers[first], buffers[target]);
            } else if (!narrow()) {
                reportUnread(false);
                lost();
            }
        });
    }
}
