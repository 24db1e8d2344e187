package io.cairn.bdev.testkit;

import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/** The contract on a physical module: the simulated disk, with operations around it. */
class SimDiskContractTest extends BdevContractTest {
    @Override
    protected BdevModule newModule(TestCore core) {
        return new Operated();
    }

    @Override
    protected ModuleTraits traits() {
        return ModuleTraits.physical(SimSettings.ALL_TYPES).unmappingToZeroes();
    }

    @Override
    protected ConfigEntry creation(Subject subject) {
        return new ConfigEntry(
                "bdev_disk_create",
                Map.of(
                        "name", subject.name(),
                        "block_size", (long) subject.blockSize(),
                        "num_blocks", subject.numBlocks()));
    }

    @Override
    protected ConfigEntry deletion(Subject subject) {
        return new ConfigEntry("bdev_disk_delete", Map.of("name", subject.name()));
    }

    @Override
    protected Optional<ConfigEntry> growth(Subject subject, long numBlocks) {
        return Optional.of(
                new ConfigEntry("bdev_disk_resize", Map.of("name", subject.name(), "num_blocks", numBlocks)));
    }

    record Create(
            @Param("name") String name,
            @Param("bytes") int blockSize,
            @Param("blocks") long numBlocks,
            @Param("identity") Optional<UUID> uuid) {}

    record Delete(@Param("name") String name) {}

    record Resize(@Param("name") String name, @Param("blocks") long numBlocks) {}

    /** Simulated disks that are made by operations. */
    private static final class Operated implements BdevModule {
        private final SimModule disks = new SimModule();
        private final Map<String, SimDisk> made = new LinkedHashMap<>();
        private BdevHost host;

        @Override
        public String name() {
            return disks.name();
        }

        @Override
        public void init(BdevHost core) {
            host = core;
            disks.init(core);
        }

        @Override
        public List<Operation<?, ?>> operations() {
            return Operation.list(
                    Operation.named("bdev_disk_create", Create.class)
                            .changingConfiguration()
                            .handledBy(this::create),
                    Operation.named("bdev_disk_delete", Delete.class)
                            .changingConfiguration()
                            .handledBy(this::delete),
                    Operation.named("bdev_disk_resize", Resize.class)
                            .changingConfiguration()
                            .handledBy(p ->
                                    made.get(p.name()).resize(p.numBlocks()).thenApply(v -> true)));
        }

        private CompletionStage<String> create(Create p) {
            SimSettings settings =
                    SimSettings.of(p.name(), p.blockSize(), p.numBlocks()).withDirectAccess(0.7);
            if (p.uuid().isPresent()) {
                settings = settings.withUuid(p.uuid().get());
            }
            return disks.add(settings).thenApply(disk -> {
                made.put(p.name(), disk);
                return p.name();
            });
        }

        private CompletionStage<Boolean> delete(Delete p) {
            CompletionStage<Void> deleted = host.delete(p.name());
            made.remove(p.name());
            return deleted.thenApply(v -> true);
        }

        @Override
        public List<ConfigEntry> configuration() {
            return made.values().stream()
                    .map(disk -> new ConfigEntry(
                            "bdev_disk_create",
                            Map.of(
                                    "name", disk.bdev().name(),
                                    "block_size", (long) disk.bdev().blockSize(),
                                    "num_blocks", disk.bdev().numBlocks(),
                                    "uuid", disk.bdev().uuid().toString())))
                    .toList();
        }
    }
}
