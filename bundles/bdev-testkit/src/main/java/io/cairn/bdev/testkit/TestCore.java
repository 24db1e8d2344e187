package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.core.BdevCore;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Reactors, operations and the bdev core, put together for a test, without OSGi. Calls are for the test's own thread and
 * look as if they blocked: they run the simulation, or wait for the real threads, until the answer is there. What takes too long
 * fails with the seed in its message.
 *
 * <pre>{@code
 * try (TestCore core = TestCore.simulated(42, 2)) {
 *     core.add(new MyModule());
 *     core.call("bdev_my_create", Map.of("name", "disk0", "num_blocks", 1024L, "block_size", 512L));
 *     try (TestDescriptor disk = core.open("disk0", OpenMode.WRITE)) {
 *         disk.channel().write(0, new byte[512]);
 *         assertThat(disk.channel().read(0, 1)).isEqualTo(new byte[512]);
 *     }
 *     core.assertNoViolations();
 * }
 * }</pre>
 */
public final class TestCore implements AutoCloseable {
    private final Drive drive;
    private final Reactors reactors;
    private final OperationCenter operations;
    private final BdevCore core;
    private final SimModule disks = new SimModule();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final ErrorLog errors;
    private boolean disksAdded;
    private boolean waiting;

    private TestCore(Drive drive) {
        this.drive = drive;
        this.reactors = drive.reactors();
        this.errors = new ErrorLog(this::violation);
        this.operations = drive.operations();
        this.core = new BdevCore(reactors, operations);
    }

    /**
     * Makes a core on simulated reactors.
     *
     * @param seed decides everything that is random
     * @param reactors how many, at least 1
     */
    public static TestCore simulated(long seed, int reactors) {
        return new TestCore(new SimulatedDrive(seed, reactors));
    }

    /** Makes a core on real threads. */
    public static TestCore onThreads(int reactors) {
        return new TestCore(new ThreadDrive(reactors));
    }

    /** Returns whether time and order are simulated. */
    public boolean isSimulated() {
        return drive.isSimulated();
    }

    /** Returns the reactors. */
    public Reactors reactors() {
        return reactors;
    }

    /** Returns a reactor; 0 is the app thread. */
    public Reactor reactor(int index) {
        return reactors.all().get(index);
    }

    /** Returns the core. */
    public BdevCore core() {
        return core;
    }

    /** Returns the bdev layer as those who do I/O see it. */
    public Bdevs bdevs() {
        return core;
    }

    /** Returns the operations: registry and calls. */
    public OperationCenter operations() {
        return operations;
    }

    /** Waits for a stage; throws what it failed with. */
    public <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        until("an answer", future::isDone);
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    /**
     * Waits for something to become true; fails with the seed if it does not.
     *
     * @param condition only looks, without a call of this class that waits itself
     */
    public void until(String what, BooleanSupplier condition) {
        if (waiting) {
            throw new IllegalStateException("waiting for " + what + " from inside a condition: it may only look");
        }
        waiting = true;
        try {
            drive.runUntil(condition);
        } catch (AssertionError inVain) {
            throw new AssertionError(
                    "waited in vain for " + what + " (" + drive + ")"
                            + (violations().isEmpty() ? "" : "; " + violations()),
                    inVain);
        } finally {
            waiting = false;
        }
    }

    /** Lets everything happen that happens by itself and soon. */
    public void settle() {
        drive.settle();
    }

    /** Simulated: takes some steps of the simulation. On threads: nothing. */
    public void step(int steps) {
        drive.step(steps);
    }

    /** Does something on a reactor and returns its result. */
    public <T> T on(Reactor reactor, Supplier<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        reactor.execute(() -> {
            try {
                result.complete(action.get());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return await(result);
    }

    /** Does something on the app thread and returns its result. */
    public <T> T onApp(Supplier<T> action) {
        return on(reactors.app(), action);
    }

    /** Starts something on the app thread and waits for its end. */
    public <T> T awaitOnApp(Supplier<? extends CompletionStage<T>> action) {
        return await(reactors.onApp(action));
    }

    /** Adds a module: initialised, its stored configuration replayed, all bdevs examined by it. */
    public void add(BdevModule module) {
        await(core.add(module));
    }

    /** Takes a module away with its bdevs. */
    public void remove(BdevModule module) {
        await(core.remove(module));
    }

    /** Calls an operation with plain values, as JSON-RPC would. */
    public Object call(String operation, Map<String, Object> params) {
        return await(start(operation, params));
    }

    /** Starts an operation. */
    public CompletionStage<Object> start(String operation, Map<String, Object> params) {
        return operations.call(operation, params);
    }

    /** Makes a simulated disk. */
    public SimDisk disk(SimSettings settings) {
        return disk(settings, new SimMedium(settings.blockSize()));
    }

    /** Makes a simulated disk over a medium, which may come from another core. */
    public SimDisk disk(SimSettings settings, SimMedium medium) {
        return await(disks().add(settings, medium));
    }

    /** Makes a simulated disk that serves everything. */
    public SimDisk disk(String name, int blockSize, long numBlocks) {
        return disk(SimSettings.of(name, blockSize, numBlocks));
    }

    /** Returns the module of the simulated disks. */
    public SimModule disks() {
        if (!disksAdded) {
            disksAdded = true;
            add(disks);
        }
        return disks;
    }

    /** Returns a bdev, if there is one of the name. */
    public Optional<Bdev> find(String name) {
        return await(core.find(name));
    }

    /** Returns a bdev that must be there. */
    public Bdev bdev(String name) {
        return find(name).orElseThrow(() -> new AssertionError("no bdev " + name + " (" + drive + ")"));
    }

    /** Opens a bdev. */
    public TestDescriptor open(String name, OpenMode mode) {
        return TestDescriptor.open(this, name, mode, "test");
    }

    /** Returns everything that can be seen of the core's state, one line per thing: bdevs, names, sizes, claims. */
    public List<String> state() {
        List<String> lines = new ArrayList<>();
        for (Bdev bdev : await(core.list())) {
            lines.add(bdev.name() + " " + bdev.aliases() + " " + bdev.uuid() + " " + bdev.moduleName() + " "
                    + bdev.numBlocks() + "x" + bdev.blockSize() + " " + bdev.state() + " on " + bdev.baseNames() + " "
                    + bdev.claims());
        }
        return lines;
    }

    /** Notes something that must not happen. From any thread. */
    public void violation(String text) {
        violations.add(text);
    }

    /** Returns what happened that must not: found by the kit's descriptors, monitors and disks, and errors in the log. */
    public List<String> violations() {
        List<String> all = new ArrayList<>(violations);
        disks.disks().forEach(disk -> all.addAll(disk.violations()));
        return all;
    }

    /** Says that errors in the log are expected from now on. */
    public void expectErrorsInLog() {
        errors.ignore();
    }

    /** Says that errors in the log are expected from now on whose message, without its parameters filled in, contains a text. */
    public void expectErrorsInLog(String part) {
        errors.ignore(part);
    }

    /** Fails if something happened that must not. */
    public void assertNoViolations() {
        List<String> all = violations();
        if (!all.isEmpty()) {
            throw new AssertionError(all.size() + " violations (" + drive + "): " + String.join("; ", all));
        }
    }

    /** Fails if a reactor's pool has memory lent out, or a simulated disk has I/O out or a channel open. */
    public void assertNothingOut() {
        settle();
        List<String> left = new ArrayList<>();
        for (Reactor reactor : reactors.all()) {
            long lent = on(reactor, () -> reactor.buffers().lentBytes());
            if (lent != 0) {
                left.add(lent + " bytes of " + reactor.name() + "'s pool are lent out");
            }
        }
        for (SimDisk disk : disks.disks()) {
            if (disk.outstanding() != 0 || disk.channelsOpen() != 0) {
                left.add(disk + " has " + disk.outstanding() + " I/Os and " + disk.channelsOpen() + " channels");
            }
        }
        if (!left.isEmpty()) {
            throw new AssertionError("left over (" + drive + "): " + String.join("; ", left));
        }
    }

    /** Says how to run the same again. */
    @Override
    public String toString() {
        return drive.toString();
    }

    @Override
    public void close() {
        errors.close();
        for (Reactor reactor : reactors.all()) {
            on(reactor, () -> {
                reactor.buffers().trim();
                return null;
            });
        }
        disks.close();
        drive.close();
        if (drive.isSimulated()) {
            // nothing runs any more. Of real threads' I/O the kernel may still hold some
            core.freeMemory();
        }
    }
}
