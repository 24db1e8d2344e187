package io.cairn.bench;

import com.sun.management.ThreadMXBean;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.core.BdevCore;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.module.aio.AioModule;
import io.cairn.module.malloc.MallocModule;
import io.cairn.module.nullbdev.NullModule;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.module.split.SplitModule;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * An aio bdev against fio on the same file, 4 KiB random I/O, alternating in one run: the machine's mood hits both.
 *
 * <p>{@code AioVersusFio [seconds=3] [rounds=3] [reads|writes] FILE...}: each FILE exists and may be overwritten. Needs {@code fio}. Other modules'
 * bdevs are exercised first, so that no call site knows one module only.
 */
public final class AioVersusFio {
    private static final int BLOCK = 4096;
    private static final int[] DEPTHS = {1, 32, 128};
    /** The fields of fio's terse output, version 3, that hold the IOPS. */
    private static final int FIO_READ_IOPS = 7;

    private static final int FIO_WRITE_IOPS = 48;

    private static final BdevEventListener NOT_TOLD = (descriptor, event) -> {};

    private final ThreadReactors reactors = new ThreadReactors(ReactorOptions.defaults());
    private final OperationCenter operations = new OperationCenter(reactors, ConfigStore.inMemory());
    private final BdevCore core = new BdevCore(reactors, operations);
    private final Reactor reactor = reactors.all().get(reactors.all().size() - 1);
    private final int seconds;
    private final int rounds;

    private AioVersusFio(int seconds, int rounds) {
        this.seconds = seconds;
        this.rounds = rounds;
    }

    /** Runs it; see the class. */
    public static void main(String[] args) throws IOException {
        List<String> files = new ArrayList<>(List.of(args));
        int seconds = number(files, 3);
        int rounds = number(files, 3);
        boolean onlyReads = files.remove("reads");
        boolean onlyWrites = files.remove("writes");
        if (files.isEmpty()) {
            throw new IllegalArgumentException("AioVersusFio [seconds] [rounds] [reads|writes] FILE...");
        }
        List<Boolean> writes = onlyReads ? List.of(false) : onlyWrites ? List.of(true) : List.of(false, true);
        new AioVersusFio(seconds, rounds).run(files, writes);
    }

    private static int number(List<String> args, int otherwise) {
        return !args.isEmpty() && args.get(0).matches("\\d+") ? Integer.parseInt(args.remove(0)) : otherwise;
    }

    private void run(List<String> files, List<Boolean> writes) throws IOException {
        for (BdevModule module : List.of(
                new NullModule(), new MallocModule(), new PassthruModule(), new SplitModule(), new AioModule())) {
            core.add(module).toCompletableFuture().join();
        }
        exerciseOthers();
        System.out.printf(
                Locale.ROOT,
                "%-34s %-6s %5s %10s %10s %6s %8s%n",
                "file",
                "what",
                "depth",
                "ours/s",
                "fio/s",
                "ratio",
                "B/io");
        for (int i = 0; i < files.size(); i++) {
            String bdev = "aio" + i;
            call("bdev_aio_create", Map.of("name", bdev, "filename", files.get(i), "block_size", BLOCK));
            for (boolean write : writes) {
                for (int depth : DEPTHS) {
                    compare(bdev, files.get(i), write, depth);
                }
            }
        }
        core.close().toCompletableFuture().join();
        reactors.close();
    }

    private void call(String operation, Map<String, Object> params) {
        operations.call(operation, params).toCompletableFuture().join();
    }

    private void exerciseOthers() {
        call("bdev_null_create", Map.of("name", "null0", "block_size", BLOCK, "num_blocks", 1 << 20));
        call("bdev_malloc_create", Map.of("name", "malloc0", "block_size", BLOCK, "num_blocks", 1 << 12));
        call("bdev_passthru_create", Map.of("name", "pass0", "base_bdev_name", "malloc0"));
        call("bdev_split_create", Map.of("base_bdev", "null0", "split_count", 2));
        for (String other : List.of("pass0", "null0p0", "null0p1")) {
            measure(other, false, 32, 1);
        }
        measure("pass0", true, 32, 1);
    }

    private void compare(String bdev, String file, boolean write, int depth) throws IOException {
        measure(bdev, write, depth, 2);
        double[] ours = new double[rounds];
        double[] fio = new double[rounds];
        double[] ratios = new double[rounds];
        double allocated = 0;
        for (int i = 0; i < rounds; i++) {
            Result result = measure(bdev, write, depth, seconds);
            ours[i] = result.perSecond();
            allocated = result.bytesPerIo();
            fio[i] = fio(file, write, depth);
            ratios[i] = ours[i] / fio[i];
        }
        System.out.printf(
                Locale.ROOT,
                "%-34s %-6s %5d %10.0f %10.0f %6.2f %8.1f   %s%n",
                file,
                write ? "write" : "read",
                depth,
                median(ours),
                median(fio),
                median(ratios),
                allocated,
                Arrays.toString(Arrays.stream(ratios)
                        .mapToObj(r -> String.format(Locale.ROOT, "%.2f", r))
                        .toArray()));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** What was reached: completions per second, and bytes that the reactor allocated for each. */
    private record Result(double perSecond, double bytesPerIo) {}

    private Result measure(String bdev, boolean write, int depth, int forSeconds) {
        OpenMode mode = write ? OpenMode.WRITE : OpenMode.READ;
        return CompletableFuture.supplyAsync(() -> core.open(bdev, mode, "AioVersusFio", NOT_TOLD), reactor)
                .thenCompose(opened -> opened)
                .thenCompose(descriptor -> {
                    Load load = new Load(reactor, descriptor, write, depth, TimeUnit.SECONDS.toNanos(forSeconds));
                    reactor.execute(load::start);
                    return load.over;
                })
                .join();
    }

    private double fio(String file, boolean write, int depth) throws IOException {
        Process process = new ProcessBuilder(
                        "fio",
                        "--name=versus",
                        "--filename=" + file,
                        "--ioengine=io_uring",
                        "--direct=1",
                        "--bs=4k",
                        "--rw=" + (write ? "randwrite" : "randread"),
                        "--iodepth=" + depth,
                        "--time_based",
                        "--runtime=" + seconds,
                        "--norandommap",
                        "--randrepeat=0",
                        "--allow_file_create=0",
                        "--output-format=terse")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String line = output.lines()
                .filter(l -> l.startsWith("3;"))
                .findFirst()
                .orElseThrow(() -> new IOException("fio says: " + output));
        return Double.parseDouble(line.split(";")[write ? FIO_WRITE_IOPS : FIO_READ_IOPS]);
    }

    /** Keeps a number of I/Os out for a time. On its reactor. */
    private static final class Load implements IoCompletion {
        private final CompletableFuture<Result> over = new CompletableFuture<>();
        private final Reactor reactor;
        private final BdevDescriptor descriptor;
        private final boolean write;
        private final int depth;
        private final long duration;
        private final long blocks;
        private final SplittableRandom random = new SplittableRandom(1);
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final IoBuffer[] buffers;
        private BdevChannel channel;
        private long begin;
        private long allocatedBefore;
        private long done;
        private int out;
        private boolean ending;
        private Result result;

        Load(Reactor reactor, BdevDescriptor descriptor, boolean write, int depth, long duration) {
            this.reactor = reactor;
            this.descriptor = descriptor;
            this.write = write;
            this.depth = depth;
            this.duration = duration;
            this.blocks = descriptor.bdev().numBlocks();
            this.buffers = new IoBuffer[depth];
        }

        void start() {
            channel = descriptor.openChannel();
            for (int i = 0; i < depth; i++) {
                buffers[i] = IoBuffer.allocate(BLOCK);
            }
            reactor.after(duration, this::end);
            allocatedBefore =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            begin = reactor.clockNanos();
            for (IoBuffer buffer : buffers) {
                out++;
                submit(buffer);
            }
        }

        private void submit(IoBuffer buffer) {
            long at = random.nextLong(blocks);
            if (write) {
                channel.write(buffer, 0, at, 1, this, buffer);
            } else {
                channel.read(buffer, 0, at, 1, this, buffer);
            }
        }

        private void end() {
            ending = true;
            double elapsed = (reactor.clockNanos() - begin) / 1e9;
            long allocated =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocatedBefore;
            result = new Result(done / elapsed, (double) allocated / done);
        }

        @Override
        public void onComplete(BdevIo io) {
            if (!io.status().isSuccess()) {
                over.completeExceptionally(new IllegalStateException(io.type() + " ended with " + io.status()));
            }
            done++;
            if (!ending) {
                submit((IoBuffer) io.cookie());
            } else if (--out == 0) {
                reactor.defer(this::close);
            }
        }

        private void close() {
            channel.close();
            descriptor.close();
            for (IoBuffer buffer : buffers) {
                buffer.free();
            }
            over.complete(result);
        }
    }
}
