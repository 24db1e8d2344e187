package io.cairn.module.raid.member;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.spi.BaseLink;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The area in front of a member's data, as bytes. All calls on one reactor, the app thread; every stage is completed there, in no order among
 * several calls. Does not block.
 *
 * <p>A channel of the reactor is opened for each call and closed before its stage is completed (where the descriptor has one open, that costs a
 * count). Whoever closes the descriptor waits for {@link #whenIdle} first. Memory comes from the reactor's pool, or from the system if the pool
 * has none left: a call never waits for memory that I/O holds which waits for this very call. It does wait for I/O objects.
 *
 * <p>Offsets are whole blocks, lengths are rounded up to whole blocks. A stage fails with {@link io.cairn.bdev.BdevException}, which has the errno and
 * names the bdev, the offset and the status, or the core's reason where the I/O was refused. What is on disk after a write that failed is unknown.
 * I/O that a reset of the bdev has aborted is submitted again, some times.
 */
public final class ReservedArea {
    private final Bdev bdev;
    private final Supplier<BdevChannel> opener;
    private int underWay;
    private CompletableFuture<Void> idle = CompletableFuture.completedFuture(null);

    private ReservedArea(Bdev bdev, Supplier<BdevChannel> opener) {
        this.bdev = bdev;
        this.opener = opener;
    }

    /** Returns the area of a member. */
    public static ReservedArea of(BaseLink link) {
        return new ReservedArea(link.base(), link::openChannel);
    }

    /** Returns the area of an open bdev; one that is open for reading only can only be read. */
    public static ReservedArea of(BdevDescriptor descriptor) {
        return new ReservedArea(descriptor.bdev(), descriptor::openChannel);
    }

    /** Returns the bdev. */
    public Bdev bdev() {
        return bdev;
    }

    /**
     * Reads.
     *
     * @param offset in bytes
     * @param length in bytes, at least 1
     * @return as many bytes
     */
    public CompletionStage<byte[]> read(long offset, int length) {
        byte[] content = new byte[length];
        return run(AreaIo.read(bdev, checked(offset), content)).thenApply(done -> content);
    }

    /**
     * Writes. Not necessarily durable.
     *
     * @param offset in bytes
     * @param content at least one byte, and not to be changed until the stage is completed; zeroes follow to the end of its last block
     */
    public CompletionStage<Void> write(long offset, byte[] content) {
        return run(AreaIo.write(bdev, checked(offset), content, false));
    }

    /** Writes, and flushes then if the bdev has a write cache: durable when the stage is completed. */
    public CompletionStage<Void> writeDurably(long offset, byte[] content) {
        return run(AreaIo.write(bdev, checked(offset), content, bdev.hasWriteCache()));
    }

    /**
     * Writes zeroes. Not necessarily durable.
     *
     * @param offset in bytes
     * @param length in bytes, at least 1
     */
    public CompletionStage<Void> zero(long offset, long length) {
        return run(AreaIo.zero(bdev, checked(offset), length));
    }

    /** Makes durable what the bdev has completed before: data as well. Completes at once where the bdev has no write cache. */
    public CompletionStage<Void> flush() {
        return bdev.hasWriteCache() ? run(AreaIo.flush(bdev)) : CompletableFuture.completedFuture(null);
    }

    /** Completes when no call is under way: the descriptor may be closed then, if no other call is made. */
    public CompletionStage<Void> whenIdle() {
        return idle.minimalCompletionStage();
    }

    private long checked(long offset) {
        if (offset < 0 || offset % bdev.blockSize() != 0) {
            throw new IllegalArgumentException("bdev '" + bdev.name() + "': byte " + offset
                    + " is not the beginning of a block of " + bdev.blockSize() + " bytes");
        }
        return offset;
    }

    private CompletionStage<Void> run(AreaIo io) {
        underWay++;
        if (idle.isDone()) {
            idle = new CompletableFuture<>();
        }
        CompletableFuture<Void> answer = new CompletableFuture<>();
        io.start(opener, failure -> {
            underWay--;
            if (failure == null) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(failure);
            }
            // whoever was answered may have begun the next call
            if (underWay == 0) {
                idle.complete(null);
            }
        });
        return answer.minimalCompletionStage();
    }
}
