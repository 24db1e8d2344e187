package io.cairn.export.nbd.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes what the server says during the handshake. */
final class OptionReplies {
    private static final int HEADER = 20;
    private static final int INFO_BLOCK_SIZE_LENGTH = 14;
    private static final int INFO_EXPORT_LENGTH = 12;
    private static final int RESERVED_ZEROES = 124;

    private final HandshakeOutput out;

    OptionReplies(HandshakeOutput out) {
        this.out = out;
    }

    void greeting() {
        out.send(ByteBuffer.allocate(18)
                .putLong(Nbd.GREETING_MAGIC)
                .putLong(Nbd.OPTION_MAGIC)
                .putShort((short) (Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES))
                .flip());
    }

    void ack(int option) {
        out.send(reply(option, Nbd.REP_ACK, 0).flip());
    }

    void error(int option, int type, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, Nbd.MAX_STRING);
        out.send(reply(option, type, length).put(text, 0, length).flip());
    }

    void server(int option, ExportInfo export) {
        byte[] name = bytes(export.name());
        byte[] description = bytes(export.description());
        out.send(reply(option, Nbd.REP_SERVER, Integer.BYTES + name.length + description.length)
                .putInt(name.length)
                .put(name)
                .put(description)
                .flip());
    }

    void infoExport(int option, long sizeBytes, int flags) {
        out.send(reply(option, Nbd.REP_INFO, INFO_EXPORT_LENGTH)
                .putShort((short) Nbd.INFO_EXPORT)
                .putLong(sizeBytes)
                .putShort((short) flags)
                .flip());
    }

    void infoText(int option, int information, String text) {
        byte[] raw = bytes(text);
        out.send(reply(option, Nbd.REP_INFO, Short.BYTES + raw.length)
                .putShort((short) information)
                .put(raw)
                .flip());
    }

    void infoBlockSize(int option, ExportInfo export) {
        out.send(reply(option, Nbd.REP_INFO, INFO_BLOCK_SIZE_LENGTH)
                .putShort((short) Nbd.INFO_BLOCK_SIZE)
                .putInt(export.minimumBlockSize())
                .putInt(export.preferredBlockSize())
                .putInt(Nbd.MAX_PAYLOAD)
                .flip());
    }

    void metaContext(int option, int id, String name) {
        byte[] raw = bytes(name);
        out.send(reply(option, Nbd.REP_META_CONTEXT, Integer.BYTES + raw.length)
                .putInt(id)
                .put(raw)
                .flip());
    }

    /** The answer to EXPORT_NAME, which has no header. */
    void exportName(long sizeBytes, int flags, boolean zeroes) {
        out.send(ByteBuffer.allocate(Long.BYTES + Short.BYTES + (zeroes ? RESERVED_ZEROES : 0))
                .putLong(sizeBytes)
                .putShort((short) flags)
                .rewind());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer reply(int option, int type, int length) {
        return ByteBuffer.allocate(HEADER + length)
                .putLong(Nbd.OPTION_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(length);
    }
}
