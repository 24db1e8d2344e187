package io.cairn.bdev.testkit;

import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.reactor.IoBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** The module {@code sim}: simulated disks, made by tests and not by operations. {@link TestCore#disk} has one ready. */
public final class SimModule implements BdevModule {
    private final List<SimDisk> disks = new CopyOnWriteArrayList<>();
    /** What disks lend to reads of holes. */
    private final IoBuffer zeroes = IoBuffer.allocate(64 << 10);

    private volatile BdevHost host;

    @Override
    public String name() {
        return "sim";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    /** Makes a disk with an empty medium. From any thread; completes when it is registered and its first examine is over. */
    public CompletionStage<SimDisk> add(SimSettings settings) {
        return add(settings, new SimMedium(settings.blockSize()));
    }

    /** Makes a disk over a medium, which may have outlived another disk. */
    public CompletionStage<SimDisk> add(SimSettings settings, SimMedium medium) {
        return host.reactors().onApp(() -> {
            SimDisk disk = new SimDisk(settings, medium, host, zeroes);
            CompletionStage<SimDisk> registered = disk.register();
            disks.add(disk);
            return registered;
        });
    }

    /** Returns all disks that were ever made, in order. */
    public List<SimDisk> disks() {
        return List.copyOf(disks);
    }

    /** Gives its memory back; no disk may be used afterwards. */
    void close() {
        zeroes.free();
    }
}
