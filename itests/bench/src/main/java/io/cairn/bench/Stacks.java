package io.cairn.bench;

import io.cairn.bdev.core.BdevCore;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.example.readonly.ReadonlyModule;
import io.cairn.module.aio.AioModule;
import io.cairn.module.malloc.MallocModule;
import io.cairn.module.nullbdev.NullModule;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.split.SplitModule;
import io.cairn.operations.PlainJson;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.PerfResult;
import io.cairn.shell.perf.PerfRun;
import io.cairn.shell.perf.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;

/**
 * The stacks that are measured, on real reactors, with every module loaded. Reactor 0 does the control plane, reactor
 * {@value #LOAD} the I/O.
 */
final class Stacks implements AutoCloseable {
    /** The reactor that I/O is measured on. */
    static final int LOAD = 1;

    /** Bytes of an I/O. */
    static final int IO_BYTES = 4096;

    /** Bytes of a full stripe of the raid5f arrays. */
    static final int STRIPE_BYTES = 128 << 10;

    private static final int REACTORS = 2;
    /** Blocks of a strip of 64 KiB. */
    private static final long STRIP = 128;

    private static final long FILE_BYTES = 16L << 20;

    private final ThreadReactors reactors;
    private final OperationCenter operations;
    private final BdevCore core;
    private final Path file;

    /** Starts reactors, core and modules, and makes the stacks. */
    Stacks() throws IOException {
        file = Files.createTempFile("cairn-bench", ".img");
        Files.write(file, new byte[(int) FILE_BYTES]);
        reactors = new ThreadReactors(ReactorOptions.defaults().withCount(REACTORS));
        operations = new OperationCenter(reactors, ConfigStore.inMemory());
        core = new BdevCore(reactors, operations);
        DoubleModule doubles = new DoubleModule();
        ArrayModule arrays = new ArrayModule();
        for (BdevModule module : List.of(
                new NullModule(),
                new MallocModule(),
                new AioModule(),
                new PassthruModule(),
                new SplitModule(),
                new ReadonlyModule(),
                doubles,
                arrays)) {
            await(core.add(module));
        }
        make();
        await(reactors.onApp(() -> doubles.atOnce("AtOnce")));
        await(reactors.onApp(() -> doubles.atTheEnd("AtTheEnd")));
        await(reactors.onApp(() -> doubles.counting("Counting", "NullD")));
        makeArrays(arrays);
    }

    private void make() {
        for (String name : List.of("Null0", "NullA", "NullB", "NullC", "NullD", "NullE")) {
            call("bdev_null_create", "{'name':'" + name + "','block_size':512,'num_blocks':2097152}");
        }
        call("bdev_malloc_create", "{'name':'Malloc0','block_size':512,'num_blocks':131072}");
        call("bdev_aio_create", "{'name':'Aio0','filename':'" + file + "','block_size':512}");
        passthru("Pass1", "NullA");
        passthru("Pass3a", "NullB");
        passthru("Pass3b", "Pass3a");
        passthru("Pass3c", "Pass3b");
        call("bdev_split_create", "{'base_bdev':'NullC','split_count':2}");
        call("bdev_readonly_create", "{'name':'Readonly','base_bdev_name':'NullE'}");
    }

    private void makeArrays(ArrayModule arrays) {
        array(arrays, "Raid0", RaidLevel.RAID0, STRIP, nulls("NullR", 4));
        array(arrays, "Raid1", RaidLevel.RAID1, 0, nulls("NullM", 2));
        array(arrays, "Concat", RaidLevel.CONCAT, STRIP, nulls("NullT", 4));
        array(arrays, "Raid5Null", RaidLevel.RAID5F, STRIP, nulls("NullP", 3));
        List<String> mallocs = List.of("MallocP0", "MallocP1", "MallocP2");
        for (String name : mallocs) {
            call("bdev_malloc_create", "{'name':'" + name + "','block_size':512,'num_blocks':262144}");
        }
        array(arrays, "Raid5Malloc", RaidLevel.RAID5F, STRIP, mallocs);
    }

    private List<String> nulls(String prefix, int count) {
        List<String> names = IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
        for (String name : names) {
            call("bdev_null_create", "{'name':'" + name + "','block_size':512,'num_blocks':2097152}");
        }
        return names;
    }

    private void array(ArrayModule arrays, String name, RaidLevel level, long strip, List<String> bases) {
        await(reactors.onApp(() -> arrays.create(name, level, strip, bases)));
    }

    private void passthru(String name, String base) {
        call("bdev_passthru_create", "{'name':'" + name + "','base_bdev_name':'" + base + "'}");
    }

    @SuppressWarnings("unchecked")
    private void call(String operation, String params) {
        await(operations.call(operation, (Map<String, Object>) PlainJson.read(params.replace('\'', '"'))));
    }

    /** Sends some of every kind of I/O through every kind of bdev, so that the compiled code has seen them all. */
    void exercise(Duration each) {
        for (String bdev : List.of("Malloc0", "Aio0", "Pass3c", "NullCp1", "AtOnce", "AtTheEnd", "Counting")) {
            for (Workload workload : List.of(Workload.RANDRW, Workload.WRITE, Workload.READ)) {
                for (boolean ownMemory : List.of(false, true)) {
                    run(bdev, new PerfOptions(workload, IO_BYTES, 8, each, 50, false, ownMemory, true, List.of(LOAD)));
                }
            }
        }
        for (String array : List.of("Raid0", "Raid1", "Concat")) {
            run(array, new PerfOptions(Workload.RANDRW, IO_BYTES, 8, each, 50, false, true, true, List.of(LOAD)));
        }
        run("Raid5Null", new PerfOptions(Workload.WRITE, STRIPE_BYTES, 8, each, 0, false, true, true, List.of(LOAD)));
        run("Readonly", PerfOptions.randomReads(IO_BYTES, 8, each, LOAD));
        run("Malloc0", new PerfOptions(Workload.RANDRW, IO_BYTES, 8, each, 50, true, false, true, List.of(LOAD)));
    }

    /** Runs I/O and waits for its end. */
    PerfResult run(String bdev, PerfOptions options) {
        PerfResult result = await(start(bdev, options).result());
        result.failure().ifPresent(why -> {
            throw new IllegalStateException(why);
        });
        return result;
    }

    /** Starts I/O. */
    PerfRun start(String bdev, PerfOptions options) {
        return await(PerfRun.start(reactors, core, bdev, options));
    }

    /** Completes after some time. */
    CompletionStage<Void> after(Duration time) {
        return reactors.onApp(() -> {
            CompletableFuture<Void> passed = new CompletableFuture<>();
            reactors.app().after(time.toNanos(), () -> passed.complete(null));
            return passed;
        });
    }

    ThreadReactors reactors() {
        return reactors;
    }

    BdevCore core() {
        return core;
    }

    /** Returns the load reactor's thread. */
    Thread loadThread() {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        reactors.all().get(LOAD).execute(() -> thread.complete(Thread.currentThread()));
        return thread.join();
    }

    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() throws IOException {
        await(core.close());
        operations.stop();
        reactors.close();
        Files.delete(file);
    }
}
