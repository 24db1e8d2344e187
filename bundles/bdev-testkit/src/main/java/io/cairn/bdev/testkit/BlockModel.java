package io.cairn.bdev.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a block device must answer: for every block the contents that a read may find now, and those that may be found
 * after a power cut. Mostly exactly one; more after a write that failed, an unmap, or a cut.
 *
 * <p>The caller sees to it that no two changes of a block, and no change and read of it, are out at the same time.
 */
public final class BlockModel {
    private final int blockSize;
    private final byte[] zero;
    private final Map<Long, Block> blocks = new HashMap<>();
    private final Set<Block> unsettled = new HashSet<>();
    private long order;

    /** One block's history. */
    private static final class Block {
        /** What a read may find. */
        private List<byte[]> now;
        /** What may be there after a cut: every content since the last flush, that of the flush included. */
        private final List<Version> history = new ArrayList<>();
        /** What is being written and not acknowledged; null: nothing. */
        private byte[] pending;

        Block(byte[] first) {
            now = List.of(first);
            history.add(new Version(0, first));
        }
    }

    /** A content and its place in the order of submissions. */
    private static final class Version {
        private final long order;
        private final byte[] content;

        Version(long order, byte[] content) {
            this.order = order;
            this.content = content;
        }
    }

    /** What a flush will have made durable, as it was when the flush was submitted. */
    public static final class FlushPoint {
        private final Map<Block, List<byte[]>> contents = new HashMap<>();
        private final long order;

        private FlushPoint(long order) {
            this.order = order;
        }
    }

    /** Makes the model of a device that holds zeroes. */
    public BlockModel(int blockSize) {
        this.blockSize = blockSize;
        this.zero = new byte[blockSize];
    }

    /** A change has been submitted: what it writes may be found after a cut from now on. Null data: zeroes. */
    public void writing(long first, long count, byte[] data) {
        for (int i = 0; i < count; i++) {
            Block block = block(first + i);
            block.pending = slice(data, i);
            block.history.add(new Version(++order, block.pending));
            unsettled.add(block);
        }
    }

    /** A change that was submitted has succeeded. */
    public void written(long first, long count, byte[] data) {
        for (int i = 0; i < count; i++) {
            Block block = block(first + i);
            block.now = List.of(slice(data, i));
            block.pending = null;
        }
    }

    /** A change that was submitted has failed: each block is old or new. */
    public void failed(long first, long count, byte[] data) {
        for (int i = 0; i < count; i++) {
            Block block = block(first + i);
            List<byte[]> either = new ArrayList<>(block.now);
            either.add(slice(data, i));
            block.now = either;
            block.pending = null;
        }
    }

    /** A flush is being submitted. */
    public FlushPoint flushing() {
        FlushPoint point = new FlushPoint(++order);
        for (Block block : unsettled) {
            List<byte[]> contents = new ArrayList<>(block.now);
            if (block.pending != null) {
                contents.add(block.pending);
            }
            point.contents.put(block, contents);
        }
        return point;
    }

    /** A flush has succeeded. */
    public void flushed(FlushPoint point) {
        point.contents.forEach((block, contents) -> {
            // what was written after the flush was submitted may or may not have been made durable by it
            block.history.removeIf(version -> version.order <= point.order);
            contents.forEach(content -> block.history.add(new Version(point.order, content)));
            if (block.history.size() == 1) {
                unsettled.remove(block);
            }
        });
    }

    /** The power was lost: every block may hold anything since the last flush. */
    public void cut() {
        for (Block block : unsettled) {
            List<byte[]> any = new ArrayList<>(block.now);
            block.history.forEach(version -> any.add(version.content));
            block.now = any;
            block.pending = null;
            block.history.clear();
            any.forEach(content -> block.history.add(new Version(order, content)));
        }
    }

    /**
     * Checks what a read found, and keeps in mind which of several allowed contents it was.
     *
     * @return what is wrong, or null
     */
    public String check(long first, long count, byte[] found) {
        if (found.length != count * blockSize) {
            return "read " + found.length + " bytes of " + count + " blocks";
        }
        for (int i = 0; i < count; i++) {
            byte[] content = slice(found, i);
            Block block = block(first + i);
            if (block.now.stream().noneMatch(c -> Arrays.equals(c, content))) {
                return "block " + (first + i) + " is " + describe(content) + ", must be one of "
                        + block.now.stream().map(BlockModel::describe).toList();
            }
            block.now = List.of(content);
        }
        return null;
    }

    /** Returns what blocks hold if there is only one possibility; null otherwise. */
    public byte[] known(long first, long count) {
        byte[] all = new byte[Math.toIntExact(count * blockSize)];
        for (int i = 0; i < count; i++) {
            List<byte[]> now = block(first + i).now;
            if (now.size() > 1) {
                return null;
            }
            System.arraycopy(now.get(0), 0, all, i * blockSize, blockSize);
        }
        return all;
    }

    private Block block(long number) {
        return blocks.computeIfAbsent(number, n -> new Block(zero));
    }

    private byte[] slice(byte[] data, int i) {
        return data == null ? zero : Arrays.copyOfRange(data, i * blockSize, (i + 1) * blockSize);
    }

    private static String describe(byte[] content) {
        for (byte b : content) {
            if (b != 0) {
                return "bytes " + Arrays.toString(Arrays.copyOf(content, 16)) + "… (hash "
                        + Integer.toHexString(Arrays.hashCode(content)) + ")";
            }
        }
        return "zeroes";
    }
}
