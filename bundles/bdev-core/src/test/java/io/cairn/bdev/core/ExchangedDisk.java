package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** A disk of module {@code m} that is open, and the module that takes it over. */
final class ExchangedDisk {
    static final int BLOCK = 512;
    static final Duration LONGEST = Duration.ofSeconds(10);
    static final Set<IoType> TYPES = Set.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.ABORT);

    final CoreFixture core = new CoreFixture(11);
    final CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
    final IoBuffer memory = IoBuffer.allocate(1 << 16);
    /** Behind the first module. */
    final TestModule.Disk old = new TestModule.Disk(BLOCK, 64);
    /** Behind the next one. */
    final TestModule.Disk next = new TestModule.Disk(BLOCK, 64);

    private final TestModule first = core.module("m");
    private Bdev bdev;

    BdevChannel open(Set<IoType> types, IoLimits limits) {
        bdev = first.register(old, "d0", types, limits);
        core.reactors.runUntilIdle();
        return core.open("d0", OpenMode.WRITE).openChannel();
    }

    /** Ends the first module, whose I/O is held, and has the next one serve the bdev. Returns which bdevs that one has taken over. */
    List<String> exchange(Hold hold, Set<IoType> types) {
        core.await(core.core.remove(first));
        TestModule second = new TestModule("m");
        core.await(core.core.add(second));
        core.await(core.reactors.onApp(() -> second.host.register(
                BdevSpec.physical("d0", "Test disk", BLOCK, 64, types)
                        .withUuid(bdev.uuid())
                        .withLimits(bdev.limits()),
                next)));
        List<String> adopted = core.await(hold.over()).adopted();
        core.reactors.runUntilIdle();
        return adopted;
    }
}
