package io.cairn.module.raid.sync;

import io.cairn.reactor.IoBuffer;
import java.util.BitSet;

/** raid5f, rebuild: what the target should hold, data or parity, is the XOR of what all others hold. */
class ParityFill extends Chunk {
    private final int slot;
    private final int target;
    private final BitSet others = new BitSet();

    /**
     * Makes a chunk.
     *
     * @param slot whose content is worked out
     * @param target the position of the one who is given it
     */
    ParityFill(ProcessRun run, int blockSize, IoBuffer[] buffers, int slot, int target) {
        super(run, blockSize, buffers);
        this.slot = slot;
        this.target = target;
        others.set(0, run.slots());
        others.clear(slot);
    }

    @Override
    protected void attempt() {
        if (fillInPlace(target, others, buffers[target])) {
            return;
        }
        for (int other = 0; other < run.slots(); other++) {
            if (other != slot) {
                read(other, buffers[other]);
            }
        }
        then(() -> {
            if (othersUnread()) {
                if (!narrow()) {
                    reportUnread(false);
                    lost();
                }
                return;
            }
            int first = slot == 0 ? 1 : 0;
            for (int other = 0; other < run.slots(); other++) {
                if (other != slot) {
                    run.xor().add(buffers[other], 0);
                }
            }
            run.xor().into(buffers[first], 0, bytes());
            fill(target, buffers[first], buffers[slot]);
        });
    }

    private boolean othersUnread() {
        return unread().stream().anyMatch(other -> other != slot);
    }
}
