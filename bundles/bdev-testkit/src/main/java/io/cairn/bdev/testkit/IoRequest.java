package io.cairn.bdev.testkit;

import io.cairn.bdev.IoType;
import java.util.Objects;

/** What a test asks of a bdev: an I/O with its data as plain bytes. {@link TestChannel#start} submits it. */
public final class IoRequest {
    /** How the data lies in memory. */
    public enum Memory {
        /** In one piece. */
        ONE_PIECE,
        /** In several pieces, cut at random places. */
        PIECES,
        /** A read only: the core or the module has the memory. */
        LENT
    }

    private final IoType type;
    private final long offset;
    private final long blocks;
    private final long source;
    private final byte[] data;
    private final byte[] compare;
    private final Memory memory;

    private IoRequest(IoType type, long offset, long blocks, long source, byte[] data, byte[] compare, Memory memory) {
        this.type = type;
        this.offset = offset;
        this.blocks = blocks;
        this.source = source;
        this.data = data;
        this.compare = compare;
        this.memory = memory;
    }

    private static IoRequest plain(IoType type, long offset, long blocks) {
        return new IoRequest(type, offset, blocks, 0, null, null, Memory.ONE_PIECE);
    }

    /** A read. */
    public static IoRequest read(long offset, long blocks) {
        return plain(IoType.READ, offset, blocks);
    }

    /** A write. */
    public static IoRequest write(long offset, long blocks, byte[] data) {
        return new IoRequest(IoType.WRITE, offset, blocks, 0, data, null, Memory.ONE_PIECE);
    }

    /** A comparison with data. */
    public static IoRequest compare(long offset, long blocks, byte[] data) {
        return new IoRequest(IoType.COMPARE, offset, blocks, 0, data, null, Memory.ONE_PIECE);
    }

    /** A write of data if something is there. */
    public static IoRequest compareAndWrite(long offset, long blocks, byte[] expected, byte[] data) {
        return new IoRequest(IoType.COMPARE_AND_WRITE, offset, blocks, 0, data, expected, Memory.ONE_PIECE);
    }

    /** A write of zeroes. */
    public static IoRequest writeZeroes(long offset, long blocks) {
        return plain(IoType.WRITE_ZEROES, offset, blocks);
    }

    /** An unmap. */
    public static IoRequest unmap(long offset, long blocks) {
        return plain(IoType.UNMAP, offset, blocks);
    }

    /** A flush. */
    public static IoRequest flush() {
        return plain(IoType.FLUSH, 0, 0);
    }

    /** A copy. */
    public static IoRequest copy(long to, long from, long blocks) {
        return new IoRequest(IoType.COPY, to, blocks, from, null, null, Memory.ONE_PIECE);
    }

    /** A search for data. */
    public static IoRequest seekData(long offset) {
        return plain(IoType.SEEK_DATA, offset, 0);
    }

    /** A search for a hole. */
    public static IoRequest seekHole(long offset) {
        return plain(IoType.SEEK_HOLE, offset, 0);
    }

    /** A reset. */
    public static IoRequest reset() {
        return plain(IoType.RESET, 0, 0);
    }

    /** An abort; {@link TestChannel#startAbort} says of what. */
    static IoRequest abort() {
        return plain(IoType.ABORT, 0, 0);
    }

    /** Returns the same with its data elsewhere in memory. */
    public IoRequest in(Memory other) {
        return new IoRequest(type, offset, blocks, source, data, compare, Objects.requireNonNull(other));
    }

    /** Returns what is asked. */
    public IoType type() {
        return type;
    }

    /** Returns the first block. */
    public long offset() {
        return offset;
    }

    /** Returns the number of blocks. */
    public long blocks() {
        return blocks;
    }

    /** Returns the first block of a copy's source. */
    public long source() {
        return source;
    }

    /** Returns the data to write or to compare with; null for other types. Not a copy. */
    public byte[] data() {
        return data;
    }

    /** Returns what a compare-and-write expects; null for other types. Not a copy. */
    public byte[] expected() {
        return compare;
    }

    /** Returns how the data lies in memory. */
    public Memory memory() {
        return memory;
    }

    @Override
    public String toString() {
        return type + " " + offset + "+" + blocks + (type == IoType.COPY ? " from " + source : "")
                + (memory == Memory.ONE_PIECE ? "" : " " + memory);
    }
}
