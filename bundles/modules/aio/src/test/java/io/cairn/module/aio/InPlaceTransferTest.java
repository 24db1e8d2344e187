package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One transfer in place, without a channel around it. */
class InPlaceTransferTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 1024;

    private final Place place = Place.on(Medium.DISK);
    private final Path file = place.file("f", (long) BLOCKS * BLOCK);
    private final PieceViews views = new PieceViews();

    @AfterEach
    void removeFiles() {
        place.close();
    }

    private InPlaceTransfer open(StandardOpenOption... options) throws IOException {
        return new InPlaceTransfer(FileChannel.open(file, options));
    }

    private static FileRequest request(FileOperation operation, long block, int blocks) {
        FileRequest request = new FileRequest(0);
        request.operation = operation;
        request.position = block * BLOCK;
        request.length = (long) blocks * BLOCK;
        IoType type = operation == FileOperation.READ ? IoType.READ : IoType.WRITE;
        request.io = TestIo.of(null, BLOCK, type, block, blocks).with(IoBuffer.allocate(blocks * BLOCK), 0);
        return request;
    }

    private static FileRequest vectored(FileOperation operation, IoVector pieces, int blocks) {
        FileRequest request = request(operation, 0, blocks);
        request.io = TestIo.of(null, BLOCK, IoType.WRITE, 0, blocks).with(pieces);
        return request;
    }

    @Test
    void takesSmallTransfersOnly() throws IOException {
        InPlaceTransfer transfer = open(StandardOpenOption.READ, StandardOpenOption.WRITE);
        assertThat(transfer.takes(request(FileOperation.READ, 0, 256))).isTrue();
        assertThat(transfer.takes(request(FileOperation.WRITE, 0, 256))).isTrue();
        assertThat(transfer.takes(request(FileOperation.READ, 0, 257))).isFalse();
        assertThat(transfer.takes(request(FileOperation.WRITE, 0, 257))).isFalse();
        transfer.close("f");
        assertThat(transfer.takes(request(FileOperation.READ, 0, 1))).isFalse();
    }

    @Test
    void whileTheInodeIsLockedForLongOnlyReadsAreTaken() throws IOException {
        InPlaceTransfer transfer = open(StandardOpenOption.READ, StandardOpenOption.WRITE);
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.PUNCH, 0, 1)))
                .isTrue();
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.ZERO, 0, 1)))
                .isTrue();
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.WRITE, 0, 257)))
                .isTrue();
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.WRITE, 0, 256)))
                .isFalse();
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.READ, 0, 257)))
                .isFalse();
        assertThat(InPlaceTransfer.isExclusive(request(FileOperation.SYNC, 0, 257)))
                .isFalse();
        transfer.exclusiveBegins();
        transfer.exclusiveBegins();
        transfer.exclusiveEnds();
        assertThat(transfer.takes(request(FileOperation.WRITE, 0, 1))).isFalse();
        assertThat(transfer.takes(request(FileOperation.READ, 0, 1))).isTrue();
        transfer.exclusiveEnds();
        assertThat(transfer.takes(request(FileOperation.WRITE, 0, 1))).isTrue();
        transfer.close("f");
    }

    @Test
    void goesOnWhereAnEarlierPartEnded() throws IOException {
        InPlaceTransfer transfer = open(StandardOpenOption.READ, StandardOpenOption.WRITE);
        IoBuffer first = IoBuffer.allocate(3 * BLOCK);
        IoBuffer second = IoBuffer.allocate(BLOCK);
        first.bytes().put(BLOCK + 100, (byte) 1).put(2 * BLOCK, (byte) 2);
        second.bytes().put(BLOCK - 1, (byte) 3);
        IoVector pieces = new IoVector().add(first, BLOCK, 2 * BLOCK).add(second, 0, BLOCK);
        FileRequest request = vectored(FileOperation.WRITE, pieces, 3);
        request.done = 101;
        assertThat(transfer.transfer(request, views)).isEqualTo(3 * BLOCK - 101);
        request.done = 2 * BLOCK;
        assertThat(transfer.transfer(request, views)).isEqualTo(BLOCK);
        byte[] wanted = new byte[BLOCKS * BLOCK];
        wanted[BLOCK] = 2;
        wanted[3 * BLOCK - 1] = 3;
        assertThat(Files.readAllBytes(file)).isEqualTo(wanted);
        transfer.close("f");
    }

    @Test
    void theEndOfTheFileIsNothingMoved() throws IOException {
        InPlaceTransfer transfer = open(StandardOpenOption.READ);
        Place.setSize(file, 10L * BLOCK + 7);
        assertThat(transfer.transfer(request(FileOperation.READ, 8, 4), views)).isEqualTo(2 * BLOCK + 7);
        assertThat(transfer.transfer(request(FileOperation.READ, 11, 4), views)).isZero();
        transfer.close("f");
    }

    @Test
    void failuresAreNegativeErrorNumbers() throws IOException {
        InPlaceTransfer readonly = open(StandardOpenOption.READ);
        assertThat(readonly.transfer(request(FileOperation.WRITE, 0, 1), views)).isEqualTo(Errno.EBADF.code());
        readonly.close("f");
        InPlaceTransfer full = new InPlaceTransfer(FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE));
        assertThat(full.transfer(request(FileOperation.WRITE, 0, 1), views)).isEqualTo(Errno.ENOSPC.code());
        full.close("f");
    }

    @Test
    void anInterruptedReactorGivesTheTransferToTheRing() throws IOException {
        InPlaceTransfer transfer = open(StandardOpenOption.READ);
        FileRequest request = request(FileOperation.READ, 0, 1);
        Thread.currentThread().interrupt();
        int answer = transfer.transfer(request, views);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(answer).isEqualTo(Errno.EAGAIN.code());
        assertThat(transfer.takes(request)).isFalse();
    }

    @Test
    void whatCannotBeOpenedSaysWhy() {
        assertThatThrownBy(() -> InPlaceTransfer.open(-1, "/some/file", false))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessageContaining("/some/file");
    }

    @Test
    void viewsAreUsedAgainForTheSameBuffer() {
        IoBuffer one = IoBuffer.allocate(4096);
        IoBuffer other = IoBuffer.allocate(4096);
        ByteBuffer view = views.of(0, one, 512, 1024);
        assertThat(view.position()).isEqualTo(512);
        assertThat(view.limit()).isEqualTo(1536);
        assertThat(views.of(0, one, 2048, 512)).isSameAs(view);
        assertThat(view.position()).isEqualTo(2048);
        assertThat(view.limit()).isEqualTo(2560);
        assertThat(views.of(3, one, 0, 1)).isNotSameAs(view);
        assertThat(views.of(0, other, 0, 1)).isNotSameAs(view);
        assertThat(one.bytes().position()).isZero();
        assertThat(one.bytes().limit()).isEqualTo(4096);
    }

    @Test
    void viewsDoNotKeepMemory() {
        WeakReference<IoBuffer> dropped = viewed();
        System.gc();
        assertThat(dropped.get()).isNull();
    }

    private WeakReference<IoBuffer> viewed() {
        IoBuffer memory = IoBuffer.allocate(512);
        assertThat(views.of(0, memory, 0, 512).remaining()).isEqualTo(512);
        return new WeakReference<>(memory);
    }
}
