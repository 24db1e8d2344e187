package io.cairn.bench;

import io.cairn.module.raid.level.Xor;
import io.cairn.reactor.IoBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Ways to work out parity, against copying the same strips. Strips of 64 KiB in off-heap memory that the cache of second level holds. One
 * operation reads {@code sources} strips: the figure in operations per µs, times sources, times 65.536, is GB/s of what is read.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseParallelGC", "-Xms64m", "-Xmx256m"})
public class XorBenchmark {
    private static final int STRIP = 64 << 10;
    private static final VarHandle BYTES_AS_LONGS =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** Data strips of a stripe. */
    @Param({"2", "3", "7"})
    public int sources;

    private IoBuffer[] strips;
    private IoBuffer target;
    private Xor xor;

    /** Fills the strips. */
    @Setup
    public void fill() {
        Random random = new Random(1);
        strips = new IoBuffer[sources];
        for (int i = 0; i < sources; i++) {
            strips[i] = IoBuffer.allocate(STRIP);
            for (int at = 0; at < STRIP; at += Long.BYTES) {
                strips[i].bytes().putLong(at, random.nextLong());
            }
        }
        target = IoBuffer.allocate(STRIP);
        xor = new Xor(sources);
    }

    /** What the others are compared with: copies each strip. */
    @Benchmark
    public void copies() {
        for (IoBuffer strip : strips) {
            strip.copyTo(0, target, 0, STRIP);
        }
    }

    /** What the levels use in the distribution, on JDK 17 and 18. */
    @Benchmark
    @Fork(
            value = 1,
            jvmArgsAppend = {
                "-XX:+UseParallelGC",
                "-Xms64m",
                "-Xmx256m",
                "--add-modules",
                "jdk.incubator.vector",
                "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0"
            })
    public void levels() {
        sum();
    }

    /** What the levels use without the Vector API. */
    @Benchmark
    public void loops() {
        sum();
    }

    private void sum() {
        for (IoBuffer strip : strips) {
            xor.add(strip, 0);
        }
        xor.into(target, 0, STRIP);
    }

    /** Without a way through the heap: one strip after the other through views of the bytes. */
    @Benchmark
    public void offHeap() {
        strips[0].copyTo(0, target, 0, STRIP);
        ByteBuffer to = target.bytes();
        for (int k = 1; k < sources; k++) {
            ByteBuffer from = strips[k].bytes();
            for (int i = 0; i < STRIP; i += Long.BYTES) {
                BYTES_AS_LONGS.set(to, i, (long) BYTES_AS_LONGS.get(to, i) ^ (long) BYTES_AS_LONGS.get(from, i));
            }
        }
    }
}
