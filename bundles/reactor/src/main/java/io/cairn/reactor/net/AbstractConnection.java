package io.cairn.reactor.net;

import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.Objects;

/**
 * The order of things on a connection, the same for every way of doing the I/O: one read, pieces that wait, ends.
 *
 * <p>Closing: {@code closed} is set and what is in flight is made to end ({@link #abort}); when nothing is in flight any
 * more ({@link #isBusy}) all memory goes back to its owners and the handler is told, once.
 */
abstract class AbstractConnection implements StreamConnection {
    private static final Logger LOG = System.getLogger(StreamConnection.class.getName());

    private enum OutputEnd {
        OPEN,
        SHUTDOWN,
        CLOSE,
        DONE
    }

    private final Reactor reactor;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final Runnable flush = this::flush;
    private final Runnable finish = this::finishIfQuiet;
    private final OutputQueue output = new OutputQueue(this::release);
    private StreamHandler handler;

    private IoBuffer readBuffer;
    private int readOffset;
    private int readMinimum;
    private int readLength;
    private int readDone;
    private boolean reading;
    private boolean inputEnded;

    private boolean flushWaits;
    private OutputEnd end = OutputEnd.OPEN;

    private boolean closed;
    private boolean gone;
    private IOException cause;

    AbstractConnection(Reactor reactor, SocketAddress local, SocketAddress remote) {
        this.reactor = reactor;
        this.local = local;
        this.remote = remote;
    }

    /** Begins to read, or reads on, what {@link #wantedBuffer} and its neighbours say; told by {@link #received}. */
    abstract void receive();

    /** Begins to send from the {@link #output}; told by {@link #sent}. Not called while {@link #isSending}. */
    abstract void send();

    /** Returns whether a send is under way whose end will be told. */
    abstract boolean isSending();

    /** Returns whether the kernel may still use memory. */
    abstract boolean isBusy();

    /** Tells the peer that nothing more will come. */
    abstract void endOutput() throws IOException;

    /** Makes what is in flight end soon. */
    abstract void abort();

    /** Frees everything of the operating system's. */
    abstract void destroy();

    /** Gives the connection its handler, before the first event. */
    void attach(StreamHandler newHandler) {
        this.handler = newHandler;
    }

    final OutputQueue output() {
        return output;
    }

    final boolean isReading() {
        return reading;
    }

    final IoBuffer wantedBuffer() {
        return readBuffer;
    }

    final int wantedOffset() {
        return readOffset + readDone;
    }

    final int wantedLength() {
        return readLength - readDone;
    }

    /** Returns whether the outstanding read wants all of its bytes. */
    final boolean wantsAll() {
        return readMinimum == readLength;
    }

    @Override
    public final Reactor reactor() {
        return reactor;
    }

    @Override
    public final SocketAddress localAddress() {
        return local;
    }

    @Override
    public final SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public final boolean isClosed() {
        return closed;
    }

    @Override
    public final long unsentBytes() {
        return output.bytes();
    }

    @Override
    public final void read(IoBuffer buffer, int offset, int minimum, int length) {
        reactor.requireCurrent();
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        if (minimum < 1 || minimum > length) {
            throw new IllegalArgumentException("at least " + minimum + " of " + length + " bytes");
        }
        if (reading) {
            throw new IllegalStateException(this + ": a read is outstanding");
        }
        if (gone) {
            return;
        }
        reading = true;
        readBuffer = buffer;
        readOffset = offset;
        readMinimum = minimum;
        readLength = length;
        readDone = 0;
        if (inputEnded) {
            reactor.defer(this::endRead);
        } else if (!closed) {
            receive();
        }
    }

    /** Bytes have come for the read; 0: no more will. Called from events only. */
    final void received(int bytes) {
        if (closed) {
            return;
        }
        readDone += bytes;
        inputEnded = bytes == 0;
        if (inputEnded || readDone >= readMinimum) {
            endRead();
        } else {
            receive();
        }
    }

    private void endRead() {
        if (closed || !reading) {
            return;
        }
        reading = false;
        readBuffer = null;
        try {
            handler.received(this, readDone);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            failInHandler(e);
        }
    }

    @Override
    public final void write(IoBuffer buffer, int offset, int length, Object cookie) {
        checkWrite(buffer, offset, length);
        if (gone) {
            if (cookie != null) {
                reactor.defer(() -> release(cookie));
            }
            return;
        }
        output.add(buffer, offset, length, cookie);
        flushLater();
    }

    @Override
    public final void writeCopy(IoBuffer bytes, int offset, int length) {
        checkWrite(bytes, offset, length);
        if (length > LARGEST_COPY) {
            throw new IllegalArgumentException("copies at most " + LARGEST_COPY + " bytes, not " + length);
        }
        if (!closed) {
            output.addCopy(bytes, offset, length);
            flushLater();
        }
    }

    private void checkWrite(IoBuffer buffer, int offset, int length) {
        reactor.requireCurrent();
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        if (length < 1) {
            throw new IllegalArgumentException("a piece of " + length + " bytes");
        }
        if (end != OutputEnd.OPEN && !closed) {
            throw new IllegalStateException(this + ": its output has been ended");
        }
    }

    private void flushLater() {
        if (!flushWaits && !isSending()) {
            flushWaits = true;
            reactor.defer(flush);
        }
    }

    private void flush() {
        flushWaits = false;
        if (closed || isSending()) {
            return;
        }
        if (output.count() > 0) {
            send();
        } else {
            endOutputIfAsked();
        }
    }

    /** The kernel has taken bytes of the {@link #output}. Called from events or from inside {@link #send}. */
    final void sent(long bytes) {
        output.sent(bytes);
        if (bytes > 0 && !closed) {
            try {
                handler.sent(this);
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                failInHandler(e);
            }
        }
    }

    /** Ends the output if that was asked for and all is sent. Called when a send has ended. */
    final void endOutputIfAsked() {
        if (closed || output.count() > 0) {
            return;
        }
        OutputEnd wanted = end;
        if (wanted == OutputEnd.SHUTDOWN) {
            end = OutputEnd.DONE;
            try {
                endOutput();
            } catch (IOException e) {
                fail(e);
            }
        } else if (wanted == OutputEnd.CLOSE) {
            close();
        }
    }

    private void release(Object cookie) {
        try {
            handler.released(this, cookie);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            failInHandler(e);
        }
    }

    @Override
    public final void shutdownOutput() {
        end(OutputEnd.SHUTDOWN);
    }

    @Override
    public final void closeWhenSent() {
        end(OutputEnd.CLOSE);
    }

    private void end(OutputEnd wanted) {
        reactor.requireCurrent();
        if (!closed) {
            end = end == OutputEnd.DONE && wanted == OutputEnd.SHUTDOWN ? end : wanted;
            flushLater();
        }
    }

    @Override
    public final void close() {
        reactor.requireCurrent();
        closeFor(null);
    }

    /** Ends the connection for a reason, which the handler is told. */
    final void fail(IOException reason) {
        closeFor(reason);
    }

    private void failInHandler(Throwable thrown) {
        if (closed) {
            LOG.log(Level.ERROR, this + ": its handler failed after the end", thrown);
        } else {
            fail(new IOException(this + ": its handler failed: " + thrown, thrown));
        }
    }

    private void closeFor(IOException reason) {
        if (closed) {
            return;
        }
        closed = true;
        cause = reason;
        abort();
        reactor.defer(finish);
    }

    /** The event loop ends: what would be done at the end of the turn is done now. */
    final void closeAtOnce() {
        closeFor(new IOException(reactor.name() + " ends"));
        finishIfQuiet();
    }

    /** Tells the end if the connection is closed and nothing is in flight any more. Called from events and deferred. */
    final void finishIfQuiet() {
        if (!closed || gone || isBusy()) {
            return;
        }
        gone = true;
        destroy();
        output.drop();
        reading = false;
        readBuffer = null;
        try {
            handler.closed(this, cause);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            LOG.log(Level.ERROR, this + ": its handler failed at the end", e);
        }
    }

    @Override
    public final String toString() {
        return "connection " + local + " <- " + remote;
    }
}
