package io.cairn.bench;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * A module of stand-ins that serve I/O in ways that the real modules do not: at once, at the end of the turn, and through a filter. A
 * measurement loads it so that no call of the I/O path has only one or two targets.
 */
final class DoubleModule implements BdevModule {
    private static final Set<IoType> TYPES = Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH);
    private static final int BLOCK_SIZE = 512;
    private static final long BLOCKS = 1 << 20;

    private BdevHost host;
    private VirtualBdevs<Counted> counted;

    @Override
    public String name() {
        return "double";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        counted = new VirtualBdevs<>(name(), core);
    }

    /** Makes a disk that completes I/O at once, from inside its submission. App thread. */
    CompletionStage<Bdev> atOnce(String bdev) {
        return host.register(spec(bdev), reactor -> new AtOnce());
    }

    /** Makes a disk that completes I/O at the end of the turn. App thread. */
    CompletionStage<Bdev> atTheEnd(String bdev) {
        return host.register(spec(bdev), AtTheEnd::new);
    }

    /** Makes a bdev that counts what comes back from its base. App thread. */
    CompletionStage<List<Bdev>> counting(String bdev, String base) {
        return counted.create(new Counted(bdev, base));
    }

    @Override
    public void examineConfig(Bdev bdev) {
        counted.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        counted.restore(bdev);
    }

    private static BdevSpec spec(String bdev) {
        return BdevSpec.physical(bdev, "double", BLOCK_SIZE, BLOCKS, TYPES);
    }

    private static void serve(BdevIo io, IoBuffer constant) {
        if (io.type() == IoType.READ && !io.hasData()) {
            io.lend(constant, 0);
        }
        io.complete(IoStatus.SUCCESS);
    }

    private static final class AtOnce extends BackendChannel {
        private final IoBuffer constant = IoBuffer.allocate(1 << 20);

        @Override
        public void submitRequest(BdevIo io) {
            serve(io, constant);
        }

        @Override
        public void close() {
            constant.free();
        }
    }

    private static final class AtTheEnd extends BackendChannel {
        private final Reactor reactor;
        private final IoBuffer constant = IoBuffer.allocate(1 << 20);

        AtTheEnd(Reactor reactor) {
            this.reactor = reactor;
        }

        @Override
        public void submitRequest(BdevIo io) {
            reactor.defer(() -> serve(io, constant));
        }

        @Override
        public void close() {
            constant.free();
        }
    }

    private record Counted(String key, String baseName) implements VirtualDefinition {
        @Override
        public List<VirtualBdev> bdevs(Bdev base) {
            return List.of(new VirtualBdev(BdevSpec.over(base, key, "counting", TYPES), Counting::new, Map.of()));
        }
    }

    private static final class Counting extends ForwardingChannel {
        private long blocks;

        Counting(BdevChannel base) {
            super(base);
        }

        @Override
        public void onComplete(BdevIo child) {
            blocks += child.numBlocks();
            super.onComplete(child);
        }

        @Override
        public void close() {
            super.close();
            if (blocks < 0) {
                throw new IllegalStateException("more than 2^63 blocks");
            }
        }
    }
}
