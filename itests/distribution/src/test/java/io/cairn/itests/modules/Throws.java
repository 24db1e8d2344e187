package io.cairn.itests.modules;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.Examination;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** Throws from every callback but those without which there is no module at all. */
public final class Throws extends SimpleModule {
    private final AtomicInteger opened = new AtomicInteger();

    @Override
    public String name() {
        return "throws";
    }

    private static IllegalStateException fault(String callback) {
        return new IllegalStateException("the fault of " + callback);
    }

    @Override
    public List<ConfigEntry> configuration() {
        throw fault("configuration");
    }

    @Override
    public void examineConfig(Bdev bdev) {
        throw fault("examineConfig");
    }

    @Override
    public boolean examinesDisk() {
        return true;
    }

    @Override
    public int examinePriority() {
        throw fault("examinePriority");
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        throw fault("examineDisk");
    }

    @Override
    public void restore(Bdev bdev) {
        throw fault("restore");
    }

    @Override
    public CompletionStage<Void> fini() {
        throw fault("fini");
    }

    @Override
    public Map<String, Object> driverSpecific() {
        throw fault("driverSpecific");
    }

    @Override
    public Object newIoContext() {
        throw fault("newIoContext");
    }

    /** Throws the first time; later it makes a channel that does. */
    @Override
    public BackendChannel openChannel(Reactor reactor) {
        if (opened.getAndIncrement() == 0) {
            throw fault("openChannel");
        }
        return new BadChannel(this, reactor);
    }

    @Override
    void submit(Reactor reactor, BdevIo io) {
        throw fault("submitRequest");
    }

    @Override
    public CompletionStage<Void> destruct() {
        throw fault("destruct");
    }

    /** Throws too. */
    static final class BadChannel extends BackendChannel {
        private final Throws module;
        private final Reactor reactor;

        BadChannel(Throws module, Reactor reactor) {
            this.module = module;
            this.reactor = reactor;
        }

        @Override
        public void submitRequest(BdevIo io) {
            module.submit(reactor, io);
        }

        @Override
        public boolean abort(BdevIo victim) {
            throw fault("abort");
        }

        @Override
        public void close() {
            throw fault("close");
        }
    }
}
