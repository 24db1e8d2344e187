package io.cairn.bdev.testkit;

import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.ConfigEntry;
import java.util.Map;

/** The contract on a correct virtual module: the kit must not find fault where there is none. */
class WrapContractTest extends BdevContractTest {
    /** Returns what is wrong with the module. */
    Bug bug() {
        return Bug.NONE;
    }

    @Override
    protected BdevModule newModule(TestCore core) {
        return new WrapModule(bug());
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.virtual(WrapModule.TYPES)
                .waitingForBase()
                .mapping(block -> block + WrapModule.FIRST_BLOCK)
                .sized(base -> base - WrapModule.FIRST_BLOCK);
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry("bdev_wrap_create", Map.of("base_bdev_name", subject.base(), "name", subject.name()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_wrap_delete", Map.of("name", subject.name()));
    }
}
