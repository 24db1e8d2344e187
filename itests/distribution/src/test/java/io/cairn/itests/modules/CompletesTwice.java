package io.cairn.itests.modules;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Reactor;

/** Completes every I/O twice: at once, and again as failed a turn later, when the object may be another I/O. */
public final class CompletesTwice extends SimpleModule {
    @Override
    public String name() {
        return "completestwice";
    }

    @Override
    void submit(Reactor reactor, BdevIo io) {
        io.complete(IoStatus.SUCCESS);
        io.complete(IoStatus.FAILED);
        reactor.execute(() -> io.complete(IoStatus.FAILED));
    }
}
