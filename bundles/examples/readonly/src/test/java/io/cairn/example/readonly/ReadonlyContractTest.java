package io.cairn.example.readonly;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;
import java.util.Set;

/** The contract that every module keeps: it is tested by saying what the module is. */
class ReadonlyContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new ReadonlyModule();
    }

    @Override
    protected ModuleTraits traits() {
        // the core makes COMPARE from reads, and RESET by draining
        return ModuleTraits.virtual(Set.of(IoType.READ, IoType.FLUSH, IoType.COMPARE, IoType.RESET))
                .waitingForBase()
                .mapping(block -> block)
                .sized(blocks -> blocks);
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_readonly_create", Map.of("name", subject.name(), "base_bdev_name", subject.base()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_readonly_delete", Map.of("name", subject.name()));
    }
}
