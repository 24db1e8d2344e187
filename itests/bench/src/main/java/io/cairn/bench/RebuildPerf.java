package io.cairn.bench;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.core.BdevCore;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.module.malloc.MallocModule;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.sync.Goal;
import io.cairn.module.raid.sync.Outcome;
import io.cairn.module.raid.sync.ProcessListener;
import io.cairn.module.raid.sync.ProcessOptions;
import io.cairn.module.raid.sync.Processes;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Measures a rebuild of malloc members of 1 GiB on an array without I/O against a copy of as much memory, in alternating rounds: raid1 of 2 and raid5f of 3. Arguments:
 * rounds (3). Needs {@code -XX:MaxDirectMemorySize=6g}.
 */
public final class RebuildPerf {
    private static final int BYTES = 1 << 30;
    private static final int BLOCK = 512;

    private RebuildPerf() {}

    /** An array of which one member is being rebuilt, over and over. */
    private static final class Rebuilding implements BdevModule, ArrayControl, ProcessListener {
        private BdevHost host;
        private final List<BaseLink> links = new ArrayList<>();
        private volatile CompletableFuture<Outcome> ended;

        @Override
        public String name() {
            return "rebuilding";
        }

        @Override
        public void init(BdevHost core) {
            host = core;
        }

        Processes create(RaidLevel level, List<String> bases) {
            List<Layout.Slot> slots = new ArrayList<>();
            List<Shape.Extent> extents = new ArrayList<>();
            for (String base : bases) {
                BaseLink link = BaseLink.exclusive(host, base, "array", (event, descriptor) -> {});
                links.add(link);
                slots.add(new Layout.Slot(slots.isEmpty() ? MemberRole.TARGET : MemberRole.IN_SYNC, link));
                extents.add(new Shape.Extent(0, link.base().numBlocks()));
            }
            Layout layout = new Layout(1, new Shape(level, BLOCK, level.hasStrips() ? 128 : 0, extents), slots);
            ArrayChannels channels = new ArrayChannels(
                    host.reactors(),
                    ChannelSettings.of(this),
                    layout,
                    new RegionSet(layout.shape().rows(), 2048));
            return new Processes(host.reactors(), channels, layout, ProcessOptions.DEFAULT, this);
        }

        @Override
        public void cursor(Goal goal, long row) {}

        @Override
        public void started(Goal goal) {}

        @Override
        public void ended(Goal goal, Outcome outcome) {
            ended.complete(outcome);
        }

        @Override
        public void readError(int slot, long row, long rows, boolean repaired, IoStatus status) {
            throw new IllegalStateException("a read failed: " + status);
        }

        @Override
        public CompletionStage<Boolean> surrender(int missing, long row, long rows) {
            throw new IllegalStateException("rows are given up");
        }

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            throw new IllegalStateException("a member failed: " + status);
        }

        @Override
        public void suspect(long row, long rows) {
            throw new IllegalStateException("rows in doubt");
        }

        @Override
        public void intend(long row, long rows) {
            throw new IllegalStateException("an intent");
        }
    }

    /** Measures. */
    public static void main(String[] args) {
        // kept until the end: a logger that nobody holds forgets its level
        Logger cairn = Logger.getLogger("io.cairn");
        cairn.setLevel(Level.WARNING);
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 3;
        measure(System.out, rounds, RaidLevel.RAID1, 2);
        measure(System.out, rounds, RaidLevel.RAID5F, 3);
        cairn.setLevel(null);
    }

    private static void measure(PrintStream out, int rounds, RaidLevel level, int members) {
        ThreadReactors reactors = new ThreadReactors(ReactorOptions.defaults().withCount(2));
        OperationCenter operations = new OperationCenter(reactors, ConfigStore.inMemory());
        BdevCore core = new BdevCore(reactors, operations);
        Rebuilding array = new Rebuilding();
        core.add(new MallocModule()).toCompletableFuture().join();
        core.add(array).toCompletableFuture().join();
        List<String> names = new ArrayList<>();
        for (int slot = 0; slot < members; slot++) {
            String name = "M" + slot;
            names.add(name);
            operations
                    .call(
                            "bdev_malloc_create",
                            Map.of("name", name, "block_size", (long) BLOCK, "num_blocks", (long) BYTES / BLOCK))
                    .toCompletableFuture()
                    .join();
            Junk.fill(reactors, core, name);
        }
        CompletableFuture<Processes> made = new CompletableFuture<>();
        reactors.app().execute(() -> made.complete(array.create(level, names)));
        Processes processes = made.join();
        IoBuffer from = IoBuffer.allocate(BYTES / 2);
        IoBuffer to = IoBuffer.allocate(BYTES / 2);
        for (int round = 1; round <= rounds; round++) {
            ThreadMeter own = new ThreadMeter(Thread.currentThread());
            ThreadMeter.Reading before = own.read();
            from.copyTo(0, to, 0, BYTES / 2);
            to.copyTo(0, from, 0, BYTES / 2);
            ThreadMeter.Reading copying = own.read().minus(before);
            array.ended = new CompletableFuture<>();
            long busyBefore = busy(reactors);
            long began = System.nanoTime();
            reactors.app().execute(() -> processes.request(new Goal.Rebuild(0, null, 0)));
            Outcome outcome = array.ended.join();
            double rebuilt = BYTES * 1.0 / (System.nanoTime() - began);
            double perCore = BYTES * 1.0 / (busy(reactors) - busyBefore);
            double copied = BYTES * 1.0 / copying.cpuNanos();
            out.printf(
                    "%s of %d: copy %.2f GB/s, rebuild %.2f GB/s by the clock, %.2f GB for a second of processor time of all "
                            + "reactors: ratio %.2f (%s)%n",
                    level, members, copied, rebuilt, perCore, perCore / copied, outcome);
        }
        from.free();
        to.free();
        CompletableFuture<Void> given = new CompletableFuture<>();
        reactors.app().execute(() -> {
            array.links.forEach(BaseLink::close);
            given.complete(null);
        });
        given.join();
        for (String name : names) {
            operations
                    .call("bdev_malloc_delete", Map.of("name", name))
                    .toCompletableFuture()
                    .join();
        }
        reactors.close();
    }

    /** Returns the processor time that all reactors have used. */
    private static long busy(ThreadReactors reactors) {
        long sum = 0;
        for (Reactor reactor : reactors.all()) {
            CompletableFuture<Thread> thread = new CompletableFuture<>();
            reactor.execute(() -> thread.complete(Thread.currentThread()));
            sum += new ThreadMeter(thread.join()).read().cpuNanos();
        }
        return sum;
    }
}
