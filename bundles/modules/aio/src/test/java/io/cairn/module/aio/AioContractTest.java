package io.cairn.module.aio;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.module.aio.Place.Medium;
import io.cairn.operations.ConfigEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

/** The SPI's contract, over a real file: by messages of the simulation, and by io_uring on threads. */
class AioContractTest extends BdevContractTest {
    private final Place place = Place.on(Medium.TMPFS);

    @AfterEach
    void removeFiles() {
        place.close();
    }

    private Path file() {
        return place.path("disk");
    }

    @Override
    protected void prepare(Subject subject) {
        try {
            Files.deleteIfExists(file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Place.setSize(file(), subject.numBlocks() * subject.blockSize());
    }

    @Override
    protected BdevModule newModule(TestCore core) {
        return new AioModule();
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.physical(Set.of(
                IoType.READ,
                IoType.WRITE,
                IoType.FLUSH,
                IoType.RESET,
                IoType.ABORT,
                IoType.WRITE_ZEROES,
                IoType.COMPARE,
                IoType.COMPARE_AND_WRITE,
                IoType.COPY));
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_aio_create",
                Map.of("name", subject.name(), "filename", file().toString(), "block_size", subject.blockSize()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_aio_delete", Map.of("name", subject.name()));
    }

    @Override
    protected Optional<ConfigEntry> growth(Subject subject, long numBlocks) {
        Place.setSize(file(), numBlocks * subject.blockSize());
        return Optional.of(new ConfigEntry("bdev_aio_rescan", Map.of("name", subject.name())));
    }
}
