package io.cairn.module.passthru;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;
import java.util.Set;

class PassthruContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new PassthruModule();
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.virtual(Set.of(
                        IoType.READ,
                        IoType.WRITE,
                        IoType.UNMAP,
                        IoType.FLUSH,
                        IoType.RESET,
                        IoType.WRITE_ZEROES,
                        IoType.COMPARE,
                        IoType.COMPARE_AND_WRITE,
                        IoType.ABORT,
                        IoType.SEEK_HOLE,
                        IoType.SEEK_DATA,
                        IoType.COPY))
                .waitingForBase()
                .mapping(block -> block)
                .sized(blocks -> blocks);
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_passthru_create", Map.of("name", subject.name(), "base_bdev_name", subject.base()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_passthru_delete", Map.of("name", subject.name()));
    }
}
