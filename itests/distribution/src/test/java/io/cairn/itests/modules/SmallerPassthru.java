package io.cairn.itests.modules;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A next version of module passthru that keeps the last block of each base for itself: its bdevs are not what they were. */
public final class SmallerPassthru implements BdevModule {
    private VirtualBdevs<Definition> passthrus;

    @Override
    public String name() {
        return "passthru";
    }

    @Override
    public void init(BdevHost core) {
        passthrus = new VirtualBdevs<>(name(), core);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(Operation.named("bdev_passthru_create", Definition.class)
                .describedAs("Creates a bdev that passes every I/O to its base, which has a block more.")
                .changingConfiguration()
                .handledBy(this::create));
    }

    private CompletionStage<String> create(Definition wanted) {
        return passthrus.create(wanted).thenApply(bdevs -> wanted.name());
    }

    @Override
    public List<ConfigEntry> configuration() {
        return passthrus.definitions().stream()
                .map(each -> new ConfigEntry(
                        "bdev_passthru_create", Map.of("name", each.name(), "base_bdev_name", each.baseBdevName())))
                .toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        passthrus.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        passthrus.restore(bdev);
    }

    /** What is created. */
    record Definition(@Param("the bdev's name") String name, @Param("the base") String baseBdevName)
            implements VirtualDefinition {
        @Override
        public String key() {
            return name;
        }

        @Override
        public String baseName() {
            return baseBdevName;
        }

        @Override
        public List<VirtualBdev> bdevs(Bdev base) {
            BdevSpec spec = BdevSpec.over(base, name, "passthru", ForwardingChannel.TYPES)
                    .withNumBlocks(base.numBlocks() - 1);
            return List.of(new VirtualBdev(spec, ForwardingChannel::new, Map.of()));
        }
    }
}
