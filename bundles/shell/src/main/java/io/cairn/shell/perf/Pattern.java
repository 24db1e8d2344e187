package io.cairn.shell.perf;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What a verifying run writes into each block, so that every kind of mix-up can be told from the block alone: the run, the
 * block's place, how often the place had been written, noise that depends on these, and a CRC-32C of all that. Not thread-safe;
 * allocates nothing unless something is wrong.
 */
final class Pattern {
    private static final int RUN = 0;
    private static final int PLACE = 8;
    private static final int GENERATION = 16;
    private static final int CRC = 20;
    private static final int NOISE = 24;
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private final long run;
    private final int blockSize;
    private final CRC32C crc = new CRC32C();

    /**
     * Makes the pattern of a run.
     *
     * @param run tells this run's blocks from those of others
     * @param blockSize bytes, at least 32 and a multiple of 8
     */
    Pattern(long run, int blockSize) {
        this.run = run;
        this.blockSize = blockSize;
    }

    /** Returns another one of the same run, for another thread. */
    Pattern sameRun() {
        return new Pattern(run, blockSize);
    }

    /** Fills a buffer with consecutive blocks; {@code view} is its content, little-endian, and loses its position. */
    void fill(ByteBuffer view, int bytes, long firstByte, int generation) {
        for (int at = 0; at < bytes; at += blockSize) {
            long place = firstByte + at;
            view.putLong(at + RUN, run);
            view.putLong(at + PLACE, place);
            view.putInt(at + GENERATION, generation);
            long noise = run ^ place * STEP ^ generation;
            for (int i = at + NOISE; i < at + blockSize; i += Long.BYTES) {
                noise += STEP;
                view.putLong(i, noise ^ noise >>> 29);
            }
            view.putInt(at + CRC, crcOf(view, at));
        }
    }

    /** Makes sure that blocks which a read does not fill are not taken for right ones. */
    void spoil(ByteBuffer view, int bytes) {
        for (int at = 0; at < bytes; at += blockSize) {
            view.putLong(at + RUN, ~run);
            view.putInt(at + CRC, ~view.getInt(at + CRC));
        }
    }

    /**
     * Compares what was read with what {@link #fill} made.
     *
     * @return null if all is well, else what is wrong with the first block that is
     */
    String check(ByteBuffer view, int bytes, long firstByte, int generation) {
        for (int at = 0; at < bytes; at += blockSize) {
            boolean right = view.getLong(at + RUN) == run
                    && view.getLong(at + PLACE) == firstByte + at
                    && view.getInt(at + GENERATION) == generation
                    && view.getInt(at + CRC) == crcOf(view, at);
            if (!right) {
                return "mismatch at byte " + (firstByte + at) + ": " + wrong(view, at, firstByte + at, generation);
            }
        }
        return null;
    }

    private String wrong(ByteBuffer view, int at, long place, int generation) {
        if (view.getLong(at + RUN) != run) {
            return "it does not hold what this run wrote, but begins with "
                    + String.format("%016x", Long.reverseBytes(view.getLong(at + RUN)));
        }
        if (view.getInt(at + CRC) != crcOf(view, at)) {
            return "its checksum is wrong";
        }
        if (view.getLong(at + PLACE) != place) {
            return "it holds what was written at byte " + view.getLong(at + PLACE);
        }
        return "it holds what was written there as number " + view.getInt(at + GENERATION) + ", not as number "
                + generation;
    }

    private int crcOf(ByteBuffer view, int at) {
        crc.reset();
        view.limit(at + CRC).position(at);
        crc.update(view);
        view.limit(at + blockSize).position(at + NOISE);
        crc.update(view);
        view.clear();
        return (int) crc.getValue();
    }
}
