package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What is in front of a member's data: superblock and, where there is room, extension. App thread. */
final class MemberStore implements RecordHome {
    private final ReservedArea area;
    private Optional<Reserved> reserved = Optional.empty();
    private int nextCopy;
    /** The last write of the extension: the next one must know which copy it left good. Never fails. */
    private CompletionStage<IoStatus> extensionWritten = CompletableFuture.completedFuture(IoStatus.SUCCESS);

    MemberStore(BaseLink link) {
        this.area = ReservedArea.of(link);
    }

    MemberStore(ReservedArea area) {
        this.area = area;
    }

    ReservedArea area() {
        return area;
    }

    /** Tells where things are on this member. */
    void setReserved(Reserved where) {
        reserved = Optional.of(where);
    }

    /** Returns where things are; empty where there is no room for more than a superblock, or nobody has said. */
    Optional<Reserved> reserved() {
        return reserved.filter(Reserved::hasRoomForRecord);
    }

    /** Reads what is where a superblock would be. Fails if it cannot be read. */
    CompletionStage<SuperblockRead> readSuperblock() {
        return readSuperblock(SuperblockCodec.HEADER_BYTES);
    }

    private CompletionStage<SuperblockRead> readSuperblock(int bytes) {
        if (area.bdev().sizeBytes() < bytes) {
            return CompletableFuture.completedFuture(new SuperblockRead.NoSuperblock());
        }
        return area.read(0, bytes).thenCompose(content -> {
            SuperblockRead read = SuperblockCodec.decode(content, area.bdev().blockSize());
            return read instanceof SuperblockRead.NeedsBytes needs
                    ? readSuperblock(needs.bytes())
                    : CompletableFuture.completedFuture(read);
        });
    }

    /** Reads what is where a superblock says that there is an extension. */
    CompletionStage<ExtensionRead> readExtension(UUID array, Superblock superblock) {
        Optional<SuperblockMember> described = superblock.ofBdev(area.bdev().uuid());
        setReserved(new Reserved(
                area.bdev().blockSize(),
                superblock.stripBlocks(),
                described.map(SuperblockMember::dataOffset).orElse(0L)));
        if (reserved().isEmpty()) {
            return CompletableFuture.completedFuture(new ExtensionRead.NoExtension());
        }
        Reserved where = reserved().get();
        return area.read(where.extensionOffset(0), where.unit())
                .thenCombine(
                        area.read(where.extensionOffset(1), where.unit()),
                        (copy0, copy1) -> ExtensionCodec.decode(copy0, copy1, array))
                .thenApply(read -> {
                    if (read instanceof ExtensionRead.Found found) {
                        nextCopy = found.nextCopy();
                    }
                    return read;
                });
    }

    @Override
    public CompletionStage<IoStatus> write(Extension extension, Superblock superblock) {
        return write(extension)
                .thenCompose(status -> status.isSuccess()
                        ? status(area.writeDurably(0, SuperblockCodec.encode(superblock)))
                        : CompletableFuture.completedFuture(status));
    }

    @Override
    public CompletionStage<IoStatus> write(Extension extension) {
        if (reserved().isEmpty()) {
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }
        byte[] content = ExtensionCodec.encode(extension);
        // one at a time: two at once would go to the same copy, and a power cut during the second would take the first
        // with it
        extensionWritten = extensionWritten.thenCompose(before -> writeNextCopy(content));
        return extensionWritten;
    }

    private CompletionStage<IoStatus> writeNextCopy(byte[] content) {
        long at = reserved.orElseThrow().extensionOffset(nextCopy);
        return status(area.writeDurably(at, content)).thenApply(status -> {
            if (status.isSuccess()) {
                nextCopy = 1 - nextCopy;
            }
            return status;
        });
    }

    /** Writes a superblock alone, durably: for a member that is to be found again, and does not hold yet what it should. */
    CompletionStage<IoStatus> write(Superblock superblock) {
        return status(area.writeDurably(0, SuperblockCodec.encode(superblock)));
    }

    /** Wipes superblock and extension, durably. */
    CompletionStage<IoStatus> wipe() {
        int blockSize = area.bdev().blockSize();
        long superblock =
                Math.min(area.bdev().sizeBytes(), (SuperblockCodec.MAX_BYTES + blockSize - 1L) / blockSize * blockSize);
        CompletionStage<Void> wiped = area.zero(0, superblock);
        if (reserved().isPresent()) {
            Reserved where = reserved().get();
            wiped = wiped.thenCompose(done -> area.zero(where.extensionOffset(0), 2L * where.unit()));
        }
        return status(wiped.thenCompose(done -> area.flush()));
    }

    /** Completes when nothing of this is under way. */
    CompletionStage<Void> whenIdle() {
        return area.whenIdle();
    }

    /** Returns how an I/O of the area ended, as a status. */
    static CompletionStage<IoStatus> status(CompletionStage<Void> io) {
        return io.handle((done, failure) -> failure == null
                ? IoStatus.SUCCESS
                : IoStatus.errno(Stages.cause(failure) instanceof HasErrno known ? known.errno() : Errno.EIO));
    }
}
