package io.cairn.shell.perf;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Submission;
import io.cairn.reactor.Reactor;

/**
 * Writes a pattern, reads each write back at once, and when the time is over reads everything once more that was written: a
 * write that went astray destroys what is elsewhere. Remembers for each position how often it was written. No two I/Os of
 * the job are about the same position at the same time.
 */
final class VerifyJob extends PerfJob {
    /** The most positions that a job remembers: 16 MiB. What is behind them is left alone. */
    static final int MOST_POSITIONS = 1 << 22;

    private static final int PERCENT = 100;
    private static final int BUSY = 1 << 31;

    private final Positions positions;
    private final Pattern pattern;
    private final long blocks;
    private final int ioBytes;
    private final boolean mixed;
    private final int readPercent;
    /** How often each position was written; with {@link #BUSY} while an I/O is about it. */
    private final int[] generations;

    private boolean lastRound;
    private int lastRoundNext;
    private int lastRoundOut;
    private long checked;

    /**
     * Makes the job.
     *
     * @param positions at least as many as there are slots, and no more than {@link #MOST_POSITIONS}
     */
    VerifyJob(Reactor reactor, Slot[] slots, PerfOptions options, Positions positions, long blocks, Pattern pattern) {
        super(reactor, slots, options.time().toNanos());
        this.positions = positions;
        this.pattern = pattern;
        this.blocks = blocks;
        this.ioBytes = options.ioBytes();
        this.mixed = options.workload().reads();
        this.readPercent = options.readPercent();
        this.generations = new int[(int) positions.count()];
    }

    @Override
    protected long checked() {
        return checked;
    }

    @Override
    protected Submission submit(Slot slot) {
        if (slot.step == Slot.Step.CHOOSE) {
            choose(slot);
        }
        long offset = slot.position * blocks;
        if (slot.step == Slot.Step.WRITE) {
            return channel.write(slot.buffer, 0, offset, blocks, this, slot);
        }
        pattern.spoil(slot.view, ioBytes);
        return channel.read(slot.buffer, 0, offset, blocks, this, slot);
    }

    /** Finds a position that no other I/O is about; decides whether what is there is read or written anew. */
    private void choose(Slot slot) {
        int at = (int) (positions.next() - positions.first());
        // there are at least as many positions as slots, so one is free
        while ((generations[at] & BUSY) != 0) {
            at = at + 1 == generations.length ? 0 : at + 1;
        }
        slot.position = positions.first() + at;
        if (mixed && generations[at] > 0 && positions.below(PERCENT) < readPercent) {
            slot.step = Slot.Step.CHECK;
        } else {
            slot.step = Slot.Step.WRITE;
            slot.generation = (generations[at] + 1) & ~BUSY;
            pattern.fill(slot.view, ioBytes, slot.position * ioBytes, slot.generation);
        }
        generations[at] |= BUSY;
    }

    @Override
    protected void completed(BdevIo io, Slot slot) {
        int at = (int) (slot.position - positions.first());
        if (io.type() == IoType.WRITE) {
            generations[at] = slot.generation | BUSY;
            slot.step = Slot.Step.READ_BACK;
            issueNext(slot);
            return;
        }
        int generation = generations[at] & ~BUSY;
        String wrong = pattern.check(slot.view, ioBytes, slot.position * ioBytes, generation);
        if (wrong != null) {
            over();
            fail(io.bdev().name() + ": " + wrong);
            return;
        }
        checked++;
        generations[at] = generation;
        slot.step = Slot.Step.CHOOSE;
        if (lastRound) {
            lastRoundOut--;
            over();
            checkNext(slot);
        } else {
            issueNext(slot);
        }
    }

    @Override
    protected boolean afterTime() {
        if (!lastRound) {
            lastRound = true;
            for (Slot slot : slots()) {
                checkNext(slot);
            }
        }
        return lastRoundOut > 0;
    }

    private void checkNext(Slot slot) {
        while (lastRoundNext < generations.length && (generations[lastRoundNext] & ~BUSY) == 0) {
            lastRoundNext++;
        }
        if (lastRoundNext == generations.length || !running) {
            running &= lastRoundOut > 0;
            finishIfDrained();
            return;
        }
        slot.position = positions.first() + lastRoundNext++;
        slot.step = Slot.Step.CHECK;
        lastRoundOut++;
        issue(slot);
    }
}
