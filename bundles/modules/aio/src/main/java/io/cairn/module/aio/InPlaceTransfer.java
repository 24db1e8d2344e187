package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads and writes of a file in memory, done on the reactor by a system call. io_uring cannot do them in place (neither tmpfs nor
 * ramfs promises not to wait, {@code FMODE_NOWAIT}) and hands each one to a thread, which takes longer than the copy.
 *
 * <p>Writing takes the inode's lock. What holds it for long goes through the ring and says so ({@link #exclusiveBegins}); until it
 * has ended, small writes go through the ring as well, so that no reactor waits for the lock. Any reactor.
 */
final class InPlaceTransfer {
    /** The most that is done in place, in bytes: some 20 µs of copying, so that a turn stays short and other I/O gets its own. */
    static final int MOST_BYTES = 128 << 10;

    private static final Logger LOG = System.getLogger(InPlaceTransfer.class.getName());

    private final FileChannel file;

    /** How many operations are out on the rings that hold the inode's lock for long. */
    private final AtomicInteger exclusive = new AtomicInteger();

    /**
     * Makes it.
     *
     * @param file the file, which {@link #close} closes
     */
    InPlaceTransfer(FileChannel file) {
        this.file = file;
    }

    /**
     * Opens the file that a descriptor of this process has open, once more. Blocks.
     *
     * @throws BdevException with the errno of the operating system; nothing is open then
     */
    static InPlaceTransfer open(int fd, String filename, boolean readonly) {
        try {
            return new InPlaceTransfer(FileChannel.open(
                    Path.of("/proc/self/fd", Integer.toString(fd)),
                    readonly
                            ? Set.of(StandardOpenOption.READ)
                            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)));
        } catch (IOException e) {
            throw Errnos.refusal(filename, e);
        }
    }

    /** Returns whether a transfer is to be done here, not by the ring. */
    boolean takes(FileRequest request) {
        return request.length <= MOST_BYTES
                && (request.operation == FileOperation.READ || exclusive.get() == 0)
                && file.isOpen();
    }

    /** Returns whether an operation holds the inode's lock for long. */
    static boolean isExclusive(FileRequest request) {
        return switch (request.operation) {
            case READ, SYNC -> false;
            case WRITE -> request.length > MOST_BYTES;
            case PUNCH, ZERO -> true;
        };
    }

    /** Something that {@link #isExclusive} says of is out on a ring. */
    void exclusiveBegins() {
        exclusive.incrementAndGet();
    }

    /** It has ended. */
    void exclusiveEnds() {
        exclusive.decrementAndGet();
    }

    /**
     * Transfers what is not done yet of a request, as {@code preadv} and {@code pwritev} do.
     *
     * @return the number of bytes moved, less than wanted at the end of the file or when an error came later; or a negative error
     *     number. EAGAIN: somebody has interrupted the reactor, by which Java closes the file for good; {@link #takes} says no from
     *     now on
     */
    int transfer(FileRequest request, PieceViews views) {
        BdevIo data = request.io;
        boolean reading = request.operation == FileOperation.READ;
        long skip = request.done;
        long position = request.position + skip;
        int moved = 0;
        int pieces = data.segments();
        for (int i = 0; i < pieces; i++) {
            int length = data.segmentLength(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int done = (int) skip;
            skip = 0;
            length -= done;
            int answer = move(
                    reading,
                    views.of(i, data.segmentBuffer(i), data.segmentOffset(i) + done, length),
                    position + moved);
            if (answer < 0) {
                return moved > 0 ? moved : answer;
            }
            moved += answer;
            if (answer < length) {
                break;
            }
        }
        return moved;
    }

    private int move(boolean reading, ByteBuffer piece, long position) {
        try {
            // at the end of the file Java says -1, the kernel 0
            return reading ? Math.max(0, file.read(piece, position)) : file.write(piece, position);
        } catch (ClosedChannelException e) {
            LOG.log(Level.WARNING, "a reactor was interrupted in file I/O: from now on by io_uring", e);
            return Errno.EAGAIN.code();
        } catch (NonWritableChannelException e) {
            return Errno.EBADF.code();
        } catch (IOException e) {
            return Errnos.of(e).code();
        }
    }

    /** Closes the file. Blocks; a failure is logged. */
    void close(String filename) {
        try {
            file.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, filename + ": close failed", e);
        }
    }
}
