package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A request that a thread of the pool serves, blocking. */
final class PoolRequest extends FileRequest implements Runnable {
    private static final Logger LOG = System.getLogger(PoolRequest.class.getName());

    private final PoolChannel channel;
    private final FileChannel file;
    private final Runnable ended = this::ended;
    private IoStatus outcome;

    PoolRequest(int index, PoolChannel channel, FileChannel file) {
        super(index);
        this.channel = channel;
        this.file = file;
    }

    /** Serves the request. On a thread of the pool. */
    @Override
    public void run() {
        outcome = cancelled ? IoStatus.ABORTED : serve();
        channel.reactor().execute(ended);
    }

    private void ended() {
        channel.finish(this, outcome);
    }

    private IoStatus serve() {
        try {
            return switch (operation) {
                case READ, WRITE -> transfer() ? IoStatus.SUCCESS : IoStatus.errno(Errno.EIO);
                case SYNC -> {
                    file.force(false);
                    yield IoStatus.SUCCESS;
                }
                case PUNCH, ZERO -> IoStatus.errno(Errno.EOPNOTSUPP);
            };
        } catch (IOException e) {
            return IoStatus.errno(Errnos.of(e));
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "file I/O failed", e);
            return IoStatus.FAILED;
        }
    }

    /** Moves all bytes; answers whether the file had them all. */
    private boolean transfer() throws IOException {
        BdevIo data = io;
        for (int i = 0; i < data.segments(); i++) {
            ByteBuffer piece = data.segmentBuffer(i).bytes().slice(data.segmentOffset(i), data.segmentLength(i));
            while (piece.hasRemaining()) {
                long at = position + done;
                int moved = operation == FileOperation.READ ? file.read(piece, at) : file.write(piece, at);
                if (moved <= 0) {
                    return false;
                }
                done += moved;
            }
        }
        return true;
    }
}
