package io.cairn.module.raid.sync;

import io.cairn.reactor.IoBuffer;

/** raid5f, rebuild: what the target should hold, data or parity, is the XOR of what all others hold. */
final class ParityFill extends Chunk {
    private final int target;

    ParityFill(ProcessRun run, int blockSize, IoBuffer[] buffers, int target) {
        super(run, blockSize, buffers);
        this.target = target;
    }

    @Override
    protected void attempt() {
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
