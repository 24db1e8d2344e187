package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * A file's channel on one reactor's ring. A turn's submissions go to the kernel with one {@code io_uring_enter}, at the end of the
 * turn, and its completions are told at the end of the next: were they told from inside the event loop, whoever answers a
 * completion with the next I/O would keep the loop, and so the turn, going for as long as the kernel keeps up.
 *
 * <p>Small transfers of a file in memory are done at once, see {@link InPlaceTransfer}, and told as the others are.
 *
 * <p>A request's tag on the ring is its place in the table: not negative and short, which is what Netty carries in the kernel's own
 * user data, without a table of its own.
 */
final class UringChannel extends FileIoChannel<UringRequest> {
    private static final Logger LOG = System.getLogger(UringChannel.class.getName());

    /** How often the kernel may ask one request to come again before that is its outcome. */
    private static final int MOST_RETRIES = 64;

    /**
     * How many completions one turn tells. Devices answer in bursts; whoever waits for a burst often answers with as many new I/Os,
     * which the device should begin while the others are still on their way, not after all of them.
     */
    private static final int MOST_TOLD_PER_TURN = 4;

    /** The tag of what nobody waits for. */
    private static final long NO_REQUEST = -1;

    private final UringFile file;
    private final int fd;
    private final int alignment;

    /** What does small transfers; null: the ring does all of them. */
    private final InPlaceTransfer inPlace;

    private final IoRegistration registration;
    private final Runnable tellEnded = this::tellEnded;

    /** The places of the requests that have an answer which is not told yet. */
    private final IntQueue ended = new IntQueue();

    /** Whether telling them is in the reactor's line: once, though telling one may let the next end. */
    private boolean toTell;

    UringChannel(Reactor reactor, int blockSize, FileBackend owner, UringFile file) {
        super(reactor, blockSize, owner, new UringRequest[0]);
        this.file = file;
        this.fd = file.fd();
        this.alignment = file.memoryAlignment();
        this.inPlace = file.inPlace();
        this.registration = UringLoop.register(reactor, new Completions());
    }

    @Override
    UringRequest newRequest(int index) {
        return new UringRequest(index);
    }

    @Override
    void start(UringRequest request) {
        switch (request.operation) {
            case READ -> transfer(request, LinuxAbi.OP_READ, LinuxAbi.OP_READV);
            case WRITE -> transfer(request, LinuxAbi.OP_WRITE, LinuxAbi.OP_WRITEV);
            case SYNC -> submit(request, LinuxAbi.OP_FSYNC, 0, 0, 0, LinuxAbi.FSYNC_DATASYNC);
            case PUNCH -> allocate(request, LinuxAbi.PUNCH_HOLE);
            case ZERO -> allocate(request, file.refusesZeroRange() ? LinuxAbi.PUNCH_HOLE : LinuxAbi.ZERO_RANGE);
        }
    }

    private void transfer(UringRequest request, byte single, byte vectored) {
        if (inPlace != null && inPlace.takes(request)) {
            // told with the ring's answers: whoever submits from a completion would recurse, and the turn not end
            request.doneInPlace = true;
            answered(request, inPlace.transfer(request, request.views));
            return;
        }
        BdevIo io = request.io;
        long position = request.position + request.done;
        if (io.vector() == null) {
            long address = io.buffer().address() + io.bufferOffset() + request.done;
            submit(request, single, position, address, (int) (request.length - request.done), 0);
        } else {
            int segments = request.describeSegments();
            submit(request, vectored, position, request.segmentsAddress(), segments, 0);
        }
    }

    private void allocate(UringRequest request, int mode) {
        // this operation has its length where others have the address, and its mode where they have the length
        submit(request, LinuxAbi.OP_FALLOCATE, request.position, request.length, mode, 0);
    }

    private void submit(UringRequest request, byte opcode, long offset, long address, int length, int flags) {
        IoUringIoOps entry = UringLoop.entry(opcode, fd, offset, address, length, flags, request.index());
        try {
            request.token = registration.submit(entry);
        } catch (RuntimeException e) {
            // the ring is full and the kernel takes nothing from it: the core tries again
            finish(request, IoStatus.NOMEM);
            return;
        }
        request.doneInPlace = false;
        if (inPlace != null && InPlaceTransfer.isExclusive(request)) {
            request.exclusive = true;
            inPlace.exclusiveBegins();
        }
        reactor().ioSubmitted();
    }

    private void answeredByRing(UringRequest request, int answer) {
        if (request.exclusive) {
            request.exclusive = false;
            inPlace.exclusiveEnds();
        }
        answered(request, answer);
    }

    private void answered(UringRequest request, int answer) {
        request.answer = answer;
        ended.add(request.index());
        tellLater();
    }

    private void tellLater() {
        if (!toTell) {
            toTell = true;
            reactor().defer(tellEnded);
        }
    }

    private void tellEnded() {
        try {
            tellSome();
        } finally {
            toTell = false;
            if (!ended.isEmpty()) {
                tellLater();
            }
        }
    }

    private void tellSome() {
        for (int i = 0; i < MOST_TOLD_PER_TURN && !ended.isEmpty(); i++) {
            UringRequest request = request(ended.poll());
            try {
                completed(request, request.answer);
            } catch (RuntimeException | AssertionError e) {
                LOG.log(
                        Level.ERROR,
                        "completion of an I/O failed on " + reactor().name(),
                        e);
            }
        }
    }

    private void completed(UringRequest request, int answer) {
        if (answer < 0) {
            failed(request, -answer);
            return;
        }
        if (request.operation.isTransfer()) {
            request.done += answer;
            if (request.done != request.length) {
                fellShort(request, answer);
                return;
            }
        }
        finish(request, IoStatus.SUCCESS);
    }

    private void fellShort(UringRequest request, int answer) {
        // nothing more, or a piece of a block: the file ends here, somebody has cut it
        if (answer == 0 || request.done % alignment != 0) {
            finish(request, IoStatus.errno(Errno.EIO));
        } else {
            start(request);
        }
    }

    private void failed(UringRequest request, int number) {
        Errno errno = Errno.of(number);
        switch (errno) {
            case EAGAIN, EINTR -> {
                if (request.cancelled) {
                    finish(request, IoStatus.ABORTED);
                } else if (++request.retries <= MOST_RETRIES) {
                    start(request);
                } else {
                    finish(request, IoStatus.errno(errno));
                }
            }
            case ECANCELED -> finish(request, IoStatus.ABORTED);
            case EOPNOTSUPP -> {
                if (request.operation == FileOperation.ZERO && !file.refusesZeroRange()) {
                    file.zeroRangeRefused();
                    start(request);
                } else if (request.operation == FileOperation.ZERO && request.retries++ == 0) {
                    // was sent as a zeroing before another request found out
                    start(request);
                } else {
                    finish(request, IoStatus.errno(errno));
                }
            }
            default -> finish(request, IoStatus.errno(errno));
        }
    }

    @Override
    void cancel(UringRequest request) {
        // what was done in place is over and only waits to be told
        if (!request.doneInPlace) {
            cancel(-1, request.token, 0);
        }
    }

    @Override
    void cancelAll() {
        cancel(fd, 0, LinuxAbi.CANCEL_ALL_OF_FD);
    }

    private void cancel(int ofFd, long token, int flags) {
        try {
            registration.submit(UringLoop.entry(LinuxAbi.OP_ASYNC_CANCEL, ofFd, 0, token, 0, flags, NO_REQUEST));
            reactor().ioSubmitted();
        } catch (RuntimeException e) {
            LOG.log(Level.DEBUG, "the ring is too full to cancel; what is out will end by itself", e);
        }
    }

    @Override
    void release() {
        registration.cancel();
        forEachRequest(UringRequest::release);
    }

    /** What the ring tells. Apart from the channel because Netty closes handles in its own time. */
    private final class Completions implements IoUringIoHandle {
        @Override
        public void handle(IoRegistration from, IoEvent event) {
            IoUringIoEvent completion = (IoUringIoEvent) event;
            long tag = completion.userData();
            if (tag != NO_REQUEST) {
                answeredByRing(request((int) tag), completion.res());
            }
        }

        @Override
        public void close() {
            // the ring ends with the process's reactors; the kernel ends what is out
        }
    }
}
