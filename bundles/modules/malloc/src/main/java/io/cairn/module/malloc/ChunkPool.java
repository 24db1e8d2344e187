package io.cairn.module.malloc;

import io.cairn.reactor.IoBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One disk's memory: chunks that are taken and given back, in slabs that come from the process and go back to it. Any
 * reactor, no locks. Slabs grow with the disk, from 1 MiB to 8 MiB, so that no more than about a quarter of the memory is
 * not used; what is given back is kept for reuse up to about one slab. Those above 1 MiB have one chunk less than that, so that
 * with what goes with them they fill huge pages ({@link IoBuffer#allocate}).
 */
final class ChunkPool {
    /** Bytes of a chunk: what one write takes at least, and what an unmap must cover to give memory back. */
    static final int CHUNK_SIZE = 1 << 16;

    private static final int SMALLEST_SLAB = 1 << 20;
    private static final int LARGEST_SLAB = 1 << 23;

    private final MemoryRoom room;
    private final IoBuffer zeroes;
    private final long most;
    private final Queue<Chunk> free = new ConcurrentLinkedQueue<>();
    private final AtomicLong freeChunks = new AtomicLong();
    private final Set<Slab> slabs = ConcurrentHashMap.newKeySet();
    private final AtomicLong bytes = new AtomicLong();

    /**
     * Makes an empty pool.
     *
     * @param most the most bytes that are ever needed
     * @param room asked before a slab is taken
     * @param zeroes never written to; not smaller than a chunk
     */
    ChunkPool(long most, MemoryRoom room, IoBuffer zeroes) {
        this.most = most;
        this.room = room;
        this.zeroes = zeroes;
    }

    /**
     * Takes a chunk of zeroes.
     *
     * @return null if there is no memory for it
     */
    Chunk take() {
        Chunk chunk;
        while ((chunk = free.poll()) != null) {
            // chunks of a freed slab are still in line; they are dropped here
            if (chunk.slab().use()) {
                freeChunks.decrementAndGet();
                if (chunk.wasUsed()) {
                    zeroes.copyTo(0, chunk.memory(), chunk.start(), CHUNK_SIZE);
                }
                return chunk;
            }
        }
        return takeFromNewSlab();
    }

    /** Gives a chunk back that nobody touches any more. */
    void give(Chunk chunk) {
        Slab slab = chunk.slab();
        int inUse = slab.unuse();
        if (inUse < 0) {
            return;
        }
        chunk.setUsed();
        free.add(chunk);
        long available = freeChunks.incrementAndGet();
        // one slab's worth stays, so that a disk that shrinks and grows by a chunk does not take and free a slab each
        // time
        if (inUse == 0 && available >= 2L * slab.chunks() && slab.freeIfUnused()) {
            freeChunks.addAndGet(-slab.chunks());
            forget(slab);
        }
    }

    /** Returns each slab's memory with the positions on the disk of its chunks; −1: not in use. When nobody uses pool or table. */
    Map<IoBuffer, long[]> layOut(ChunkTable table) {
        Map<IoBuffer, long[]> all = new LinkedHashMap<>();
        for (Slab slab : slabs) {
            // for good: chunks that are still on their way back to this pool must not free what is the next one's
            if (!slab.use()) {
                continue;
            }
            long[] places = new long[slab.chunks()];
            Arrays.fill(places, -1);
            all.put(slab.memory(), places);
        }
        for (long index = table.nextPresent(0); index >= 0; index = table.nextPresent(index + 1)) {
            Chunk chunk = table.get(index);
            all.get(chunk.memory())[chunk.start() / CHUNK_SIZE] = ChunkTable.positionOf(index);
        }
        return all;
    }

    /** Takes a slab as {@link #layOut} gives it, and fills the table with its chunks. Before pool and table are used. */
    void takeOver(IoBuffer memory, long[] places, ChunkTable table) {
        Slab slab = new Slab(memory, places.length);
        slabs.add(slab);
        bytes.addAndGet((long) places.length * CHUNK_SIZE);
        for (int i = 0; i < places.length; i++) {
            Chunk chunk = new Chunk(slab, i * CHUNK_SIZE);
            // nobody knows any more what is in it
            chunk.setUsed();
            if (places[i] >= 0) {
                slab.use();
                table.put(ChunkTable.indexOf(places[i]), chunk);
            } else {
                free.add(chunk);
                freeChunks.incrementAndGet();
            }
        }
    }

    /** Frees everything. When no chunk is touched any more; chunks that are given back later are ignored. */
    void close() {
        for (Slab slab : slabs) {
            slab.free();
            forget(slab);
        }
    }

    /** Returns the bytes that are taken from the process. */
    long bytes() {
        return bytes.get();
    }

    private void forget(Slab slab) {
        if (slabs.remove(slab)) {
            bytes.addAndGet(-(long) slab.chunks() * CHUNK_SIZE);
        }
    }

    /** Returns how much a slab's memory may take beside it: what fills its huge pages is less than a chunk. */
    private static int mostBeside(int size) {
        return size > SMALLEST_SLAB ? CHUNK_SIZE : IoBuffer.ALIGNMENT;
    }

    private Chunk takeFromNewSlab() {
        long wanted = Math.max(SMALLEST_SLAB, Math.min(LARGEST_SLAB, Long.highestOneBit(Math.max(1, bytes() / 4))));
        long needed = (most - bytes() + CHUNK_SIZE - 1) / CHUNK_SIZE * CHUNK_SIZE;
        if (wanted > SMALLEST_SLAB) {
            wanted -= CHUNK_SIZE;
        }
        int size = (int) Math.max(CHUNK_SIZE, Math.min(wanted, needed));
        while (!room.has(size + mostBeside(size))) {
            // near the limit every chunk counts
            if (size == CHUNK_SIZE) {
                return null;
            }
            size = CHUNK_SIZE;
        }
        IoBuffer memory;
        try {
            memory = IoBuffer.allocate(size);
        } catch (OutOfMemoryError e) {
            // the disk is full; the process is not at its end because of that
            return null;
        }
        Slab slab = new Slab(memory, size / CHUNK_SIZE);
        slab.use();
        slabs.add(slab);
        bytes.addAndGet(size);
        for (int i = 1; i < slab.chunks(); i++) {
            free.add(new Chunk(slab, i * CHUNK_SIZE));
        }
        freeChunks.addAndGet(slab.chunks() - 1);
        return new Chunk(slab, 0);
    }
}
