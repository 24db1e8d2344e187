package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.module.aio.ModuleUnderTest.Channel;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in memory under io_uring: what is done in place, what is not, and that both are the same to whoever asks. */
class InPlaceTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 4096;

    private Place place;
    private Path swaps;
    private ModuleUnderTest under;
    private Path file;

    @BeforeEach
    void start() throws IOException {
        String type = Files.getFileStore(Path.of("/dev/shm")).type();
        assumeTrue(type.equals("tmpfs"), "/dev/shm is a " + type);
        place = Place.on(Medium.TMPFS);
        // not the machine's own, which may have swap
        swaps = Files.writeString(place.path("swaps"), "Filename Type Size Used Priority\n");
        under = new ModuleUnderTest(EngineKind.IO_URING, new MemoryResidence(Path.of("/proc/self"), swaps));
        file = place.file("f", (long) BLOCKS * BLOCK);
    }

    @AfterEach
    void close() {
        if (under != null) {
            under.close();
            place.close();
        }
    }

    private Bdev create(Path path) {
        return under.create(ModuleUnderTest.punching("b", path, BLOCK));
    }

    private Object engine(Bdev bdev) {
        return ((Map<?, ?>) under.onApp(() -> CompletableFuture.completedFuture(bdev.driverSpecific()))
                        .get("aio"))
                .get("engine");
    }

    private List<String> descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.map(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString();
                        } catch (IOException e) {
                            // closed since it was listed
                            return "";
                        }
                    })
                    .filter(target -> target.startsWith(file.toString()))
                    .toList();
        }
    }

    @Test
    void aBdevSaysThatItsFileIsInMemory() throws IOException {
        assertThat(engine(create(file))).isEqualTo("io_uring, in place");
        under.delete("b");
        try (Place disk = Place.on(Medium.DISK)) {
            assertThat(engine(create(disk.file("f", 4096)))).isEqualTo("io_uring");
            under.delete("b");
        }
        Files.writeString(swaps, "Filename Type Size Used Priority\n/dev/vdb partition 1 0 -2\n");
        assertThat(engine(create(file))).isEqualTo("io_uring");
    }

    @Test
    void theFileIsClosedWithTheBdevAndAfterARefusal() throws IOException {
        create(file);
        assertThat(descriptors()).hasSize(2);
        under.delete("b");
        assertThat(descriptors()).isEmpty();
        under.host().refuseRegistrations();
        assertThatThrownBy(() -> create(file)).isInstanceOf(BdevException.class);
        assertThat(descriptors()).isEmpty();
    }

    @Test
    void aFileThatIsReplacedByNameStaysTheOneThatWasOpened() throws IOException {
        Bdev bdev = create(file);
        Path moved = Files.move(file, place.path("moved"));
        place.file("f", (long) BLOCKS * BLOCK);
        IoBuffer memory = IoBuffer.allocate(BLOCK);
        memory.bytes().put(0, (byte) 7);
        try (Channel channel = under.open(bdev, 0)) {
            assertThat(channel.write(1, 1, memory)).isSameAs(IoStatus.SUCCESS);
        }
        assertThat(Files.readAllBytes(moved)[BLOCK]).isEqualTo((byte) 7);
        assertThat(Files.readAllBytes(file)).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyPathReadsWhatAnyPathWrote(long seed) throws IOException {
        Random random = new Random(seed);
        byte[] model = new byte[BLOCKS * BLOCK];
        IoBuffer memory = IoBuffer.allocate(model.length);
        try (Channel channel = under.open(create(file), 1)) {
            for (int i = 0; i < 400; i++) {
                // as often below the limit of 256 blocks as above it, and just there
                int most = random.nextBoolean() ? 8 : 600;
                int blocks = random.nextInt(8) == 0 ? 255 + random.nextInt(3) : 1 + random.nextInt(most);
                int at = random.nextInt(BLOCKS - blocks + 1);
                int bytes = blocks * BLOCK;
                int from = random.nextInt(BLOCKS - blocks + 1) * BLOCK;
                IoType type = random.nextBoolean() ? IoType.READ : IoType.WRITE;
                if (random.nextInt(10) == 0) {
                    assertThat(channel.run(IoType.UNMAP, at, blocks)).isSameAs(IoStatus.SUCCESS);
                    Arrays.fill(model, at * BLOCK, at * BLOCK + bytes, (byte) 0);
                    continue;
                }
                byte[] data = new byte[bytes];
                if (type == IoType.WRITE) {
                    random.nextBytes(data);
                    memory.bytes().put(from, data);
                    System.arraycopy(data, 0, model, at * BLOCK, bytes);
                }
                TestIo io = channel.io(type, at, blocks);
                if (random.nextBoolean()) {
                    io.with(memory, from);
                } else {
                    io.with(pieces(random, memory, from, bytes));
                }
                assertThat(channel.run(io)).isSameAs(IoStatus.SUCCESS);
                memory.bytes().get(from, data);
                assertThat(Arrays.equals(data, 0, bytes, model, at * BLOCK, at * BLOCK + bytes))
                        .as("%s %s+%s", type, at, blocks)
                        .isTrue();
            }
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(model);
    }

    private static IoVector pieces(Random random, IoBuffer memory, int from, int bytes) {
        IoVector pieces = new IoVector();
        int left = bytes;
        for (int i = 0; left > 0; i++) {
            int length = i == 15 ? left : Math.min(left, (1 + random.nextInt(60)) * BLOCK);
            pieces.add(memory, from + bytes - left, length);
            left -= length;
        }
        return pieces;
    }

    /** Whoever answers each completion with the next I/O neither recurses nor keeps a turn going. */
    @Test
    void aTurnTellsFourCompletions() {
        int chains = 8;
        int each = 500;
        IoBuffer memory = IoBuffer.allocate(BLOCK);
        try (Channel channel = under.open(create(file), 1)) {
            int[] told = {0};
            int[] most = {0};
            int[] beforeThisTurn = {0};
            CompletableFuture<Void> over = new CompletableFuture<>();
            Runnable[] turn = new Runnable[1];
            turn[0] = () -> {
                most[0] = Math.max(most[0], told[0] - beforeThisTurn[0]);
                beforeThisTurn[0] = told[0];
                if (told[0] == chains * each) {
                    over.complete(null);
                } else {
                    channel.reactor().defer(turn[0]);
                }
            };
            channel.on(c -> {
                for (int i = 0; i < chains; i++) {
                    chain(channel, memory, told, each);
                }
                channel.reactor().defer(turn[0]);
            });
            over.orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(told[0]).isEqualTo(chains * each);
            assertThat(most[0]).isEqualTo(4);
        }
    }

    private static void chain(Channel channel, IoBuffer memory, int[] told, int left) {
        TestIo io = channel.io(IoType.WRITE, left, 1).with(memory, 0);
        CompletableFuture<Void> next = io.done().thenAccept(status -> {
            told[0]++;
            if (status == IoStatus.SUCCESS && left > 1) {
                chain(channel, memory, told, left - 1);
            }
        });
        channel.channel().submitRequest(io);
        assertThat(next).as("told from inside the submission").isNotDone();
    }

    @Test
    void aResetEndsAfterWhatIsDoneAndNotTold() {
        IoBuffer memory = IoBuffer.allocate(BLOCK);
        Bdev bdev = create(file);
        try (Channel channel = under.open(bdev, 1)) {
            List<TestIo> out = new ArrayList<>();
            TestIo reset = channel.io(IoType.RESET, 0, BLOCKS);
            channel.on(c -> {
                for (int i = 0; i < 100; i++) {
                    TestIo io = channel.io(IoType.WRITE, i, 1).with(memory, 0);
                    out.add(io);
                    c.submitRequest(io);
                }
                assertThat(c.abort(out.get(50))).isTrue();
                assertThatThrownBy(c::close).hasMessageContaining("100 I/O");
                c.submitRequest(reset);
            });
            CompletableFuture<Boolean> allBefore = reset.done()
                    .thenApply(status -> out.stream().allMatch(io -> io.done().isDone()));
            assertThat(allBefore.join()).isTrue();
            assertThat(out).allSatisfy(io -> {
                assertThat(io.status()).isSameAs(IoStatus.SUCCESS);
                assertThat(io.completions()).isEqualTo(1);
            });
        }
        under.delete("b");
    }

    @Test
    void whatLocksTheInodeForLongCountsUntilItHasEnded() {
        Reactors reactors = under.host().reactors();
        MemoryResidence memory = new MemoryResidence(Path.of("/proc/self"), swaps);
        FileEngine engine = new UringEngine(reactors, new FileInspector(), memory);
        OpenFile open = under.onApp(() -> engine.open(file.toString(), false, BLOCK));
        InPlaceTransfer inPlace = ((UringFile) open).inPlace();
        FileSettings settings = ModuleUnderTest.punching("b", file, BLOCK);
        FileBackend backend = new FileBackend(reactors, settings, open, BLOCK, () -> {});
        FileRequest write = new FileRequest(0);
        write.operation = FileOperation.WRITE;
        write.length = BLOCK;
        IoBuffer data = IoBuffer.allocate(300 * BLOCK);
        Reactor reactor = under.reactor(1);
        BackendChannel opened = CompletableFuture.supplyAsync(() -> backend.openChannel(reactor), reactor)
                .join();
        try (Channel channel = new Channel(reactor, opened, BLOCK)) {
            for (IoType type : List.of(IoType.UNMAP, IoType.WRITE_ZEROES, IoType.WRITE)) {
                TestIo io = channel.io(type, 0, 300).with(data, 0);
                channel.on(c -> {
                    assertThat(inPlace.takes(write)).isTrue();
                    c.submitRequest(io);
                    assertThat(inPlace.takes(write)).as("%s is out", type).isFalse();
                });
                assertThat(io.done().join()).isSameAs(IoStatus.SUCCESS);
                assertThat(inPlace.takes(write)).as("%s has ended", type).isTrue();
            }
            assertThat(channel.read(0, 300, data)).isSameAs(IoStatus.SUCCESS);
        }
        under.onApp(backend::destruct);
        assertThat(inPlace.takes(write)).as("closed").isFalse();
    }

    @Test
    void anInterruptedReactorGoesOnByTheRing() {
        IoBuffer memory = IoBuffer.allocate(BLOCK);
        try (Channel channel = under.open(create(file), 1)) {
            TestIo io = channel.io(IoType.WRITE, 3, 1).with(memory, 0);
            channel.on(c -> {
                Thread.currentThread().interrupt();
                try {
                    c.submitRequest(io);
                } finally {
                    Thread.interrupted();
                }
            });
            assertThat(io.done().join()).isSameAs(IoStatus.SUCCESS);
            assertThat(io.completions()).isEqualTo(1);
            assertThat(channel.read(3, 1, memory)).isSameAs(IoStatus.SUCCESS);
        }
    }

    @Test
    void aReadonlyBdevReads() {
        Bdev bdev = under.create(
                new FileSettings(Flavour.AIO, "b", file.toString(), BLOCK, true, false, false, Optional.empty()));
        assertThat(engine(bdev)).isEqualTo("io_uring, in place");
        IoBuffer memory = IoBuffer.allocate(BLOCK);
        try (Channel channel = under.open(bdev, 0)) {
            assertThat(channel.read(3, 1, memory)).isSameAs(IoStatus.SUCCESS);
            assertThat(channel.write(3, 1, memory)).isSameAs(IoStatus.errno(Errno.EBADF));
        }
    }
}
