package io.cairn.module.error;

import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;

class ErrorContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new ErrorModule();
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.virtual(ForwardingChannel.TYPES)
                .waitingForBase()
                .mapping(block -> block)
                .sized(blocks -> blocks);
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry("bdev_error_create", Map.of("base_name", subject.base()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_error_delete", Map.of("name", bdevName(subject)));
    }

    @Override
    protected String bdevName(Subject subject) {
        return "EE_" + subject.base();
    }
}
