package io.cairn.module.delay;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.reactor.Alarm;
import io.cairn.reactor.Reactor;

/**
 * Passes I/O on and tells the end of reads and writes some time after the base did. Until then the I/O is kept here with its outcome;
 * one alarm rings for whatever is due first.
 */
final class DelayChannel extends ForwardingChannel {
    private static final int SLOW_ONE_IN = 100;

    private final Reactor reactor;
    private final Delay delay;
    private final HeldIos held = new HeldIos();
    private final Alarm alarm;
    /** Whether there was a reset, a removal or a hold, and when the last one began: older I/O is not held any more. */
    private boolean ended;

    private long endedNanos;

    DelayChannel(BdevChannel base, Delay delay) {
        super(base);
        this.reactor = base.reactor();
        this.delay = delay;
        this.alarm = reactor.alarm(this::release);
    }

    @Override
    public void submitRequest(BdevIo io) {
        if (io.type() == IoType.READ && !io.hasData()) {
            // what a base lends is lent until its I/O ends, and the base's I/O ends before ours
            io.needData();
        } else {
            super.submitRequest(io);
        }
    }

    @Override
    public void onComplete(BdevIo child) {
        BdevIo io = (BdevIo) child.cookie();
        long nanos = latency(io.type());
        if (nanos == 0 || (ended && io.submittedNanos() - endedNanos <= 0)) {
            super.onComplete(child);
        } else {
            long due = reactor.clockNanos() + nanos;
            if (held.add(io, child.status(), due)) {
                alarm.set(due);
            }
        }
    }

    private long latency(IoType type) {
        return switch (type) {
            case READ -> delay.latencies().readNanos(isSlow());
            case WRITE -> delay.latencies().writeNanos(isSlow());
            default -> 0;
        };
    }

    private boolean isSlow() {
        return reactor.random().nextInt(SLOW_ONE_IN) == 0;
    }

    private void release() {
        // what is held from inside a completion waits for the next time, so that a turn ends
        long now = reactor.clockNanos();
        while (!held.isEmpty() && held.firstDue() - now <= 0) {
            held.completeFirst();
        }
        setAlarm();
    }

    private void setAlarm() {
        if (held.isEmpty()) {
            alarm.cancel();
        } else {
            alarm.set(held.firstDue());
        }
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (held.remove(victim)) {
            setAlarm();
            victim.complete(IoStatus.ABORTED);
            return true;
        }
        return super.abort(victim);
    }

    @Override
    public void endKept() {
        super.endKept();
        tellAll();
    }

    @Override
    public void giveBack() {
        super.giveBack();
        // these are done: the next module has nothing to do for them
        tellAll();
    }

    private void tellAll() {
        ended = true;
        endedNanos = reactor.nowNanos();
        alarm.cancel();
        while (!held.isEmpty()) {
            held.completeFirst();
        }
    }

    @Override
    public void close() {
        alarm.cancel();
        super.close();
    }
}
