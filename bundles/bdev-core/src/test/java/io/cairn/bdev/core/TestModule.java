package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.Examination;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A module of memory disks whose I/Os a test completes when it likes, and which says what it was asked. */
class TestModule implements BdevModule {
    final String name;
    final List<String> log = new ArrayList<>();
    BdevHost host;
    Consumer<Bdev> onConfig = b -> {};
    BiConsumer<Bdev, Examination> onDisk;
    int priority = 100;

    TestModule(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    @Override
    public CompletionStage<Void> fini() {
        log.add("fini");
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void restore(Bdev bdev) {
        log.add("restore " + bdev.name());
    }

    @Override
    public void examineConfig(Bdev bdev) {
        log.add("config " + bdev.name());
        onConfig.accept(bdev);
    }

    @Override
    public boolean examinesDisk() {
        return onDisk != null;
    }

    @Override
    public int examinePriority() {
        return priority;
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        log.add("disk " + bdev.name());
        onDisk.accept(bdev, examination);
    }

    /** A disk in memory. */
    static final class Disk implements BdevBackend {
        final int blockSize;
        final byte[] content;
        final List<IoType> served = new ArrayList<>();
        final List<Long> lengths = new ArrayList<>();
        final ArrayDeque<BdevIo> held = new ArrayDeque<>();
        final Map<Integer, Integer> channels = new HashMap<>();
        CompletableFuture<Void> destructed = CompletableFuture.completedFuture(null);
        boolean hold;
        boolean inline;
        boolean slowAbort;
        boolean givesBack;
        boolean refuseAbort;
        int noMemoryTimes;
        boolean misaligned;
        /** Whether every call but {@code submitRequest} ends in a stack that is too deep. */
        boolean overflows;

        int destructs;
        /** What direct access gives; null: nothing. */
        IoBuffer memory;

        Disk(int blockSize, int blocks) {
            this.blockSize = blockSize;
            this.content = new byte[blockSize * blocks];
        }

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            channels.merge(reactor.index(), 1, Integer::sum);
            return new BackendChannel() {
                @Override
                public void submitRequest(BdevIo io) {
                    if (hold) {
                        held.add(io);
                    } else if (inline) {
                        serve(io);
                    } else {
                        reactor.execute(() -> serve(io));
                    }
                }

                @Override
                public boolean abort(BdevIo victim) {
                    overflow();
                    if (refuseAbort || slowAbort) {
                        return !refuseAbort;
                    }
                    if (held.remove(victim)) {
                        victim.complete(IoStatus.ABORTED);
                        return true;
                    }
                    return false;
                }

                @Override
                public void endKept() {
                    overflow();
                }

                @Override
                public void giveBack() {
                    overflow();
                    while (givesBack && !held.isEmpty()) {
                        held.poll().complete(IoStatus.NOMEM);
                    }
                }

                @Override
                public void close() {
                    channels.merge(reactor.index(), -1, Integer::sum);
                    overflow();
                }
            };
        }

        @Override
        public boolean directAccess(BackendChannel channel, IoType type, long offset, long blocks, IoVector pieces) {
            overflow();
            if (memory == null) {
                return false;
            }
            int at = (int) offset * blockSize;
            pieces.add(memory, at, Math.min((int) blocks * blockSize, memory.capacity() - at));
            return true;
        }

        private void overflow() {
            if (overflows) {
                throw new StackOverflowError();
            }
        }

        void serve(BdevIo io) {
            if (noMemoryTimes > 0) {
                noMemoryTimes--;
                io.complete(IoStatus.NOMEM);
                return;
            }
            if (io.type() == IoType.READ && !io.hasData()) {
                io.needData();
                return;
            }
            served.add(io.type());
            lengths.add(io.numBlocks());
            long at = io.offsetBlocks() * blockSize;
            for (int i = 0; i < io.segments(); i++) {
                IoBuffer buffer = io.segmentBuffer(i);
                misaligned |= (buffer.address() + io.segmentOffset(i)) % blockSize != 0;
                if (io.type() == IoType.READ) {
                    buffer.bytes().put(io.segmentOffset(i), content, (int) at, io.segmentLength(i));
                } else if (io.type() == IoType.WRITE) {
                    buffer.bytes().get(io.segmentOffset(i), content, (int) at, io.segmentLength(i));
                }
                at += io.segmentLength(i);
            }
            io.complete(IoStatus.SUCCESS);
        }

        @Override
        public CompletionStage<Void> destruct() {
            destructs++;
            overflow();
            return destructed;
        }
    }

    /** Registers a disk of 512-byte blocks. */
    Bdev register(Disk disk, String bdevName, Set<IoType> types, IoLimits limits) {
        host.register(
                BdevSpec.physical(bdevName, "Test disk", disk.blockSize, disk.content.length / disk.blockSize, types)
                        .withLimits(limits),
                disk);
        return host.find(bdevName).orElseThrow();
    }

    Bdev register(Disk disk, String bdevName) {
        return register(
                disk,
                bdevName,
                Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.ABORT),
                IoLimits.NONE);
    }
}
