package io.cairn.itests.modules;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** A module as it should be: disks that forget. The bad ones spoil a callback each. */
public abstract class SimpleModule implements BdevModule, BdevBackend {
    static final int BLOCKS = 2048;

    private BdevHost host;

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_" + name() + "_create", Name.class)
                        .describedAs("Creates a disk.")
                        .handledBy(this::create),
                Operation.named("bdev_" + name() + "_delete", Name.class)
                        .describedAs("Deletes a disk.")
                        .handledBy(p -> host.delete(p.name()).thenApply(gone -> true)));
    }

    private CompletionStage<String> create(Name p) {
        return host.register(
                        BdevSpec.physical(
                                p.name(), "Test disk", 512, BLOCKS, Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH)),
                        this)
                .thenApply(Bdev::name);
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        return new DiskChannel(this, reactor);
    }

    /** Serves an I/O. */
    void submit(Reactor reactor, BdevIo io) {
        io.complete(IoStatus.SUCCESS);
    }

    /** Parameters of both operations. */
    record Name(@Param("the disk's name") String name) {}

    /** Passes everything to the module. */
    static final class DiskChannel extends BackendChannel {
        private final SimpleModule module;
        private final Reactor reactor;

        DiskChannel(SimpleModule module, Reactor reactor) {
            this.module = module;
            this.reactor = reactor;
        }

        @Override
        public void submitRequest(BdevIo io) {
            module.submit(reactor, io);
        }

        @Override
        public void close() {}
    }
}
