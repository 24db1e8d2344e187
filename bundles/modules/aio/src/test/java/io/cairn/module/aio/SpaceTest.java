package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.aio.ModuleUnderTest.Channel;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.IoBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Space in the file system: given back, and used up. */
class SpaceTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 256;

    /** Returns what {@code du} says, in bytes. */
    private static long used(Path file) throws IOException {
        Process du = new ProcessBuilder("du", "--block-size=1", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII)
                .split("\\s")[0]);
    }

    private static IoBuffer filled(int bytes) {
        IoBuffer memory = IoBuffer.allocate(bytes);
        for (int i = 0; i < bytes; i++) {
            memory.bytes().put(i, (byte) 0x5a);
        }
        return memory;
    }

    @ParameterizedTest
    @EnumSource
    void unmapGivesSpaceBackAndZeroes(Medium medium) throws IOException {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(EngineKind.IO_URING)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.punching("b", file, BLOCK));
            assertThat(bdev.supportedTypes()).contains(IoType.UNMAP, IoType.WRITE_ZEROES);
            IoBuffer data = filled(BLOCKS * BLOCK);
            try (Channel channel = under.open(bdev, 0)) {
                assertThat(channel.write(0, BLOCKS, data)).isSameAs(IoStatus.SUCCESS);
                assertThat(channel.run(IoType.FLUSH, 0, BLOCKS)).isSameAs(IoStatus.SUCCESS);
                assertThat(used(file)).isGreaterThanOrEqualTo((long) BLOCKS * BLOCK);

                assertThat(channel.run(IoType.UNMAP, 64, 128)).isSameAs(IoStatus.SUCCESS);
                assertThat(used(file)).isLessThanOrEqualTo(160L * BLOCK);
                assertThat(channel.read(0, BLOCKS, data)).isSameAs(IoStatus.SUCCESS);
                byte[] read = new byte[BLOCKS * BLOCK];
                data.bytes().get(0, read);
                assertThat(Arrays.copyOfRange(read, 64 * BLOCK, 192 * BLOCK)).containsOnly(0);
                assertThat(Arrays.copyOfRange(read, 0, 64 * BLOCK)).containsOnly(0x5a);
                assertThat(Arrays.copyOfRange(read, 192 * BLOCK, BLOCKS * BLOCK))
                        .containsOnly(0x5a);
            }
            assertThat(Files.size(file)).isEqualTo((long) BLOCKS * BLOCK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void writeZeroesZeroesAlsoWhereTheFileSystemOnlyPunches(Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(EngineKind.IO_URING)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.punching("b", file, BLOCK));
            IoBuffer data = filled(BLOCKS * BLOCK);
            try (Channel channel = under.open(bdev, 1)) {
                assertThat(channel.write(0, BLOCKS, data)).isSameAs(IoStatus.SUCCESS);
                for (int i = 0; i < 3; i++) {
                    assertThat(channel.run(IoType.WRITE_ZEROES, 10L + i, 1)).isSameAs(IoStatus.SUCCESS);
                }
                assertThat(channel.read(9, 5, data)).isSameAs(IoStatus.SUCCESS);
                byte[] read = new byte[5 * BLOCK];
                data.bytes().get(0, read);
                assertThat(Arrays.copyOfRange(read, BLOCK, 4 * BLOCK)).containsOnly(0);
                assertThat(Arrays.copyOf(read, BLOCK)).containsOnly(0x5a);
                assertThat(Arrays.copyOfRange(read, 4 * BLOCK, 5 * BLOCK)).containsOnly(0x5a);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsCannotPunchHolesAndDoNotOfferIt(Medium medium) {
        try (Place place = Place.on(medium);
                ModuleUnderTest under = new ModuleUnderTest(EngineKind.THREADS)) {
            Path file = place.file("f", (long) BLOCKS * BLOCK);
            Bdev bdev = under.create(ModuleUnderTest.punching("b", file, BLOCK));
            assertThat(bdev.supportedTypes()).doesNotContain(IoType.UNMAP, IoType.WRITE_ZEROES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFullFileSystemSaysSo(EngineKind engine) throws Exception {
        try (Place place = Place.on(Medium.DISK)) {
            Path mount = Files.createDirectory(place.path("small"));
            Process mounting =
                    new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString()).start();
            boolean mounted = mounting.waitFor() == 0;
            assumeTrue(mounted || System.getenv("CI") != null, "mounting a small tmpfs needs root");
            assertThat(mounted).as("mount in CI").isTrue();
            try (ModuleUnderTest under = new ModuleUnderTest(engine)) {
                Path file = mount.resolve("f");
                Place.setSize(file, 4 << 20);
                Bdev bdev = under.create(ModuleUnderTest.settings("b", file, BLOCK));
                try (Channel channel = under.open(bdev, 0)) {
                    assertThat(channel.write(0, 16, filled(16 * BLOCK))).isSameAs(IoStatus.SUCCESS);
                    // small ones, which io_uring leaves to the reactor; the last finds room for a part of it
                    IoStatus status = IoStatus.SUCCESS;
                    for (int at = 16; status.isSuccess() && at < 4096; at += 48) {
                        status = channel.write(at, 48, filled(48 * BLOCK));
                    }
                    assertThat(status).isSameAs(IoStatus.NO_SPACE);
                    assertThat(channel.write(4096, 512, filled(512 * BLOCK))).isSameAs(IoStatus.NO_SPACE);
                    assertThat(channel.write(0, 16, filled(16 * BLOCK))).isSameAs(IoStatus.SUCCESS);
                }
            } finally {
                assertThat(new ProcessBuilder("umount", mount.toString())
                                .start()
                                .waitFor())
                        .isZero();
            }
        }
    }
}
