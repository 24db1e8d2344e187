package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.aio.ModuleUnderTest.Channel;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Block devices: loop devices over files, which take root to make. */
class BlockDeviceTest {
    private static final int SIZE = 1 << 20;

    /** A loop device. */
    private record Loop(String device) implements AutoCloseable {
        static Loop over(Path file, int sectorSize) throws IOException {
            Process losetup = new ProcessBuilder(
                            "losetup",
                            "--find",
                            "--show",
                            "--sector-size",
                            Integer.toString(sectorSize),
                            file.toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            boolean made = losetup.onExit().join().exitValue() == 0;
            assumeTrue(made || System.getenv("CI") != null, "loop devices need root: " + output);
            assertThat(made).as("losetup in CI: %s", output).isTrue();
            return new Loop(output);
        }

        @Override
        public void close() {
            try {
                Process detach = new ProcessBuilder("losetup", "--detach", device).start();
                assertThat(detach.onExit().join().exitValue()).isZero();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceSaysItsSizeAndItsBlocks(EngineKind engine) throws Exception {
        try (Place place = Place.on(Medium.DISK);
                Loop loop = Loop.over(place.file("f", SIZE), 512);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            Bdev bdev = under.create(ModuleUnderTest.settings("b", loop.device(), 512));
            assertThat(bdev.numBlocks()).isEqualTo(SIZE / 512);
            IoBuffer data = IoBuffer.allocate(4096);
            for (int i = 0; i < 4096; i++) {
                data.bytes().put(i, (byte) i);
            }
            try (Channel channel = under.open(bdev, 1)) {
                assertThat(channel.write(16, 8, data)).isSameAs(IoStatus.SUCCESS);
                assertThat(channel.run(IoType.FLUSH, 0, 1)).isSameAs(IoStatus.SUCCESS);
            }
            byte[] onDisk = Arrays.copyOfRange(Files.readAllBytes(place.path("f")), 16 * 512, 24 * 512);
            for (int i = 0; i < 4096; i++) {
                assertThat(onDisk[i]).isEqualTo((byte) i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void blocksBelowTheDevicesOwnAreRefused(EngineKind engine) throws Exception {
        try (Place place = Place.on(Medium.DISK);
                Loop loop = Loop.over(place.file("f", SIZE), 4096);
                ModuleUnderTest under = new ModuleUnderTest(engine)) {
            assertThatThrownBy(() -> under.create(ModuleUnderTest.settings("b", loop.device(), 512)))
                    .isInstanceOfSatisfying(
                            BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                    .hasMessageContainingAll(loop.device(), "512", "4096");
            Bdev bdev = under.create(ModuleUnderTest.settings("b", loop.device(), 0));
            assertThat(bdev.blockSize()).isEqualTo(4096);
        }
    }
}
