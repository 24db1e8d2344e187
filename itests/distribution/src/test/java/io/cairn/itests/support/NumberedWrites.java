package io.cairn.itests.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** A client that fills blocks with numbers, flushes, and knows what must be there when the server has ended in the middle of it. */
public final class NumberedWrites {
    private static final int BLOCK = 4096;
    private static final int WRITES_PER_FLUSH = 16;

    private final int blocks;
    private final int atom;
    private final AtomicLong flushes = new AtomicLong();

    /** What each block holds at least, and at most: the last number that was flushed into it, and the last that was sent to it. */
    private final long[] flushed;

    private final long[] sent;
    private long number;

    /** Makes one that has written nothing, for a disk of zeroes of so many blocks of 4096 bytes, each of which is written as a whole or not at all. */
    public NumberedWrites(int blocks) {
        this(blocks, BLOCK);
    }

    /**
     * Makes one that has written nothing, for a disk of zeroes.
     *
     * @param blocks of 4096 bytes
     * @param atom how many bytes are written as a whole or not at all
     */
    public NumberedWrites(int blocks, int atom) {
        this.blocks = blocks;
        this.atom = atom;
        this.flushed = new long[blocks];
        this.sent = new long[blocks];
    }

    /** How many flushes were answered. Any thread. */
    public long flushes() {
        return flushes.get();
    }

    /** Writes numbered blocks, many at a time, and flushes, until the server ends; what a flush covers was answered before it was sent. */
    public void untilEnd(RunningDistribution cairn, String export, int seed) {
        Random random = new Random(seed);
        try (NbdWire wire = NbdWire.go(cairn.nbdAddress(), export)) {
            while (true) {
                int[] written =
                        random.ints(WRITES_PER_FLUSH, 0, blocks).distinct().toArray();
                for (int block : written) {
                    sent[block] = ++number;
                    wire.request(NbdWire.WRITE, number, (long) block * BLOCK, BLOCK);
                    wire.send(content(number, BLOCK));
                }
                wire.awaitReplies(written.length);
                wire.request(NbdWire.FLUSH, ++number, 0, 0);
                wire.awaitReplies(1);
                for (int block : written) {
                    flushed[block] = sent[block];
                }
                flushes.incrementAndGet();
            }
        } catch (IOException e) {
            // the server's end: what was answered before it counts
        }
    }

    /** Fails unless each part of each block holds one of the numbers that it may, whole. */
    public void assertFlushedIsThere(RunningDistribution cairn, String export) throws IOException {
        try (NbdWire wire = NbdWire.go(cairn.nbdAddress(), export)) {
            for (int block = 0; block < blocks; block++) {
                wire.request(NbdWire.READ, block, (long) block * BLOCK, BLOCK);
                assertThat(wire.reply(block)).isZero();
                ByteBuffer content = wire.data(BLOCK);
                long oldest = Long.MAX_VALUE;
                long newest = 0;
                for (int at = 0; at < BLOCK; at += atom) {
                    long found = content.getLong(at);
                    assertThat(content.slice(at, atom))
                            .as("block %s, byte %s", block, at)
                            .isEqualTo(content(found, atom));
                    oldest = Math.min(oldest, found);
                    newest = Math.max(newest, found);
                }
                assertThat(oldest).as("block %s", block).isGreaterThanOrEqualTo(flushed[block]);
                assertThat(newest).as("block %s", block).isLessThanOrEqualTo(sent[block]);
                // not flushed, but there: it stays
                flushed[block] = oldest;
                sent[block] = newest;
            }
        }
    }

    /** Memory full of a number. */
    private static ByteBuffer content(long number, int length) {
        ByteBuffer block = ByteBuffer.allocate(length);
        while (block.hasRemaining()) {
            block.putLong(number);
        }
        return block.flip();
    }
}
