package io.cairn.itests.support;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Consumer;

/** What is in a range of a file. */
public final class Digests {
    private static final int CHUNK = 1 << 20;

    private Digests() {}

    /** The SHA-256 of the bytes from one offset to another, in hexadecimal. */
    public static String sha256(Path file, long from, long to) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            read(file, from, to, digest::update);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether all bytes of the range are zero. */
    public static boolean isZero(Path file, long from, long to) throws IOException {
        return isFilled(file, from, to, 0);
    }

    /** Whether all bytes of the range have this value. */
    public static boolean isFilled(Path file, long from, long to, int value) throws IOException {
        boolean[] different = new boolean[1];
        read(file, from, to, chunk -> {
            while (chunk.hasRemaining()) {
                different[0] |= chunk.get() != (byte) value;
            }
        });
        return !different[0];
    }

    private static void read(Path file, long from, long to, Consumer<ByteBuffer> consumer) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        try (FileChannel channel = FileChannel.open(file)) {
            for (long at = from; at < to; at += chunk.limit()) {
                chunk.clear().limit((int) Math.min(CHUNK, to - at));
                if (channel.read(chunk, at) < 0) {
                    throw new EOFException(file + " ends before " + to);
                }
                consumer.accept(chunk.flip());
            }
        }
    }
}
