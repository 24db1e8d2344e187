package io.cairn.export.nbd.protocol;

import java.nio.ByteBuffer;

/** Writes the headers of replies at absolute positions; each method returns the number of bytes it wrote. */
public final class Replies {
    /** Bytes of a simple reply's header. */
    public static final int SIMPLE = 16;
    /** Bytes of a chunk's header. */
    public static final int CHUNK = 20;
    /** Bytes before the data in a chunk of data. */
    public static final int DATA_CHUNK = CHUNK + Long.BYTES;
    /** Bytes before the extents in a chunk of block status. */
    public static final int STATUS_CHUNK = CHUNK + Integer.BYTES;
    /** Bytes of an extent. */
    public static final int EXTENT = 8;

    private Replies() {}

    /** Writes a simple reply's header; {@code error} 0 is success. */
    public static int simple(ByteBuffer out, int at, long cookie, int error) {
        out.putInt(at, Nbd.SIMPLE_REPLY_MAGIC);
        out.putInt(at + 4, error);
        out.putLong(at + 8, cookie);
        return SIMPLE;
    }

    /** Writes what comes before the data of a chunk of a read. */
    public static int data(ByteBuffer out, int at, long cookie, boolean last, long offset, int length) {
        chunk(out, at, cookie, last, Nbd.REPLY_OFFSET_DATA, Long.BYTES + length);
        out.putLong(at + CHUNK, offset);
        return DATA_CHUNK;
    }

    /** Writes the chunk that ends a reply without saying more. */
    public static int none(ByteBuffer out, int at, long cookie) {
        return chunk(out, at, cookie, true, Nbd.REPLY_NONE, 0);
    }

    /** Writes what comes before the extents of a block status. */
    public static int status(ByteBuffer out, int at, long cookie, int contextId, int extents) {
        chunk(out, at, cookie, true, Nbd.REPLY_BLOCK_STATUS, Integer.BYTES + extents * EXTENT);
        out.putInt(at + CHUNK, contextId);
        return STATUS_CHUNK;
    }

    /** Writes an extent of a block status. */
    public static int extent(ByteBuffer out, int at, long length, int state) {
        out.putInt(at, (int) length);
        out.putInt(at + 4, state);
        return EXTENT;
    }

    /** Writes a chunk that ends a reply with an error. */
    public static int error(ByteBuffer out, int at, long cookie, int error) {
        return error(out, at, cookie, error, "");
    }

    /** Writes a chunk that ends a reply with an error and says why. */
    public static int error(ByteBuffer out, int at, long cookie, RequestFault fault) {
        return error(out, at, cookie, fault.error(), fault.message());
    }

    private static int error(ByteBuffer out, int at, long cookie, int error, String message) {
        int length = Integer.BYTES + Short.BYTES + message.length();
        chunk(out, at, cookie, true, Nbd.REPLY_ERROR, length);
        out.putInt(at + CHUNK, error);
        out.putShort(at + CHUNK + 4, (short) message.length());
        for (int i = 0; i < message.length(); i++) {
            out.put(at + CHUNK + 6 + i, (byte) message.charAt(i));
        }
        return CHUNK + length;
    }

    private static int chunk(ByteBuffer out, int at, long cookie, boolean last, int type, int length) {
        out.putInt(at, Nbd.STRUCTURED_REPLY_MAGIC);
        out.putShort(at + 4, (short) (last ? Nbd.REPLY_FLAG_DONE : 0));
        out.putShort(at + 6, (short) type);
        out.putLong(at + 8, cookie);
        out.putInt(at + 16, length);
        return CHUNK;
    }
}
