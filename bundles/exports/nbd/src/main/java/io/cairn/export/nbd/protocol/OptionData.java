package io.cairn.export.nbd.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads an option's data field by field; whatever does not fit throws {@link Malformed}. */
final class OptionData {
    private final ByteBuffer bytes;

    OptionData(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    /** The data are not what the option's format says. The message is for the client. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    int uint16(String field) throws Malformed {
        require(Short.BYTES, field);
        return bytes.getShort() & 0xffff;
    }

    long uint32(String field) throws Malformed {
        require(Integer.BYTES, field);
        return Integer.toUnsignedLong(bytes.getInt());
    }

    /** Reads a string that is preceded by its length in 32 bits. */
    String text(String field) throws Malformed {
        return text(uint32("length of " + field), field);
    }

    /** Reads a string that takes all the rest. */
    String rest(String field) throws Malformed {
        return text(bytes.remaining(), field);
    }

    void end() throws Malformed {
        if (bytes.hasRemaining()) {
            throw new Malformed(bytes.remaining() + " bytes after the last field");
        }
    }

    private String text(long length, String field) throws Malformed {
        if (length > Nbd.MAX_STRING) {
            throw new Malformed(field + " has " + length + " bytes, more than " + Nbd.MAX_STRING);
        }
        require(length, field);
        byte[] raw = new byte[(int) length];
        bytes.get(raw);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw))
                    .toString();
            if (text.indexOf('\0') >= 0) {
                throw new Malformed(field + " contains a NUL");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw new Malformed(field + " is not UTF-8");
        }
    }

    private void require(long length, String field) throws Malformed {
        if (length > bytes.remaining()) {
            throw new Malformed(field + " is longer than the option's data");
        }
    }
}
