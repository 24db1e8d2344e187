package io.cairn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.shell.perf.PerfRun;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An I/O allocates nothing on its way through any stack. What is counted is all that the reactor's thread allocates meanwhile: Netty
 * takes 16 bytes each time its event loop is run (once in 15 µs), and timers take some; an object for each I/O would be 16 bytes at least.
 */
class IoPathAllocationTest {
    private static final Duration WARM = Duration.ofMillis(500);
    private static final double LESS_THAN_AN_OBJECT = 2;
    private static final long MANY = 100_000;
    /** Whole stripes take longer, and allocate as little. More than an array has: disks in memory take theirs when they are first written. */
    private static final long LARGE = 5_000;

    private static Stacks stacks;

    @BeforeAll
    static void start() throws IOException {
        stacks = new Stacks();
        stacks.exercise(Duration.ofMillis(50));
    }

    @AfterAll
    static void stop() throws IOException {
        stacks.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21})
    void allocatesNothing(int index) {
        PathCase path = PathCase.ALL.get(index);
        ThreadMeter meter = new ThreadMeter(stacks.loadThread());
        PerfRun run = stacks.start(path.bdev(), path.options(Duration.ofHours(1)));
        long enough = path.ioBytes() > Stacks.IO_BYTES ? LARGE : MANY;
        Stacks.await(stacks.after(WARM));
        long before = awaitCount(run, enough);

        ThreadMeter.Reading begun = meter.read();
        long count = awaitCount(run, before + enough) - before;
        ThreadMeter.Reading used = meter.read().minus(begun);
        run.stop();

        assertThat(Stacks.await(run.result()).failure()).isEmpty();
        assertThat((double) used.heapBytes() / count)
                .as("bytes per I/O of %s", path)
                .isLessThan(LESS_THAN_AN_OBJECT);
    }

    private static long awaitCount(PerfRun run, long least) {
        long count;
        do {
            Stacks.await(stacks.after(Duration.ofMillis(50)));
            count = Stacks.await(run.counts()).all();
        } while (count < least);
        return count;
    }
}
