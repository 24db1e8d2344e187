package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Cuts a bdev into parts of equal size (or into one): what random stacks are built of. */
final class StackModule implements BdevModule {
    private static final Set<IoType> FORWARDED = EnumSet.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.ABORT,
            IoType.COPY);

    private BdevHost host;

    @Override
    public String name() {
        return "stack";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    /** Builds parts on a base; on the app thread. */
    CompletionStage<List<Bdev>> build(String base, int parts) {
        Shared shared = new Shared();
        shared.link = BaseLink.exclusive(host, base, base + " parts", (event, d) -> {
            if (event == BdevEvent.REMOVE) {
                List.copyOf(shared.parts).forEach(host::unregister);
            }
        });
        long size = shared.link.base().numBlocks() / parts;
        Set<IoType> types = EnumSet.copyOf(FORWARDED);
        types.retainAll(shared.link.base().supportedTypes());
        List<CompletableFuture<Bdev>> registered = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            BdevSpec spec = BdevSpec.physical(
                            base + "." + i, "Part", shared.link.base().blockSize(), size, types)
                    .withWriteCache(true)
                    .withBases(List.of(base));
            registered.add(host.register(spec, new Part(shared, i * size)).toCompletableFuture());
            shared.parts.add(host.find(spec.name()).orElseThrow());
        }
        return CompletableFuture.allOf(registered.toArray(CompletableFuture<?>[]::new))
                .thenApply(v -> List.copyOf(shared.parts));
    }

    /** Removes one part; on the app thread. */
    CompletionStage<Void> remove(Bdev part) {
        return host.unregister(part);
    }

    /** The hold on the base, which ends with the last part. */
    private static final class Shared {
        private BaseLink link;
        private final List<Bdev> parts = new ArrayList<>();
        private int gone;
    }

    private static final class Part implements BdevBackend {
        private final Shared shared;
        private final long firstBlock;

        Part(Shared shared, long firstBlock) {
            this.shared = shared;
            this.firstBlock = firstBlock;
        }

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            return new ForwardingChannel(shared.link.openChannel(), firstBlock);
        }

        @Override
        public CompletionStage<Void> destruct() {
            if (++shared.gone == shared.parts.size()) {
                shared.link.close();
            }
            return CompletableFuture.completedFuture(null);
        }
    }
}
