package io.cairn.shell.perf;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.Submission;
import io.cairn.reactor.Reactor;

/** Nothing but I/O: what is read is not looked at, what is written has no meaning. */
final class LoadJob extends PerfJob {
    private static final int PERCENT = 100;

    private final Positions positions;
    private final long blocks;
    private final boolean lent;
    private final boolean mixed;
    private final boolean writes;
    private final int readPercent;

    /**
     * Makes the job.
     *
     * @param blocks of each I/O
     */
    LoadJob(Reactor reactor, Slot[] slots, PerfOptions options, Positions positions, long blocks) {
        super(reactor, slots, options.time().toNanos());
        this.positions = positions;
        this.blocks = blocks;
        this.lent = !options.ownMemory();
        this.mixed = options.workload().reads() && options.workload().writes();
        this.writes = options.workload().writes();
        this.readPercent = options.readPercent();
    }

    @Override
    protected Submission submit(Slot slot) {
        long offset = positions.next() * blocks;
        if (!writes || (mixed && positions.below(PERCENT) < readPercent)) {
            return lent
                    ? channel.read(offset, blocks, this, slot)
                    : channel.read(slot.buffer, 0, offset, blocks, this, slot);
        }
        return channel.write(slot.buffer, 0, offset, blocks, this, slot);
    }

    @Override
    protected void completed(BdevIo io, Slot slot) {
        issueNext(slot);
    }
}
