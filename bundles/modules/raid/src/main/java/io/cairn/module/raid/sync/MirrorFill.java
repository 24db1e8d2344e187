package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.IoBuffer;
import java.util.BitSet;

/**
 * raid1, rebuild: copies from one leg to the target. Rows that a leg could not give are written to it again with what another one gave, so that the read error is mended
 * where the disk can. What is zero is not written to a target that has zeroes there: a thin one stays thin.
 */
final class MirrorFill extends Chunk {
    private final int target;
    private final BitSet sources = new BitSet();

    MirrorFill(ProcessRun run, int blockSize, IoBuffer[] buffers, int target) {
        super(run, blockSize, buffers);
        this.target = target;
    }

    @Override
    protected void attempt() {
        int source = source();
        if (source < 0) {
            then(this::unreadable);
            return;
        }
        sources.clear();
        sources.set(source);
        if (unread().isEmpty() && fillInPlace(target, sources, buffers[1])) {
            return;
        }
        read(source, buffers[0]);
        then(() -> {
            if (isUnread(source)) {
                tryRows();
            } else {
                mend();
            }
        });
    }

    private int source() {
        for (int slot = 0; slot < run.slots(); slot++) {
            if (run.role(slot) == MemberRole.IN_SYNC && !isUnread(slot)) {
                return slot;
            }
        }
        return -1;
    }

    private void unreadable() {
        if (!narrow()) {
            reportUnread(false);
            lost();
        }
    }

    private void mend() {
        if (unread().isEmpty()) {
            fill(target, buffers[0], buffers[1]);
        } else {
            step(() -> unread().stream().forEach(slot -> write(slot, buffers[0], 0, rows())), () -> {
                reportUnread(true);
                fill(target, buffers[0], buffers[1]);
            });
        }
    }
}
