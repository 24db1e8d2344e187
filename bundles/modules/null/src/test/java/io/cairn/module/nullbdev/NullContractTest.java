package io.cairn.module.nullbdev;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

class NullContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new NullModule();
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.physical(Set.of(
                        IoType.READ,
                        IoType.WRITE,
                        IoType.RESET,
                        IoType.WRITE_ZEROES,
                        IoType.COMPARE,
                        IoType.COMPARE_AND_WRITE,
                        IoType.ABORT,
                        IoType.COPY))
                .forgettingData();
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_null_create",
                Map.of("name", subject.name(), "block_size", subject.blockSize(), "num_blocks", subject.numBlocks()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_null_delete", Map.of("name", subject.name()));
    }

    @Override
    protected Optional<ConfigEntry> growth(Subject subject, long numBlocks) {
        long mib = (numBlocks * subject.blockSize() + (1 << 20) - 1) >> 20;
        return mib * (1 << 20) == numBlocks * subject.blockSize()
                ? Optional.of(new ConfigEntry("bdev_null_resize", Map.of("name", subject.name(), "new_size", mib)))
                : Optional.empty();
    }
}
