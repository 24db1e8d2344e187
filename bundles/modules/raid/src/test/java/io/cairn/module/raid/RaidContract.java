package io.cairn.module.raid;

import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.testkit.BdevContractTest;
import io.cairn.bdev.testkit.ForwardingModule;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.Subject;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.operations.ConfigEntry;
import java.util.Map;
import java.util.Set;

/** The contract of the SPI for arrays without superblock. */
abstract class RaidContract extends BdevContractTest {
    static final Set<IoType> TYPES = Set.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.ABORT,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.COPY);

    private final String level;
    private final long stripKb;

    RaidContract(String level, long stripKb) {
        this.level = level;
        this.stripKb = stripKb;
    }

    @Override
    protected BdevModule newModule(TestCore core) {
        return new NotOnItself(new RaidModule());
    }

    /** The module, which does not look for superblocks on the array under test: that this can fail is not a creation that fails. */
    private static final class NotOnItself extends ForwardingModule {
        NotOnItself(RaidModule module) {
            super(module);
        }

        @Override
        public boolean examinesDisk() {
            return false;
        }
    }

    static ModuleTraits over(int bases) {
        return ModuleTraits.virtual(TYPES).overBases(bases).waitingForBase().keepingOtherBases();
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_raid_create",
                Map.of(
                        "name",
                        subject.name(),
                        "raid_level",
                        level,
                        "strip_size_kb",
                        stripKb,
                        "base_bdevs",
                        subject.bases()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_raid_delete", Map.of("name", subject.name()));
    }
}
