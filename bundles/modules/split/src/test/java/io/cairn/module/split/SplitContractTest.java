package io.cairn.module.split;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;
import java.util.Set;

/** The second of three parts. */
class SplitContractTest extends BdevContractTest {
    private static final long PART_BLOCKS = 128;

    @Override
    protected BdevModule newModule(TestCore core) {
        return new SplitModule();
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
                .mapping(block -> PART_BLOCKS + block)
                .sized(blocks -> PART_BLOCKS);
    }

    @Override
    protected String bdevName(Subject subject) {
        return subject.base() + "p1";
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry("bdev_split_create", Map.of("base_bdev", subject.base(), "split_count", 3));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_split_delete", Map.of("base_bdev", subject.base()));
    }
}
