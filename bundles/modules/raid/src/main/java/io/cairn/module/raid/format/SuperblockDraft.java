package io.cairn.module.raid.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What a superblock of several blocks is about to become, and a checksum of each block as it was before: durable elsewhere before the superblock is written, so that
 * one that a power cut has torn can be told from one that was damaged, and be brought to its end. Any thread.
 *
 * <p>Little-endian; the checksums are the ordinary CRC-32C, that of the record over the record with the field zeroed.
 *
 * <table>
 * <caption>Layout</caption>
 * <tr><th>offset</th><th>size</th><th>field</th></tr>
 * <tr><td>0</td><td>8</td><td>{@code CAIRNDRF}</td></tr>
 * <tr><td>8</td><td>4</td><td>length of the record: 256 and the superblock</td></tr>
 * <tr><td>12</td><td>4</td><td>CRC</td></tr>
 * <tr><td>16</td><td>4</td><td>block size</td></tr>
 * <tr><td>20</td><td>44</td><td>0</td></tr>
 * <tr><td>64</td><td>4 each</td><td>CRC-32C of a block before, for each block that the superblock is in; then 0</td></tr>
 * <tr><td>256</td><td></td><td>the superblock</td></tr>
 * </table>
 */
public final class SuperblockDraft {
    private static final int SUPERBLOCK_AT = 256;
    /** The most bytes that a draft can have. */
    public static final int MAX_BYTES = SUPERBLOCK_AT + SuperblockCodec.MAX_BYTES;

    private static final byte[] SIGNATURE = "CAIRNDRF".getBytes(StandardCharsets.US_ASCII);
    private static final int LENGTH_AT = 8;
    private static final int CRC_AT = 12;
    private static final int BLOCK_SIZE_AT = 16;
    private static final int BEFORE_AT = 64;

    private final int blockSize;
    private final int[] before;
    private final byte[] superblock;

    private SuperblockDraft(int blockSize, int[] before, byte[] superblock) {
        this.blockSize = blockSize;
        this.before = before;
        this.superblock = superblock;
    }

    /**
     * Returns whether the blocks of a superblock are so many that a draft is made of it: one block is written wholly or not at all.
     *
     * @param superblock the encoded superblock
     * @param blockSize bytes of a block, at least 512
     */
    public static boolean isNeeded(byte[] superblock, int blockSize) {
        return superblock.length > blockSize;
    }

    /** Returns how many bytes the blocks have that an encoded superblock is in. */
    public static int blockBytes(byte[] superblock, int blockSize) {
        return blocks(superblock.length, blockSize) * blockSize;
    }

    /**
     * Makes the draft of a superblock.
     *
     * @param superblock the encoded superblock as it is to be
     * @param found what is on disk now: as many bytes as {@link #blockBytes} says
     * @param blockSize bytes of a block, at least 512
     */
    public static SuperblockDraft of(byte[] superblock, byte[] found, int blockSize) {
        int[] before = new int[blocks(superblock.length, blockSize)];
        for (int block = 0; block < before.length; block++) {
            before[block] = crc(found, block, blockSize);
        }
        return new SuperblockDraft(blockSize, before, superblock.clone());
    }

    /** Encodes the draft. */
    public byte[] encode() {
        byte[] record = new byte[SUPERBLOCK_AT + superblock.length];
        ByteBuffer out = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, SIGNATURE);
        out.putInt(LENGTH_AT, record.length);
        out.putInt(BLOCK_SIZE_AT, blockSize);
        for (int block = 0; block < before.length; block++) {
            out.putInt(BEFORE_AT + block * Integer.BYTES, before[block]);
        }
        out.put(SUPERBLOCK_AT, superblock);
        out.putInt(CRC_AT, Checksum.withHole(record, record.length, CRC_AT));
        return record;
    }

    /**
     * Decodes a draft; empty if there is none that is undamaged and of this block size. Never throws for what the bytes are.
     *
     * @param bytes at least {@value #MAX_BYTES}
     * @param blockSize bytes of the bdev's blocks, at least 512
     */
    public static Optional<SuperblockDraft> decode(byte[] bytes, int blockSize) {
        if (bytes.length < MAX_BYTES) {
            throw new IllegalArgumentException(bytes.length + " bytes may be less than a superblock's draft");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int length = in.getInt(LENGTH_AT);
        if (!Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)
                || length < SUPERBLOCK_AT + SuperblockCodec.HEADER_BYTES
                || length > MAX_BYTES
                || in.getInt(CRC_AT) != Checksum.withHole(bytes, length, CRC_AT)
                || in.getInt(BLOCK_SIZE_AT) != blockSize) {
            return Optional.empty();
        }
        byte[] superblock = Arrays.copyOfRange(bytes, SUPERBLOCK_AT, length);
        int[] before = new int[blocks(superblock.length, blockSize)];
        for (int block = 0; block < before.length; block++) {
            before[block] = in.getInt(BEFORE_AT + block * Integer.BYTES);
        }
        return Optional.of(new SuperblockDraft(blockSize, before, superblock));
    }

    /** Returns the encoded superblock as it is to be. */
    public byte[] superblock() {
        return superblock.clone();
    }

    /**
     * Returns whether what is on disk is what an interrupted write of this superblock leaves: each block is as it is to be or as it was, and one at least is as it is to
     * be, so that the write had begun.
     *
     * @param found as many bytes as {@link #blockBytes} says of the superblock
     */
    public boolean isTornIn(byte[] found) {
        byte[] whole = Arrays.copyOf(superblock, before.length * blockSize);
        boolean begun = false;
        for (int block = 0; block < before.length; block++) {
            int from = block * blockSize;
            int to = from + blockSize;
            if (Arrays.equals(found, from, to, whole, from, to)) {
                begun = true;
            } else if (crc(found, block, blockSize) != before[block]) {
                return false;
            }
        }
        return begun;
    }

    private static int blocks(int bytes, int blockSize) {
        return (bytes + blockSize - 1) / blockSize;
    }

    private static int crc(byte[] blocks, int block, int blockSize) {
        CRC32C crc = new CRC32C();
        crc.update(blocks, block * blockSize, blockSize);
        return (int) crc.getValue();
    }
}
