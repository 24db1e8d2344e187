package io.cairn.export.nbd.protocol;

import java.nio.ByteBuffer;

/** A decoded request header; one object is filled again and again. */
public final class RequestHeader {
    /** Bytes of a header on the wire. */
    public static final int BYTES = 28;

    private int flags;
    private int command;
    private long cookie;
    private long offset;
    private long length;

    /**
     * Decodes a header.
     *
     * @return false if there is none: the magic is wrong, and the stream cannot be understood any more
     */
    public boolean decode(ByteBuffer bytes, int at) {
        if (bytes.getInt(at) != Nbd.REQUEST_MAGIC) {
            return false;
        }
        flags = bytes.getShort(at + 4) & 0xffff;
        command = bytes.getShort(at + 6) & 0xffff;
        cookie = bytes.getLong(at + 8);
        offset = bytes.getLong(at + 16);
        length = Integer.toUnsignedLong(bytes.getInt(at + 24));
        return true;
    }

    /** Returns the command flags. */
    public int flags() {
        return flags;
    }

    /** Returns whether a command flag is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Returns the command. */
    public int command() {
        return command;
    }

    /** Returns what the client knows the request by. */
    public long cookie() {
        return cookie;
    }

    /** Returns the first byte; unsigned. */
    public long offset() {
        return offset;
    }

    /** Returns the number of bytes that the request is about, 0 to 2^32 - 1. */
    public long length() {
        return length;
    }

    /** Returns the number of bytes that follow the header. */
    public long payloadLength() {
        return command == Nbd.CMD_WRITE ? length : 0;
    }
}
