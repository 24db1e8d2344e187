package io.cairn.bench;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Reactor;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The I/O path of the stacks of {@link StackPerf} under JMH: 4 KiB reads, one at a time or 128 out. An invocation is a fixed number of
 * I/Os on the load reactor, long enough that handing it over costs nothing that shows. With {@code -prof gc} it says how many bytes an
 * I/O allocates.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseParallelGC", "-Xms64m", "-Xmx1g"})
public class IoPathBenchmark {
    private static final int IOS = 1 << 20;
    private static final int BLOCKS = Stacks.IO_BYTES / 512;

    /** The bdev on top of the stack. */
    @Param({"Null0", "Pass1", "Pass3c", "NullCp0"})
    public String bdev;

    /** I/Os out at any time. */
    @Param({"1", "128"})
    public int depth;

    private Stacks stacks;
    private Reactor reactor;
    private BdevDescriptor descriptor;
    private Load load;

    /** Makes the stacks, has every module's code compiled, and opens the bdev. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        stacks = new Stacks();
        stacks.exercise(Duration.ofMillis(200));
        reactor = stacks.reactors().all().get(Stacks.LOAD);
        descriptor = Stacks.await(stacks.core().open(bdev, OpenMode.READ, "IoPathBenchmark", (event, closing) -> {}));
        load = new Load(descriptor.bdev().numBlocks() / BLOCKS);
        onReactor(() -> load.channel = descriptor.openChannel());
    }

    /** Closes everything. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        onReactor(() -> load.channel.close());
        descriptor.close();
        stacks.close();
    }

    private void onReactor(Runnable action) {
        CompletableFuture.runAsync(action, reactor).join();
    }

    /** Reads blocks one after the other. */
    @Benchmark
    @OperationsPerInvocation(IOS)
    public void read() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        reactor.execute(() -> load.begin(depth, done));
        done.join();
    }

    private static final class Load implements IoCompletion {
        private final long positions;
        private BdevChannel channel;
        private long position;
        private int left;
        private int out;
        private CompletableFuture<Void> done;

        Load(long positions) {
            this.positions = positions;
        }

        void begin(int depth, CompletableFuture<Void> told) {
            done = told;
            left = IOS;
            for (int i = 0; i < depth; i++) {
                submit();
            }
        }

        private void submit() {
            left--;
            out++;
            position = position + 1 == positions ? 0 : position + 1;
            channel.read(position * BLOCKS, BLOCKS, this, null);
        }

        @Override
        public void onComplete(BdevIo io) {
            out--;
            if (left > 0) {
                submit();
            } else if (out == 0) {
                done.complete(null);
            }
        }
    }
}
