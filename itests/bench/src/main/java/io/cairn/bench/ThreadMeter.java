package io.cairn.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Tells what a thread has used: heap and processor. */
final class ThreadMeter {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long thread;

    /**
     * What was used up to a moment.
     *
     * @param wallNanos when
     * @param cpuNanos processor time
     * @param heapBytes bytes allocated on the heap
     */
    record Reading(long wallNanos, long cpuNanos, long heapBytes) {
        Reading minus(Reading before) {
            return new Reading(wallNanos - before.wallNanos, cpuNanos - before.cpuNanos, heapBytes - before.heapBytes);
        }
    }

    ThreadMeter(Thread thread) {
        this.thread = thread.getId();
    }

    Reading read() {
        return new Reading(
                System.nanoTime(), threads.getThreadCpuTime(thread), threads.getThreadAllocatedBytes(thread));
    }
}
