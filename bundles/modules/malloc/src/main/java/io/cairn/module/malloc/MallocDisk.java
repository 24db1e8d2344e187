package io.cairn.module.malloc;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One sparse disk. {@link #serve} runs on any reactor, several at once: I/O that overlaps in time and place ends up in some
 * order block by block or mixed, as on any disk; other I/O is not touched.
 */
final class MallocDisk implements BdevBackend {
    private static final Set<IoType> TYPES = Set.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.ABORT,
            IoType.COMPARE,
            IoType.COPY);

    private final BdevSpec spec;
    private final int blockSize;
    private final ChunkPool pool;
    private final ChunkTable chunks;
    private final IoBuffer zeroes;
    private final IoDevice<MallocChannel> channels;
    private final Reactors reactors;
    private final Runnable removed;
    /** Whether the memory is somebody else's: it is not to be freed with the disk. */
    private boolean borrowed;

    /**
     * Makes an empty disk.
     *
     * @param room asked before memory is taken
     * @param zeroes never written to, lent to readers and copied from; not smaller than a chunk
     * @param removed told when it is destructed
     */
    MallocDisk(
            BdevSpec spec,
            MemoryRoom room,
            IoBuffer zeroes,
            IoDevice<MallocChannel> channels,
            Reactors reactors,
            Runnable removed) {
        this.spec = spec;
        this.blockSize = spec.blockSize();
        long bytes = spec.numBlocks() * blockSize;
        this.pool = new ChunkPool(bytes, room, zeroes);
        this.chunks = new ChunkTable(bytes, pool);
        this.zeroes = zeroes;
        this.channels = channels;
        this.reactors = reactors;
        this.removed = removed;
    }

    /** Returns what a disk of a block size does: it finds holes only where blocks do not straddle chunks. */
    static Set<IoType> types(int blockSize) {
        Set<IoType> types = EnumSet.copyOf(TYPES);
        if (ChunkPool.CHUNK_SIZE % blockSize == 0) {
            types.add(IoType.SEEK_HOLE);
            types.add(IoType.SEEK_DATA);
        }
        return types;
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        return channels.acquire(reactor);
    }

    /** The channel serves all disks and finds an I/O's disk here. */
    @Override
    public Object newIoContext() {
        return this;
    }

    /** The memory stays what it is as long as the caller has it: chunks that are removed meanwhile wait in a {@link Reclaimer}. */
    @Override
    public boolean directAccess(
            BackendChannel channel, IoType type, long offsetBlocks, long numBlocks, IoVector pieces) {
        long at = offsetBlocks * blockSize;
        long end = at + numBlocks * blockSize;
        IoBuffer memory = null;
        int first = 0;
        int length = 0;
        while (at < end) {
            long index = ChunkTable.indexOf(at);
            int start = ChunkTable.offsetOf(at);
            int piece = (int) Math.min(end - at, ChunkPool.CHUNK_SIZE - start);
            Chunk chunk = type == IoType.WRITE ? chunks.getOrTake(index) : chunks.get(index);
            if (chunk == null && type == IoType.WRITE) {
                // a write that is submitted tells that there is no memory
                return false;
            }
            IoBuffer next = chunk == null ? zeroes : chunk.memory();
            int from = chunk == null ? 0 : chunk.start() + start;
            // chunks that were written one after the other lie so in a slab
            if (next == memory && from == first + length) {
                length += piece;
            } else {
                if (memory != null) {
                    pieces.add(memory, first, length);
                }
                memory = next;
                first = from;
                length = piece;
            }
            at += piece;
        }
        pieces.add(memory, first, length);
        return true;
    }

    @Override
    public CompletionStage<Void> destruct() {
        removed.run();
        if (borrowed) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> freed = new CompletableFuture<>();
        reactors.blocking().execute(() -> {
            pool.close();
            reactors.app().execute(() -> freed.complete(null));
        });
        return freed;
    }

    UUID uuid() {
        return spec.uuid().orElseThrow();
    }

    // ---- from one module to the next ----

    /**
     * Gives the disk's memory away; the disk does not free it any more. When nothing is under way.
     *
     * @return a map of a slab's memory to the places on the disk of its chunks, as a {@code long[]}: a multiple of the chunk size, or
     *     −1 for a chunk that is not in use
     */
    Map<IoBuffer, long[]> handOver() {
        borrowed = true;
        return pool.layOut(chunks);
    }

    /**
     * Takes what another disk gave by {@link #handOver}. Before the disk is registered. It stays the giver's until {@link #own}.
     *
     * @param given null: nothing
     */
    void takeOver(Object given) {
        if (given instanceof Map<?, ?> memory) {
            borrowed = true;
            memory.forEach((slab, places) -> pool.takeOver((IoBuffer) slab, (long[]) places, chunks));
        }
    }

    /** What was taken over is this disk's. */
    void own() {
        borrowed = false;
    }

    /** Returns the call that makes this disk again, empty. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", spec.name());
        params.put("block_size", spec.blockSize());
        params.put("num_blocks", spec.numBlocks());
        params.put("uuid", spec.uuid().orElseThrow().toString());
        if (spec.limits().physicalBlockSize() != 0) {
            params.put("physical_block_size", spec.limits().physicalBlockSize());
        }
        if (spec.limits().optimalIoBoundary() != 0) {
            params.put("optimal_io_boundary", spec.limits().optimalIoBoundary());
        }
        return new ConfigEntry("bdev_malloc_create", params);
    }

    /** Does an I/O and completes it. */
    void serve(BdevIo io, Reclaimer reclaimer) {
        long position = io.offsetBlocks() * blockSize;
        switch (io.type()) {
            case READ -> read(io, position);
            case WRITE -> io.complete(write(io, position));
            case UNMAP, WRITE_ZEROES -> {
                zero(position, io.byteLength(), reclaimer);
                io.complete(IoStatus.SUCCESS);
            }
            case COMPARE -> io.complete(compare(io, position));
            case COPY -> io.complete(copy(io.sourceBlocks() * blockSize, position, io.byteLength(), reclaimer));
            case SEEK_DATA -> io.completeWithResult(seekData(position));
            case SEEK_HOLE -> io.completeWithResult(seekHole(position));
            // there is no cache to flush, and what came before a reset has been done before it
            case FLUSH, RESET -> io.complete(IoStatus.SUCCESS);
            default -> io.complete(IoStatus.FAILED);
        }
    }

    private void read(BdevIo io, long position) {
        if (!io.hasData()) {
            if (isAbsent(position, io.byteLength())) {
                io.lend(zeroes, 0);
                io.complete(IoStatus.SUCCESS);
            } else {
                // a chunk may change under the reader's eyes, so it is not lent; this I/O comes again with memory
                io.needData();
            }
            return;
        }
        long from = position;
        for (int i = 0; i < io.segments(); i++) {
            int length = io.segmentLength(i);
            read(from, io.segmentBuffer(i), io.segmentOffset(i), length);
            from += length;
        }
        io.complete(IoStatus.SUCCESS);
    }

    private void read(long position, IoBuffer target, int targetOffset, int length) {
        long from = position;
        int to = targetOffset;
        int left = length;
        while (left > 0) {
            int start = ChunkTable.offsetOf(from);
            int piece = Math.min(left, ChunkPool.CHUNK_SIZE - start);
            Chunk chunk = chunks.get(ChunkTable.indexOf(from));
            if (chunk != null) {
                chunk.memory().copyTo(chunk.start() + start, target, to, piece);
            } else {
                zeroes.copyTo(0, target, to, piece);
            }
            from += piece;
            to += piece;
            left -= piece;
        }
    }

    private IoStatus write(BdevIo io, long position) {
        long to = position;
        for (int i = 0; i < io.segments(); i++) {
            int length = io.segmentLength(i);
            if (!write(io.segmentBuffer(i), io.segmentOffset(i), to, length)) {
                return IoStatus.NO_SPACE;
            }
            to += length;
        }
        return IoStatus.SUCCESS;
    }

    private boolean write(IoBuffer source, int sourceOffset, long position, int length) {
        int from = sourceOffset;
        long to = position;
        int left = length;
        while (left > 0) {
            int start = ChunkTable.offsetOf(to);
            int piece = Math.min(left, ChunkPool.CHUNK_SIZE - start);
            Chunk chunk = chunks.getOrTake(ChunkTable.indexOf(to));
            if (chunk == null) {
                return false;
            }
            source.copyTo(from, chunk.memory(), chunk.start() + start, piece);
            from += piece;
            to += piece;
            left -= piece;
        }
        return true;
    }

    private void zero(long position, long length, Reclaimer reclaimer) {
        long end = position + length;
        long at = position;
        while (at < end) {
            long index = ChunkTable.indexOf(at);
            int start = ChunkTable.offsetOf(at);
            int piece = (int) Math.min(end - at, ChunkPool.CHUNK_SIZE - start);
            if (piece == ChunkPool.CHUNK_SIZE) {
                Chunk chunk = chunks.remove(index);
                if (chunk != null) {
                    reclaimer.retire(chunk, pool);
                }
            } else {
                Chunk chunk = chunks.get(index);
                if (chunk != null) {
                    zeroes.copyTo(0, chunk.memory(), chunk.start() + start, piece);
                }
            }
            at += piece;
        }
    }

    private IoStatus compare(BdevIo io, long position) {
        long at = position;
        for (int i = 0; i < io.segments(); i++) {
            int length = io.segmentLength(i);
            if (!isEqual(at, io.segmentBuffer(i), io.segmentOffset(i), length)) {
                return IoStatus.MISCOMPARE;
            }
            at += length;
        }
        return IoStatus.SUCCESS;
    }

    private boolean isEqual(long position, IoBuffer other, int otherOffset, int length) {
        long at = position;
        int to = otherOffset;
        int left = length;
        while (left > 0) {
            int start = ChunkTable.offsetOf(at);
            int piece = Math.min(left, ChunkPool.CHUNK_SIZE - start);
            Chunk chunk = chunks.get(ChunkTable.indexOf(at));
            boolean equal = chunk != null
                    ? isEqual(chunk.memory().bytes(), chunk.start() + start, other.bytes(), to, piece)
                    : isEqual(zeroes.bytes(), 0, other.bytes(), to, piece);
            if (!equal) {
                return false;
            }
            at += piece;
            to += piece;
            left -= piece;
        }
        return true;
    }

    // ByteBuffer.mismatch has no form with positions, and slices would allocate
    private static boolean isEqual(ByteBuffer a, int aOffset, ByteBuffer b, int bOffset, int length) {
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            if (a.getLong(aOffset + i) != b.getLong(bOffset + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (a.get(aOffset + i) != b.get(bOffset + i)) {
                return false;
            }
        }
        return true;
    }

    /** Copies between ranges that do not overlap: the core has seen to that. */
    private IoStatus copy(long source, long target, long length, Reclaimer reclaimer) {
        long done = 0;
        while (done < length) {
            long from = source + done;
            long to = target + done;
            int room = ChunkPool.CHUNK_SIZE - Math.max(ChunkTable.offsetOf(from), ChunkTable.offsetOf(to));
            int piece = (int) Math.min(length - done, room);
            if (!copyPiece(from, to, piece, reclaimer)) {
                return IoStatus.NO_SPACE;
            }
            done += piece;
        }
        return IoStatus.SUCCESS;
    }

    /** Copies within one chunk each. */
    private boolean copyPiece(long source, long target, int length, Reclaimer reclaimer) {
        Chunk from = chunks.get(ChunkTable.indexOf(source));
        if (from == null) {
            zero(target, length, reclaimer);
            return true;
        }
        Chunk to = chunks.getOrTake(ChunkTable.indexOf(target));
        if (to == null) {
            return false;
        }
        from.memory()
                .copyTo(
                        from.start() + ChunkTable.offsetOf(source),
                        to.memory(),
                        to.start() + ChunkTable.offsetOf(target),
                        length);
        return true;
    }

    private boolean isAbsent(long position, long length) {
        long last = ChunkTable.indexOf(position + length - 1);
        for (long index = ChunkTable.indexOf(position); index <= last; index++) {
            if (chunks.get(index) != null) {
                return false;
            }
        }
        return true;
    }

    private long seekData(long position) {
        long index = chunks.nextPresent(ChunkTable.indexOf(position));
        return index < 0 ? -1 : Math.max(position, ChunkTable.positionOf(index)) / blockSize;
    }

    private long seekHole(long position) {
        long index = chunks.nextAbsent(ChunkTable.indexOf(position));
        return index < 0 ? -1 : Math.max(position, ChunkTable.positionOf(index)) / blockSize;
    }
}
