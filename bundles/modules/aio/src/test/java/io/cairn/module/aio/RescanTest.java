package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.module.aio.ModuleUnderTest.Channel;
import io.cairn.module.aio.Place.Medium;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file that changes its size under a bdev. */
class RescanTest {
    private final Place place = Place.on(Medium.DISK);
    private ModuleUnderTest under;
    private Path file;
    private Bdev bdev;

    private void start(EngineKind engine) {
        under = new ModuleUnderTest(engine);
        file = place.file("f", 8L * 4096);
        bdev = under.create(ModuleUnderTest.settings("b", file, 4096));
    }

    @AfterEach
    void close() {
        under.close();
        place.close();
    }

    private void rescan() {
        assertThat(under.onApp(() -> under.module().rescan(Flavour.AIO, "b"))).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void growsWithTheFileInWholeBlocks(EngineKind engine) {
        start(engine);
        rescan();
        assertThat(bdev.numBlocks()).isEqualTo(8);
        Place.setSize(file, 20L * 4096 + 100);
        rescan();
        assertThat(bdev.numBlocks()).isEqualTo(20);
        try (Channel channel = under.open(bdev, 1)) {
            assertThat(channel.write(19, 1, IoBuffer.allocate(4096))).isSameAs(IoStatus.SUCCESS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyFileRemovesTheBdev(EngineKind engine) {
        start(engine);
        Place.setSize(file, 0);
        rescan();
        assertThat(under.find("b")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aMissingFileRemovesTheBdev(EngineKind engine) throws IOException {
        start(engine);
        Files.delete(file);
        rescan();
        assertThat(under.find("b")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void anotherFileInItsPlaceRemovesTheBdev(EngineKind engine) throws IOException {
        start(engine);
        Files.move(file, place.path("elsewhere"));
        place.file("f", 16L * 4096);
        rescan();
        assertThat(under.find("b")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aSmallerFileIsRefusedWhileTheBdevIsInUse(EngineKind engine) {
        start(engine);
        Place.setSize(file, 4L * 4096);
        assertThatThrownBy(this::rescan).isInstanceOfSatisfying(BdevException.class, e -> assertThat(e.errno())
                .isEqualTo(Errno.EBUSY));
        assertThat(bdev.numBlocks()).isEqualTo(8);
    }
}
