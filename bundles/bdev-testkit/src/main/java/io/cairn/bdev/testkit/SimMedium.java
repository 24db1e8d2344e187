package io.cairn.bdev.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * What a simulated disk holds: the blocks that are durable, and above them those that only its cache knows. Outlives the
 * disk, the core and the simulation that wrote it: a new {@link SimDisk} may be made over it, as after a restart.
 *
 * <p>A block that was never written, or was given back, is a hole and reads as zeroes. Safe for many threads.
 */
public final class SimMedium {
    /** Stands for a hole in the list of a block's versions. */
    private static final byte[] HOLE = new byte[0];

    private final int blockSize;
    private final Map<Long, byte[]> durable = new HashMap<>();
    /** Per block what was written since it was last made durable, oldest first. */
    private final Map<Long, List<byte[]>> cached = new HashMap<>();

    /**
     * Makes a medium that is one hole.
     *
     * @param blockSize bytes
     */
    public SimMedium(int blockSize) {
        this.blockSize = blockSize;
    }

    /** Returns the block size in bytes. */
    public int blockSize() {
        return blockSize;
    }

    /** Returns what a read of a block finds: a copy. */
    public synchronized byte[] read(long block) {
        byte[] newest = newest(block);
        return newest == HOLE ? new byte[blockSize] : newest.clone();
    }

    /** Returns what a read of several blocks finds. */
    public synchronized byte[] read(long block, int count) {
        byte[] all = new byte[Math.multiplyExact(count, blockSize)];
        for (int i = 0; i < count; i++) {
            byte[] newest = newest(block + i);
            System.arraycopy(newest, 0, all, i * blockSize, newest.length);
        }
        return all;
    }

    /** Writes blocks into the cache, from a block on: as many as the bytes are. */
    public synchronized void write(long block, byte[] content) {
        if (content.length % blockSize != 0) {
            throw new IllegalArgumentException(content.length + " bytes are not blocks of " + blockSize);
        }
        for (int i = 0; i < content.length / blockSize; i++) {
            put(block + i, Arrays.copyOfRange(content, i * blockSize, (i + 1) * blockSize));
        }
    }

    /** Makes blocks holes. */
    public synchronized void discard(long block, long count) {
        for (long b = block; b < block + count; b++) {
            if (newest(b) != HOLE) {
                put(b, HOLE);
            }
        }
    }

    /** Returns whether a block is a hole. */
    public synchronized boolean isHole(long block) {
        return newest(block) == HOLE;
    }

    /** Returns whether all of several blocks are holes. */
    public synchronized boolean isHole(long block, long count) {
        for (long b = block; b < block + count; b++) {
            if (newest(b) != HOLE) {
                return false;
            }
        }
        return true;
    }

    /** Makes everything durable that was written so far. */
    public synchronized void flush() {
        cached.forEach((block, versions) -> settle(block, versions.get(versions.size() - 1)));
        cached.clear();
    }

    /**
     * Loses the power: of every block that is not durable, one version survives, independently of its neighbours: the durable one
     * or any that was written since.
     */
    public synchronized void cut(RandomGenerator random) {
        // in the order of the blocks, so that a seed gives the same survivors whatever the map's order is
        cached.keySet().stream().sorted().forEach(block -> {
            List<byte[]> versions = cached.get(block);
            int survivor = random.nextInt(versions.size() + 1);
            if (survivor > 0) {
                settle(block, versions.get(survivor - 1));
            }
        });
        cached.clear();
    }

    /** Returns how many blocks are not durable. */
    public synchronized int dirtyBlocks() {
        return cached.size();
    }

    private byte[] newest(long block) {
        List<byte[]> versions = cached.get(block);
        return versions != null ? versions.get(versions.size() - 1) : durable.getOrDefault(block, HOLE);
    }

    private void put(long block, byte[] content) {
        cached.computeIfAbsent(block, b -> new ArrayList<>()).add(content);
    }

    private void settle(long block, byte[] content) {
        if (content == HOLE) {
            durable.remove(block);
        } else {
            durable.put(block, content);
        }
    }
}
