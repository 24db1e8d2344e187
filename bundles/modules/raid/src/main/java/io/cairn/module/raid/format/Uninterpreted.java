package io.cairn.module.raid.format;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Bytes of a record that this version has no meaning for: reserved fields, flags, the minor version. A later minor version may use
 * them, so they are carried from what was read to what is written. Immutable.
 */
public final class Uninterpreted {
    /** Nothing there: all zero. What this version puts into a record that it makes. */
    public static final Uninterpreted NONE = new Uninterpreted(new byte[0]);

    /** The whole record with the fields that have a meaning zeroed; empty if everything is zero. */
    private final byte[] record;

    private Uninterpreted(byte[] record) {
        this.record = record;
    }

    /** Keeps a record of which the fields with a meaning have been zeroed. The array is the callee's from then on. */
    static Uninterpreted of(byte[] record) {
        for (byte b : record) {
            if (b != 0) {
                return new Uninterpreted(record);
            }
        }
        return NONE;
    }

    /** Puts the bytes into a record, before the fields with a meaning are put over them. */
    void copyTo(ByteBuffer target, int at) {
        target.put(at, record);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Uninterpreted that && Arrays.equals(record, that.record);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(record);
    }

    @Override
    public String toString() {
        return record.length == 0 ? "none" : record.length + " bytes";
    }
}
