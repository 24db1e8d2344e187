package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.MemberRole;
import io.cairn.reactor.IoBuffer;
import java.util.BitSet;

/** raid5f, replace: copies what a member has to the one beside it; where the member cannot be read, what the others say is worked out. */
final class ParityCopy extends ParityFill {
    private final int slot;
    private final int target;
    private final BitSet source = new BitSet();

    ParityCopy(ProcessRun run, int blockSize, IoBuffer[] buffers, int slot, int target) {
        super(run, blockSize, buffers, slot, target);
        this.slot = slot;
        this.target = target;
        source.set(slot);
    }

    @Override
    protected void attempt() {
        if (!isUnread(slot)) {
            copy();
        } else if (othersCanTell()) {
            super.attempt();
        } else {
            then(() -> {
                if (!narrow()) {
                    reportUnread(false);
                    lost();
                }
            });
        }
    }

    private void copy() {
        if (fillInPlace(target, source, buffers[target])) {
            return;
        }
        read(slot, buffers[slot]);
        then(() -> {
            if (isUnread(slot)) {
                tryRows();
            } else {
                fill(target, buffers[slot], buffers[target]);
            }
        });
    }

    private boolean othersCanTell() {
        for (int other = 0; other < run.slots(); other++) {
            if (other != slot && run.role(other) != MemberRole.IN_SYNC) {
                return false;
            }
        }
        return !run.isSuspect(row(), rows());
    }
}
