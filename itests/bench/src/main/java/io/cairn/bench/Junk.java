package io.cairn.bench;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Content that is not zero, all over a bdev: one piece after the other. On the app thread. */
final class Junk implements IoCompletion {
    private static final int PIECE = 1 << 20;

    private final Reactor app;
    private final BdevDescriptor bdev;
    private final BdevChannel channel;
    private final IoBuffer content = IoBuffer.allocate(PIECE);
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final int blocks;
    private long next;

    private Junk(Reactor app, BdevDescriptor bdev) {
        this.app = app;
        this.bdev = bdev;
        this.channel = bdev.openChannel();
        this.blocks = PIECE / bdev.bdev().blockSize();
        for (int i = 0; i < PIECE; i += Long.BYTES) {
            content.bytes().putLong(i, (i + 1) * 0x9E3779B97F4A7C15L);
        }
    }

    /** Fills a bdev, but for what is less than a MiB at its end. Waits for it. */
    static void fill(Reactors reactors, Bdevs bdevs, String name) {
        BdevDescriptor opened = Stacks.await(bdevs.open(name, OpenMode.WRITE, "fill", (event, descriptor) -> {}));
        Stacks.await(reactors.onApp(() -> {
            Junk junk = new Junk(reactors.app(), opened);
            junk.go();
            return junk.done;
        }));
    }

    @Override
    public void onComplete(BdevIo io) {
        if (io.status().isSuccess()) {
            go();
        } else {
            done.completeExceptionally(
                    new IllegalStateException("filling " + io.bdev().name() + ": " + io.status()));
        }
    }

    private void go() {
        if (next + blocks > bdev.bdev().numBlocks()) {
            // not from inside the completion of an I/O of the channel
            app.execute(() -> {
                channel.close();
                bdev.close();
                content.free();
                done.complete(null);
            });
            return;
        }
        long at = next;
        next += blocks;
        channel.write(content, 0, at, blocks, this, Map.of());
    }
}
