package io.cairn.shell.perf;

import io.cairn.reactor.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One of the I/Os that a job keeps out: its cookie, its memory, and what the job has to remember until it is over. */
final class Slot {
    /** The data; null if the job needs no memory. */
    final IoBuffer buffer;

    /** The same memory with a position of its own, little-endian. */
    final ByteBuffer view;

    /** Whether it has to do with latencies: else they cost it nothing. */
    boolean timed;

    /** When it was submitted, if this time its latency is taken; else 0. */
    long startedNanos;

    /** How many more times it goes out before its latency is taken. */
    int untimedLeft;

    /** Which part of the bdev it is about. */
    long position;

    /** Which write of that part it is. */
    int generation;

    /** What comes next for it. */
    Step step = Step.CHOOSE;

    /** The steps of an I/O that is verified. */
    enum Step {
        /** Look for something to do. */
        CHOOSE,
        /** Its pattern is written. */
        WRITE,
        /** What was just written is read back. */
        READ_BACK,
        /** What was written some time ago is read. */
        CHECK
    }

    Slot(IoBuffer buffer) {
        this.buffer = buffer;
        this.view = buffer == null ? null : buffer.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
}
