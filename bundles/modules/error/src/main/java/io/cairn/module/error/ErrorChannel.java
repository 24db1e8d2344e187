package io.cairn.module.error;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoCompletion;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.IoQueue;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;

/** Passes I/O on, except for what a fault concerns. */
final class ErrorChannel extends ForwardingChannel {
    private final BdevChannel base;
    private final ErrorDisk disk;
    private final IoBuffer everyByte;
    private final IoQueue pending = new IoQueue();
    private int atBase;

    ErrorChannel(BdevChannel base, ErrorDisk disk, IoBuffer everyByte) {
        super(base);
        this.base = base;
        this.disk = disk;
        this.everyByte = everyByte;
        disk.opened(this);
    }

    Reactor reactor() {
        return base.reactor();
    }

    @Override
    public void submitRequest(BdevIo io) {
        Fault fault = disk.fault(io.type());
        if (fault == null || !fault.concerns(io, atBase)) {
            super.submitRequest(io);
        } else if (fault.kind() == Fault.Kind.CORRUPT) {
            if (io.hasData()) {
                super.submitRequest(io);
            } else {
                // what a base lends is not to be changed
                io.needData();
            }
        } else if (!fault.use()) {
            super.submitRequest(io);
        } else if (fault.kind() == Fault.Kind.PENDING) {
            pending.add(io);
        } else {
            io.complete(fault.status());
        }
    }

    @Override
    protected Submission forward(BdevIo io) {
        Fault fault = disk.fault(io.type());
        boolean corrupt = fault != null
                && fault.kind() == Fault.Kind.CORRUPT
                && io.hasData()
                && fault.concerns(io, atBase)
                && fault.use();
        Submission submission = corrupt ? forwardCorrupted(io, fault) : super.forward(io);
        if (submission == Submission.ACCEPTED) {
            atBase++;
        } else if (corrupt) {
            fault.giveBack();
        }
        return submission;
    }

    private Submission forwardCorrupted(BdevIo io, Fault fault) {
        if (io.type() == IoType.READ) {
            return base.forward(io, io.offsetBlocks(), new CorruptedRead(fault));
        }
        return base.write(withOneByteChanged(io, fault), io.offsetBlocks(), io.numBlocks(), this, io);
    }

    /** Returns the I/O's data as pieces of its own memory, but for one byte, which is elsewhere: the memory stays as it is. */
    private IoVector withOneByteChanged(BdevIo io, Fault fault) {
        IoVector changed = new IoVector();
        long before = fault.corruptOffset();
        for (int i = 0; i < io.segments(); i++) {
            IoBuffer buffer = io.segmentBuffer(i);
            int offset = io.segmentOffset(i);
            int length = io.segmentLength(i);
            if (before >= 0 && before < length) {
                int at = (int) before;
                int value = (buffer.bytes().get(offset + at) & 0xff) ^ fault.corruptMask();
                addPiece(changed, buffer, offset, at);
                addPiece(changed, everyByte, value, 1);
                addPiece(changed, buffer, offset + at + 1, length - at - 1);
            } else {
                addPiece(changed, buffer, offset, length);
            }
            before -= length;
        }
        return changed;
    }

    private static void addPiece(IoVector vector, IoBuffer buffer, int offset, int length) {
        if (length > 0) {
            vector.add(buffer, offset, length);
        }
    }

    @Override
    public void onComplete(BdevIo child) {
        atBase--;
        super.onComplete(child);
    }

    /** Lets go on what is pending, as if it came now. */
    void resume() {
        for (int i = pending.size(); i > 0 && !pending.isEmpty(); i--) {
            submitRequest(pending.take());
        }
    }

    @Override
    public boolean abort(BdevIo victim) {
        if (pending.remove(victim)) {
            victim.complete(IoStatus.ABORTED);
            return true;
        }
        return super.abort(victim);
    }

    @Override
    public void endKept() {
        super.endKept();
        while (!pending.isEmpty()) {
            pending.take().complete(IoStatus.ABORTED);
        }
    }

    @Override
    public void giveBack() {
        super.giveBack();
        for (int i = pending.size(); i > 0; i--) {
            BdevIo io = pending.take();
            disk.keepsNoMore(io.type());
            io.complete(IoStatus.NOMEM);
        }
    }

    @Override
    public void close() {
        disk.closed(this);
        super.close();
    }

    /** Changes a byte of what was read. */
    private final class CorruptedRead implements IoCompletion {
        private final Fault fault;

        CorruptedRead(Fault fault) {
            this.fault = fault;
        }

        @Override
        public void onComplete(BdevIo child) {
            if (child.status().isSuccess()) {
                change((BdevIo) child.cookie());
            }
            ErrorChannel.this.onComplete(child);
        }

        private void change(BdevIo io) {
            long before = fault.corruptOffset();
            for (int i = 0; i < io.segments(); i++) {
                if (before < io.segmentLength(i)) {
                    int at = io.segmentOffset(i) + (int) before;
                    byte value = io.segmentBuffer(i).bytes().get(at);
                    io.segmentBuffer(i).bytes().put(at, (byte) (value ^ fault.corruptMask()));
                    return;
                }
                before -= io.segmentLength(i);
            }
        }
    }
}
