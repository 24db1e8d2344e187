package io.cairn.itests.support;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * The bytes of the NBD protocol, for what no well-behaved client sends.
 *
 * <p>Simple replies only: structured ones are not asked for, and so must not come.
 */
public final class NbdWire implements AutoCloseable {
    /** Read. */
    public static final int READ = 0;

    /** Write. */
    public static final int WRITE = 1;

    /** Flush. */
    public static final int FLUSH = 3;

    /** Trim. */
    public static final int TRIM = 4;

    /** Write zeroes. */
    public static final int WRITE_ZEROES = 6;

    /** Not permitted. */
    public static final int EPERM = 1;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** The option that starts transmission. */
    public static final int OPT_GO = 7;

    private static final long GREETING = 0x4e42444d41474943L;
    private static final long OPTION = 0x49484156454f5054L;
    private static final long OPTION_REPLY = 0x3e889045565a9L;
    private static final int REQUEST = 0x25609513;
    private static final int REPLY = 0x67446698;
    private static final int REP_ACK = 1;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final RawConnection connection;

    private NbdWire(RawConnection connection) {
        this.connection = connection;
    }

    /** Connects and takes the server's greeting. */
    public static NbdWire greet(InetSocketAddress address) throws IOException {
        NbdWire wire = new NbdWire(RawConnection.open(address));
        ByteBuffer greeting = wire.connection.receive(18, LIMIT);
        if (greeting.getLong() != GREETING || greeting.getLong() != OPTION) {
            throw new IOException("not the greeting of a newstyle server");
        }
        return wire;
    }

    /** Connects and negotiates up to transmission. */
    public static NbdWire go(InetSocketAddress address, String export) throws IOException {
        NbdWire wire = greet(address);
        wire.send(ByteBuffer.allocate(4).putInt(3).flip());
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(4 + name.length + 2);
        data.putInt(name.length).put(name).putShort((short) 0).flip();
        wire.option(OPT_GO, data.remaining(), data);
        while (true) {
            int type = wire.optionReply();
            if (type == REP_ACK) {
                return wire;
            }
            if (type < 0) {
                throw new IOException("refused with 0x" + Integer.toHexString(type));
            }
        }
    }

    /** Sends an option whose length field may lie. */
    public void option(int option, int length, ByteBuffer data) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(16);
        send(header.putLong(OPTION).putInt(option).putInt(length).flip());
        send(data);
    }

    /** Reads one reply to an option, drops its data and returns its type. */
    public int optionReply() throws IOException {
        ByteBuffer header = connection.receive(20, LIMIT);
        if (header.getLong() != OPTION_REPLY) {
            throw new IOException("not a reply to an option");
        }
        header.getInt();
        int type = header.getInt();
        connection.receive(header.getInt(), LIMIT);
        return type;
    }

    /** Sends the header of a request. */
    public void request(int command, long cookie, long offset, int length) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(28);
        header.putInt(REQUEST)
                .putShort((short) 0)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt(length);
        send(header.flip());
    }

    /** Reads one simple reply without data and returns its error. */
    public int reply(long cookie) throws IOException {
        ByteBuffer header = connection.receive(16, LIMIT);
        int magic = header.getInt();
        int error = header.getInt();
        long answered = header.getLong();
        if (magic != REPLY || answered != cookie) {
            throw new IOException("not the simple reply to request " + cookie);
        }
        return error;
    }

    /** Reads simple replies without data, in any order; none may tell an error. */
    public void awaitReplies(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            ByteBuffer header = connection.receive(16, LIMIT);
            if (header.getInt() != REPLY) {
                throw new IOException("not a simple reply");
            }
            int error = header.getInt();
            if (error != 0) {
                throw new AssertionError("request " + header.getLong() + " failed with " + error);
            }
        }
    }

    /** Writes 4096 equal bytes and reads them again; fails on errors and on other bytes. */
    public void writeAndReadAgain(long offset, byte value) throws IOException {
        byte[] block = new byte[4096];
        Arrays.fill(block, value);
        request(WRITE, offset, offset, block.length);
        send(ByteBuffer.wrap(block));
        awaitReplies(1);
        request(READ, offset, offset, block.length);
        awaitReplies(1);
        if (!data(block.length).equals(ByteBuffer.wrap(block))) {
            throw new AssertionError("what was read at " + offset + " is not what was written");
        }
    }

    /** Whether something has come that was not read yet, or the end. */
    public boolean hasAnswer() throws IOException {
        return connection.hasInput();
    }

    /** Reads data that follows a reply. */
    public ByteBuffer data(int length) throws IOException {
        return connection.receive(length, LIMIT);
    }

    /** Sends bytes as they are. */
    public void send(ByteBuffer bytes) throws IOException {
        connection.send(bytes, LIMIT);
    }

    /** Waits until the server closes. */
    public void awaitEnd() {
        connection.awaitEnd(LIMIT);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
