package io.cairn.shell.perf;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** A module with one disk in memory, shared by all reactors, that does what a test tells it to do wrong. */
final class FlawedDisk implements BdevModule, BdevBackend {
    static final int BLOCK_SIZE = 512;

    /** What goes wrong. */
    enum Flaw {
        NOTHING,
        FLIPS_A_BIT,
        LOSES_A_WRITE,
        WRITES_ELSEWHERE,
        ROTS_AFTER_A_READ,
        FAILS
    }

    private final byte[] content;
    private final Flaw flaw;
    private final int flawedBlock;
    private int lost;
    private BdevHost host;
    int openChannels;

    /**
     * Makes the module.
     *
     * @param flawedBlock the block that the flaw is about
     */
    FlawedDisk(int blocks, Flaw flaw, int flawedBlock) {
        this.content = new byte[blocks * BLOCK_SIZE];
        this.flaw = flaw;
        this.flawedBlock = flawedBlock;
    }

    @Override
    public String name() {
        return "flawed";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    CompletionStage<Bdev> register() {
        return host.register(
                BdevSpec.physical(
                        "Flawed0",
                        "flawed",
                        BLOCK_SIZE,
                        content.length / BLOCK_SIZE,
                        Set.of(IoType.READ, IoType.WRITE)),
                this);
    }

    CompletionStage<Void> remove() {
        return host.delete("Flawed0");
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        openChannels++;
        return new BackendChannel() {
            @Override
            public void submitRequest(BdevIo io) {
                reactor.defer(() -> serve(io));
            }

            @Override
            public void close() {
                openChannels--;
            }
        };
    }

    private void serve(BdevIo io) {
        if (io.type() == IoType.READ && !io.hasData()) {
            io.needData();
            return;
        }
        boolean about = io.offsetBlocks() <= flawedBlock && flawedBlock < io.offsetBlocks() + io.numBlocks();
        if (about && flaw == Flaw.FAILS) {
            io.complete(IoStatus.errno(Errno.EIO));
            return;
        }
        int at = Math.toIntExact(io.offsetBlocks() * BLOCK_SIZE);
        int length = Math.toIntExact(io.byteLength());
        if (io.type() == IoType.READ) {
            io.buffer().bytes().put(io.bufferOffset(), content, at, length);
            if (about && flaw == Flaw.ROTS_AFTER_A_READ) {
                content[flawedBlock * BLOCK_SIZE + 100] ^= 4;
            }
        } else if (about && flaw == Flaw.LOSES_A_WRITE && lost++ > 0) {
            // the first write of the block is kept, so that what is found is old and right in itself
            lost++;
        } else if (about && flaw == Flaw.WRITES_ELSEWHERE) {
            io.buffer().bytes().get(io.bufferOffset(), content, content.length - length, length);
        } else {
            io.buffer().bytes().get(io.bufferOffset(), content, at, length);
            if (about && flaw == Flaw.FLIPS_A_BIT) {
                content[flawedBlock * BLOCK_SIZE + 100] ^= 4;
            }
        }
        io.complete(IoStatus.SUCCESS);
    }
}
