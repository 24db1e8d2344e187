package io.cairn.module.delay;

import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;

class DelayContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new DelayModule();
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
        return new ConfigEntry(
                "bdev_delay_create",
                Map.of(
                        "name", subject.name(),
                        "base_bdev_name", subject.base(),
                        "avg_read_latency", 150L,
                        "p99_read_latency", 2000L,
                        "avg_write_latency", 250L,
                        "p99_write_latency", 3000L));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_delay_delete", Map.of("name", subject.name()));
    }
}
