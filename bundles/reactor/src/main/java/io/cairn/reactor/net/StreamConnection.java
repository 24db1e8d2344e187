package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.net.SocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A connected byte stream. Every method but {@link #reactor}, {@link #localAddress}, {@link #remoteAddress} and
 * {@code toString} is for the connection's reactor only, and never blocks. Events go to the connection's
 * {@link StreamHandler}, never from inside a call of this interface.
 *
 * <p>Nothing is read that was not asked for ({@link #read}): who does not ask slows the peer down. What is written waits
 * in line without bound: who writes much asks {@link #unsentBytes} first.
 *
 * <p>Memory given to {@link #read} or {@link #write} belongs to the connection until {@link StreamHandler#received},
 * {@link StreamHandler#released} or {@link StreamHandler#closed} gives it back, also when the connection is closed
 * meanwhile: the kernel may still be using it.
 */
@ProviderType
public interface StreamConnection {
    /** Returns the reactor that the connection lives on. Any thread. */
    Reactor reactor();

    /** Returns this end's address: an {@link java.net.InetSocketAddress} or {@link java.net.UnixDomainSocketAddress}. */
    SocketAddress localAddress();

    /** Returns the peer's address; a Unix socket's client has one with an empty path. */
    SocketAddress remoteAddress();

    /**
     * Asks for bytes. One read at a time: the next one may be asked for once {@link StreamHandler#received} was called,
     * also from inside it.
     *
     * @param buffer where to; must have an address where the connection is on a ring (see {@link IoBuffer#address})
     * @param offset first byte in the buffer
     * @param minimum at least 1: {@code received} is called when this many bytes are there, or the stream has ended
     * @param length the most bytes to read, at least {@code minimum}
     * @throws IllegalStateException if a read is outstanding
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     */
    void read(IoBuffer buffer, int offset, int minimum, int length);

    /**
     * Puts bytes in line to be sent. All that was put in line in a turn leaves at its end in one gathering send, if the send
     * before has ended; else after it.
     *
     * @param buffer content, which must not change until it is released
     * @param offset first byte
     * @param length number of bytes, at least 1
     * @param cookie given to {@link StreamHandler#released} when this piece, and so all before it, is with the kernel or will
     *     never be; null to be told nothing (a later piece's cookie tells of this one too)
     */
    void write(IoBuffer buffer, int offset, int length, Object cookie);

    /**
     * Like {@link #write}, for a few bytes that are copied at once, so that the caller may reuse its memory: headers and the
     * like. Neighbours are merged into one piece.
     *
     * @param bytes content
     * @param offset first byte
     * @param length number of bytes, 1 to {@value #LARGEST_COPY}
     */
    void writeCopy(IoBuffer bytes, int offset, int length);

    /** The most bytes that one {@link #writeCopy} takes. */
    int LARGEST_COPY = 4096;

    /** Returns the number of bytes that were written here and that the kernel has not taken yet. */
    long unsentBytes();

    /** Ends this side's stream after all that is in line; reading goes on. Nothing may be written after it. */
    void shutdownOutput();

    /** Closes after all that is in line has been taken by the kernel, or cannot be. Nothing may be written after it. */
    void closeWhenSent();

    /**
     * Closes now. What is in line is dropped, what is in flight is cancelled; then the handler is given its memory back and
     * told {@link StreamHandler#closed}. Closing twice is harmless, and so is every call on a closed connection: what is
     * written to it is released unsent.
     */
    void close();

    /** Returns whether {@link #close} was called or the connection failed; events may still be to come. */
    boolean isClosed();
}
