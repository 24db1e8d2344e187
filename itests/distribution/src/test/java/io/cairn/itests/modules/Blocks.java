package io.cairn.itests.modules;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.reactor.Reactor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Blocks its reactor for {@value #SECONDS} s at each write to block 0. */
public final class Blocks extends SimpleModule {
    /** How long. */
    public static final int SECONDS = 3;

    @Override
    public String name() {
        return "blocks";
    }

    @Override
    void submit(Reactor reactor, BdevIo io) {
        if (io.type() == IoType.WRITE && io.offsetBlocks() == 0) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            for (long rest = end - System.nanoTime(); rest > 0; rest = end - System.nanoTime()) {
                LockSupport.parkNanos(rest);
            }
        }
        io.complete(IoStatus.SUCCESS);
    }
}
