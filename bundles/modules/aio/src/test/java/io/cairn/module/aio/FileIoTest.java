package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.module.aio.ModuleUnderTest.Channel;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What reaches the file, and how it ends, on both engines and on two file systems. */
class FileIoTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;

    static Stream<Arguments> everywhere() {
        List<Arguments> all = new ArrayList<>();
        for (EngineKind engine : EngineKind.values()) {
            for (Medium medium : Medium.values()) {
                all.add(Arguments.of(engine, medium));
            }
        }
        return all.stream();
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static IoBuffer buffer(byte[] content) {
        IoBuffer buffer = IoBuffer.allocate(content.length);
        buffer.bytes().put(0, content);
        return buffer;
    }

    private static byte[] content(IoBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.bytes().get(0, bytes);
        return bytes;
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void whatIsWrittenIsInTheFileAndIsReadBack(EngineKind engine, Medium medium) throws IOException {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
            byte[] written = random(3 * BLOCK, 1);
            try (Channel channel = under.open(bdev, 1)) {
                assertThat(channel.write(5, 3, buffer(written))).isSameAs(IoStatus.SUCCESS);
                assertThat(channel.run(IoType.FLUSH, 0, BLOCKS)).isSameAs(IoStatus.SUCCESS);
                byte[] onDisk = Files.readAllBytes(file);
                assertThat(Arrays.copyOfRange(onDisk, 5 * BLOCK, 8 * BLOCK)).isEqualTo(written);
                assertThat(Arrays.copyOfRange(onDisk, 0, 5 * BLOCK)).containsOnly(0);

                IoBuffer read = IoBuffer.allocate(3 * BLOCK);
                assertThat(channel.read(5, 3, read)).isSameAs(IoStatus.SUCCESS);
                assertThat(content(read)).isEqualTo(written);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void severalPiecesOfMemoryAreOneTransfer(EngineKind engine, Medium medium) throws IOException {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
            byte[] written = random(6 * BLOCK, 2);
            IoBuffer memory = buffer(written);
            IoVector out = new IoVector()
                    .add(memory, 0, BLOCK)
                    .add(memory, BLOCK, 3 * BLOCK)
                    .add(memory, 4 * BLOCK, 2 * BLOCK);
            try (Channel channel = under.open(bdev, 0)) {
                assertThat(channel.run(channel.io(IoType.WRITE, 2, 6).with(out)))
                        .isSameAs(IoStatus.SUCCESS);
                assertThat(Arrays.copyOfRange(Files.readAllBytes(file), 2 * BLOCK, 8 * BLOCK))
                        .isEqualTo(written);

                IoBuffer read = IoBuffer.allocate(6 * BLOCK);
                IoVector in = new IoVector().add(read, 4 * BLOCK, 2 * BLOCK).add(read, 0, 4 * BLOCK);
                assertThat(channel.run(channel.io(IoType.READ, 2, 6).with(in))).isSameAs(IoStatus.SUCCESS);
                byte[] swapped = content(read);
                assertThat(Arrays.copyOfRange(swapped, 4 * BLOCK, 6 * BLOCK))
                        .isEqualTo(Arrays.copyOf(written, 2 * BLOCK));
                assertThat(Arrays.copyOf(swapped, 4 * BLOCK))
                        .isEqualTo(Arrays.copyOfRange(written, 2 * BLOCK, 6 * BLOCK));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void readingWhatSomebodyCutOffIsAnErrorAndTheRestIsNot(EngineKind engine, Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
            IoBuffer memory = IoBuffer.allocate(4 * BLOCK);
            IoVector pieces = new IoVector().add(memory, 0, 2 * BLOCK).add(memory, 2 * BLOCK, 2 * BLOCK);
            try (Channel channel = under.open(bdev, 0)) {
                Place.setSize(file, 10L * BLOCK);
                assertThat(channel.read(6, 4, memory)).isSameAs(IoStatus.SUCCESS);
                assertThat(channel.read(8, 4, memory)).isSameAs(IoStatus.errno(Errno.EIO));
                assertThat(channel.run(channel.io(IoType.READ, 9, 4).with(pieces)))
                        .isSameAs(IoStatus.errno(Errno.EIO));
                assertThat(channel.read(10, 4, memory)).isSameAs(IoStatus.errno(Errno.EIO));
                Place.setSize(file, 10L * BLOCK + 100);
                assertThat(channel.read(10, 1, memory)).isSameAs(IoStatus.errno(Errno.EIO));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void twoReactorsWriteAtOnce(EngineKind engine, Medium medium) throws IOException {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            int blocks = 512;
            Path file = place.file("f", (long) blocks * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
            byte[] wanted = random(blocks * BLOCK, 3);
            IoBuffer memory = buffer(wanted);
            try (Channel even = under.open(bdev, 0);
                    Channel odd = under.open(bdev, 1)) {
                List<CompletableFuture<IoStatus>> writes = new ArrayList<>();
                for (int i = 0; i < blocks; i++) {
                    Channel channel = i % 2 == 0 ? even : odd;
                    writes.add(channel.submit(channel.io(IoType.WRITE, i, 1).with(memory, i * BLOCK)));
                }
                assertThat(writes).allSatisfy(write -> assertThat(write.join()).isSameAs(IoStatus.SUCCESS));
            }
            assertThat(Files.readAllBytes(file)).isEqualTo(wanted);
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void resetEndsWhenWhatWasOutOnEveryReactorHasEnded(EngineKind engine, Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            int deep = 300;
            Path file = place.file("f", (long) deep * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
            IoBuffer memory = IoBuffer.allocate(BLOCK);
            try (Channel first = under.open(bdev, 0);
                    Channel second = under.open(bdev, 1)) {
                List<TestIo> out = new ArrayList<>();
                for (Channel channel : List.of(first, second)) {
                    List<TestIo> mine = new ArrayList<>();
                    for (int i = 0; i < deep; i++) {
                        mine.add(channel.io(IoType.WRITE, i, 1).with(memory, 0));
                    }
                    out.addAll(mine);
                    // all in one turn, so that the reset finds them out
                    channel.on(c -> mine.forEach(c::submitRequest));
                }
                assertThat(first.run(IoType.RESET, 0, deep)).isSameAs(IoStatus.SUCCESS);
                assertThat(out).allSatisfy(io -> {
                    assertThat(io.done()).isDone();
                    assertThat(io.status()).isIn(IoStatus.SUCCESS, IoStatus.ABORTED);
                });
                assertThat(first.write(0, 1, memory)).isSameAs(IoStatus.SUCCESS);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void resetOfAnIdleBdevEnds(EngineKind engine, Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Bdev bdev = under.create(ModuleUnderTest.settings("b", place.file("f", BLOCK), BLOCK));
            try (Channel channel = under.open(bdev, 1)) {
                assertThat(channel.run(IoType.RESET, 0, 1)).isSameAs(IoStatus.SUCCESS);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void anAbortedIoEndsOnce(EngineKind engine, Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Bdev bdev = under.create(ModuleUnderTest.settings("b", place.file("f", 64L * BLOCK), BLOCK));
            IoBuffer memory = IoBuffer.allocate(BLOCK);
            try (Channel channel = under.open(bdev, 0)) {
                TestIo victim = channel.io(IoType.READ, 3, 1).with(memory, 0);
                boolean[] found = new boolean[2];
                channel.on(c -> {
                    c.submitRequest(victim);
                    found[0] = c.abort(victim);
                    found[1] = c.abort(channel.io(IoType.READ, 3, 1));
                });
                assertThat(victim.done().join()).isIn(IoStatus.SUCCESS, IoStatus.ABORTED);
                assertThat(found).containsExactly(true, false);
                // a round trip through the ring behind the cancellation: nothing comes twice
                assertThat(channel.read(0, 1, memory)).isSameAs(IoStatus.SUCCESS);
                assertThat(victim.completions()).isEqualTo(1);
            }
        }
    }
}
