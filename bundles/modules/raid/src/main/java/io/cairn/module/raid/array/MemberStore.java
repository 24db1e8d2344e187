package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.module.raid.format.Extension;
import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockDraft;
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

    /** Reads what is where a superblock would be; one whose write was interrupted, as it was to be. Writes nothing. Fails if it cannot be read. */
    CompletionStage<SuperblockRead> readSuperblock() {
        return readSuperblock(SuperblockCodec.HEADER_BYTES);
    }

    private CompletionStage<SuperblockRead> readSuperblock(int bytes) {
        if (area.bdev().sizeBytes() < bytes) {
            return CompletableFuture.completedFuture(new SuperblockRead.NoSuperblock());
        }
        return area.read(0, bytes).thenCompose(content -> {
            SuperblockRead read = SuperblockCodec.decode(content, area.bdev().blockSize());
            if (read instanceof SuperblockRead.NeedsBytes needs) {
                return readSuperblock(needs.bytes());
            }
            return read instanceof SuperblockRead.Refused refused && refused.reason() == SuperblockRead.Reason.CRC
                    ? mended(refused)
                    : CompletableFuture.completedFuture(read);
        });
    }

    /** Reads what a superblock was to be whose write a power cut has interrupted; it stays refused if it is not what such a write leaves. */
    private CompletionStage<SuperblockRead> mended(SuperblockRead.Refused refused) {
        int blockSize = area.bdev().blockSize();
        long at = Reserved.draftOffset(blockSize);
        if (area.bdev().sizeBytes() < at + Reserved.draftBytes(blockSize)) {
            return CompletableFuture.completedFuture(refused);
        }
        return area.read(at, Reserved.draftBytes(blockSize))
                .thenCompose(content -> SuperblockDraft.decode(content, blockSize)
                        .map(draft -> mended(draft, refused))
                        .orElse(CompletableFuture.completedFuture(refused)))
                .exceptionally(unreadable -> refused);
    }

    private CompletionStage<SuperblockRead> mended(SuperblockDraft draft, SuperblockRead.Refused refused) {
        int blockSize = area.bdev().blockSize();
        byte[] superblock = draft.superblock();
        return area.read(0, SuperblockDraft.blockBytes(superblock, blockSize))
                .thenApply(found -> draft.isTornIn(found)
                                && SuperblockCodec.decode(superblock, blockSize) instanceof SuperblockRead.Found whole
                        ? whole.warned("its RAID superblock was torn while it was written, and is read from its draft")
                        : refused);
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
                .thenCompose(
                        status -> status.isSuccess() ? write(superblock) : CompletableFuture.completedFuture(status));
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

    /**
     * Writes a superblock alone, durably: for a member that is to be found again, and does not hold yet what it should. One of several blocks is written behind its
     * draft, so that a power cut does not take it.
     */
    CompletionStage<IoStatus> write(Superblock superblock) {
        byte[] image = SuperblockCodec.encode(superblock);
        int blockSize = area.bdev().blockSize();
        if (!SuperblockDraft.isNeeded(image, blockSize) || !hasRoomForDraft(superblock)) {
            return status(area.writeDurably(0, image));
        }
        // what cannot be read is written nevertheless: that may be what mends it
        return area.read(0, SuperblockDraft.blockBytes(image, blockSize))
                .<CompletionStage<Void>>handle((found, failure) -> failure == null
                        ? area.writeDurably(
                                Reserved.draftOffset(blockSize),
                                SuperblockDraft.of(image, found, blockSize).encode())
                        : Stages.done())
                .thenCompose(drafted -> status(drafted.thenCompose(done -> area.writeDurably(0, image))));
    }

    private boolean hasRoomForDraft(Superblock superblock) {
        int blockSize = area.bdev().blockSize();
        long dataOffset = superblock
                .ofBdev(area.bdev().uuid())
                .map(SuperblockMember::dataOffset)
                .orElseGet(() -> reserved.map(Reserved::dataOffset).orElse(0L));
        return Reserved.draftOffset(blockSize) + Reserved.draftBytes(blockSize) <= dataOffset * blockSize;
    }

    /**
     * Zeroes, durably, what is behind the superblock of a member of a new array: an array before it may have had its UUID, and what that one remembered would be believed.
     *
     * @param where where that is on this member
     */
    CompletionStage<IoStatus> clear(Reserved where) {
        if (!where.hasRoomForRecord()) {
            return CompletableFuture.completedFuture(IoStatus.SUCCESS);
        }
        long from = where.extensionOffset(0);
        return status(
                area.zero(from, where.dataOffset() * where.blockSize() - from).thenCompose(done -> area.flush()));
    }

    /** Wipes superblock, draft and extension, durably. */
    CompletionStage<IoStatus> wipe() {
        int blockSize = area.bdev().blockSize();
        long superblock =
                Math.min(area.bdev().sizeBytes(), (SuperblockCodec.MAX_BYTES + blockSize - 1L) / blockSize * blockSize);
        CompletionStage<Void> wiped = area.zero(0, superblock);
        if (reserved().isPresent()) {
            Reserved where = reserved().get();
            wiped = wiped.thenCompose(
                            done -> area.zero(Reserved.draftOffset(blockSize), Reserved.draftBytes(blockSize)))
                    .thenCompose(done -> area.zero(where.extensionOffset(0), 2L * where.unit()));
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
