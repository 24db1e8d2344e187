package io.cairn.bench;

import io.cairn.reactor.IoBuffer;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * What the memory of this machine allows at this moment: copies of 4 KiB between anywhere in 64 MiB and one of 128 buffers, and nothing
 * else. A disk in memory can be as fast as this and no faster.
 */
final class CopyBaseline {
    private static final int DISK_BYTES = 64 << 20;
    private static final int BUFFERS = 128;
    private static final int BATCH = 1024;

    private final IoBuffer disk = IoBuffer.allocate(DISK_BYTES);
    private final IoBuffer[] buffers = new IoBuffer[BUFFERS];
    private final SplittableRandom random = new SplittableRandom(1);

    CopyBaseline() {
        for (int i = 0; i < BUFFERS; i++) {
            buffers[i] = IoBuffer.allocate(Stacks.IO_BYTES);
        }
    }

    /** Returns millions of copies in a second of processor time. */
    double millions(Duration time, boolean write) {
        ThreadMeter meter = new ThreadMeter(Thread.currentThread());
        ThreadMeter.Reading before = meter.read();
        long copies = 0;
        while (meter.read().wallNanos() - before.wallNanos() < time.toNanos()) {
            for (int i = 0; i < BATCH; i++) {
                copy(i % BUFFERS, random.nextInt(DISK_BYTES / Stacks.IO_BYTES) * Stacks.IO_BYTES, write);
            }
            copies += BATCH;
        }
        return copies * 1e3 / meter.read().minus(before).cpuNanos();
    }

    private void copy(int buffer, int at, boolean write) {
        if (write) {
            buffers[buffer].copyTo(0, disk, at, Stacks.IO_BYTES);
        } else {
            disk.copyTo(at, buffers[buffer], 0, Stacks.IO_BYTES);
        }
    }
}
