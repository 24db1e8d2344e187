package io.cairn.export.nbd.session;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** A disk in memory for tests: writes are volatile until a flush, I/O can be held or made to fail. */
public final class RamDisk implements BdevModule, BdevBackend {
    public static final Set<IoType> ALL = EnumSet.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.WRITE_ZEROES,
            IoType.SEEK_DATA,
            IoType.SEEK_HOLE,
            IoType.ABORT,
            IoType.RESET);

    private final String name;
    private final int blockSize;
    private final IoBuffer content;
    private final boolean[] allocated;
    private final List<BdevIo> held = new ArrayList<>();
    private final List<IoType> seen = new ArrayList<>();
    private BdevHost host;
    private Bdev bdev;
    private boolean holding;
    private IoStatus failure;
    private IoType failing;
    private boolean dirty;

    public RamDisk(String name, int blockSize, int blocks) {
        this.name = name;
        this.blockSize = blockSize;
        this.content = IoBuffer.allocate(blockSize * blocks);
        this.allocated = new boolean[blocks];
    }

    @Override
    public String name() {
        return "ram_" + name;
    }

    @Override
    public void init(BdevHost to) {
        host = to;
    }

    public CompletionStage<Bdev> register(Set<IoType> types) {
        return register(types, IoLimits.NONE);
    }

    public CompletionStage<Bdev> register(Set<IoType> types, IoLimits limits) {
        CompletionStage<Bdev> registered = host.register(
                BdevSpec.physical(name, "Ram disk", blockSize, allocated.length, types)
                        .withLimits(limits)
                        .withWriteCache(true),
                this);
        registered.thenAccept(b -> bdev = b);
        return registered;
    }

    public CompletionStage<Void> unregister() {
        return host.unregister(bdev);
    }

    public void resize(long blocks) {
        host.resize(bdev, blocks);
    }

    public void hold() {
        holding = true;
    }

    /** Serves what is held, and nothing is held any more. */
    public void letGo() {
        holding = false;
        serveHeld();
    }

    /** Serves what is held and goes on holding. */
    public void serveHeld() {
        List<BdevIo> now = List.copyOf(held);
        held.clear();
        now.forEach(this::serve);
    }

    public int held() {
        return held.size();
    }

    public void fail(IoType type, IoStatus status) {
        failing = type;
        failure = status;
    }

    public boolean isDirty() {
        return dirty;
    }

    public List<IoType> seen() {
        return seen;
    }

    public byte[] bytes(int from, int length) {
        byte[] copy = new byte[length];
        content.bytes().get(from, copy);
        return copy;
    }

    public boolean isAllocated(int block) {
        return allocated[block];
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        return new BackendChannel() {
            @Override
            public void submitRequest(BdevIo io) {
                if (!io.hasData() && io.type() == IoType.READ) {
                    io.needData();
                } else if (holding) {
                    held.add(io);
                } else {
                    serve(io);
                }
            }

            @Override
            public boolean abort(BdevIo victim) {
                boolean kept = held.remove(victim);
                if (kept) {
                    victim.complete(IoStatus.ABORTED);
                }
                return kept;
            }

            @Override
            public void close() {
                // nothing to give back
            }
        };
    }

    private void serve(BdevIo io) {
        seen.add(io.type());
        if (io.type() == failing) {
            io.complete(failure);
            return;
        }
        int at = (int) io.offsetBlocks() * blockSize;
        switch (io.type()) {
            case READ -> transfer(io, at, false);
            case WRITE -> {
                transfer(io, at, true);
                mark(io, true);
                dirty = true;
            }
            case UNMAP, WRITE_ZEROES -> {
                content.bytes().put(at, new byte[(int) io.numBlocks() * blockSize]);
                mark(io, false);
                dirty = true;
            }
            case FLUSH -> dirty = false;
            case SEEK_DATA -> {
                io.completeWithResult(seek((int) io.offsetBlocks(), true));
                return;
            }
            case SEEK_HOLE -> {
                io.completeWithResult(seek((int) io.offsetBlocks(), false));
                return;
            }
            default -> {
                // a reset has nothing to do
            }
        }
        io.complete(IoStatus.SUCCESS);
    }

    private void transfer(BdevIo io, int at, boolean write) {
        int position = at;
        for (int i = 0; i < io.segments(); i++) {
            if (write) {
                io.segmentBuffer(i).copyTo(io.segmentOffset(i), content, position, io.segmentLength(i));
            } else {
                content.copyTo(position, io.segmentBuffer(i), io.segmentOffset(i), io.segmentLength(i));
            }
            position += io.segmentLength(i);
        }
    }

    private void mark(BdevIo io, boolean state) {
        for (int i = 0; i < io.numBlocks(); i++) {
            allocated[(int) io.offsetBlocks() + i] = state;
        }
    }

    private long seek(int from, boolean state) {
        for (int i = from; i < allocated.length; i++) {
            if (allocated[i] == state) {
                return i;
            }
        }
        return -1;
    }
}
