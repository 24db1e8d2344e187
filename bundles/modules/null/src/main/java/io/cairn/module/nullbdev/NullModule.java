package io.cairn.module.nullbdev;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.Geometry;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.reactor.BufferPool;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Component;

/** Disks that forget what is written and read as zeroes: for measuring what lies above them. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(NullModule.NAME)
public final class NullModule implements BdevModule {
    static final String NAME = "null";

    static final long MAX_U32 = 0xffff_ffffL;

    private static final long MIB = 1 << 20;

    private final Map<String, NullDisk> disks = new LinkedHashMap<>();
    private BdevHost host;
    private IoDevice<NullChannel> channels;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        IoBuffer zeroes = IoBuffer.allocate(BufferPool.LARGEST);
        channels = new IoDevice<>(NAME, core.reactors(), new IoDevice.Channels<>() {
            @Override
            public NullChannel open(Reactor reactor) {
                return new NullChannel(reactor, zeroes, channels);
            }

            @Override
            public void close(NullChannel channel) {
                channel.stop();
            }
        });
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_null_create", CreateParams.class)
                        .describedAs("Creates a disk that forgets what is written and reads as zeroes.")
                        .changingConfiguration()
                        .answering("The name of the new bdev.")
                        .example("{\"name\": \"Null0\", \"block_size\": 4096, \"num_blocks\": 262144}")
                        .handledBy(this::create),
                Operation.named("bdev_null_delete", DeleteParams.class)
                        .describedAs("Deletes a null disk. Answers when everybody has closed it.")
                        .changingConfiguration()
                        .example("{\"name\": \"Null0\"}")
                        .handledBy(this::delete),
                Operation.named("bdev_null_resize", ResizeParams.class)
                        .describedAs("Makes a null disk larger.")
                        .changingConfiguration()
                        .example("{\"name\": \"Null0\", \"new_size\": 2048}")
                        .handledBy(this::resize));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return disks.values().stream().map(NullDisk::configuration).toList();
    }

    private CompletionStage<String> create(CreateParams p) {
        Geometry.refuseMetadata(p.name, "md_size", p.mdSize);
        Geometry.refuseMetadata(p.name, "dif_type", p.difType);
        Geometry.refuseMetadata(p.name, "dif_pi_format", p.difPiFormat);
        Geometry.refuseMetadata(p.name, "dif_is_head_of_md", p.difIsHeadOfMd ? 1 : 0);
        Geometry.check(p.name, p.blockSize, p.numBlocks);
        Geometry.checkPhysicalBlockSize(p.name, p.physicalBlockSize);
        IoLimits limits = new IoLimits(
                p.physicalBlockSize,
                0,
                0,
                false,
                0,
                0,
                0,
                0,
                0,
                0,
                p.preferredWriteAlignment,
                p.preferredWriteGranularity,
                p.optimalWriteSize,
                p.preferredUnmapAlignment,
                p.preferredUnmapGranularity);
        // the identity is made here, so that the configuration has it from the first moment
        UUID uuid = p.uuid.orElseGet(UUID::randomUUID);
        BdevSpec spec = BdevSpec.physical(p.name, "Null disk", p.blockSize, p.numBlocks, NullDisk.TYPES)
                .withUuid(uuid)
                .withLimits(limits);
        NullDisk disk = new NullDisk(spec, channels, () -> disks.remove(p.name));
        CompletionStage<Bdev> ready = host.register(spec, disk);
        disks.put(p.name, disk);
        return ready.thenApply(Bdev::name);
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        return host.delete(p.name).thenApply(done -> true);
    }

    private CompletionStage<Boolean> resize(ResizeParams p) {
        Bdev bdev = host.find(p.name)
                .orElseThrow(() -> new BdevException(Errno.ENODEV, "there is no bdev '" + p.name + "'"));
        NullDisk disk = disks.get(bdev.name());
        if (disk == null) {
            throw new BdevException(
                    Errno.EINVAL, "bdev '" + p.name + "' belongs to module " + bdev.moduleName() + ", not to " + NAME);
        }
        if (p.newSize > Long.MAX_VALUE / MIB) {
            throw new BdevException(
                    Errno.EINVAL, "bdev '" + p.name + "': " + p.newSize + " MiB are more than 2^63 bytes");
        }
        long numBlocks = p.newSize * MIB / bdev.blockSize();
        if (numBlocks < bdev.numBlocks()) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev '" + p.name + "' has " + bdev.sizeBytes() + " bytes and cannot shrink to " + p.newSize
                            + " MiB");
        }
        host.resize(bdev, numBlocks);
        disk.resized(numBlocks);
        return CompletableFuture.completedFuture(true);
    }

    record CreateParams(
            @Param("Name of the new bdev.") String name,
            @Param(value = "Block size in bytes: a multiple of 512 up to 65536.", max = Integer.MAX_VALUE)
                    int blockSize,
            @Param("Size in blocks.") long numBlocks,
            @Param("Its UUID. Without it a random one is made.") Optional<UUID> uuid,
            @Param(
                            value = "Physical block size in bytes to report; 0: the block size.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int physicalBlockSize,
            @Param(
                            value = "Metadata bytes per block: must be 0, bdevs have no metadata.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int mdSize,
            @Param(
                            value = "Type of protection information: must be 0, bdevs have none.",
                            defaultsTo = "0",
                            min = Integer.MIN_VALUE,
                            max = Integer.MAX_VALUE)
                    int difType,
            @Param(
                            value = "Format of protection information: must be 0, bdevs have none.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int difPiFormat,
            @Param(value = "Place of protection information: must be false, bdevs have none.", defaultsTo = "false")
                    boolean difIsHeadOfMd,
            @Param(
                            value = "Preferred granularity of writes in blocks, to report; 0: none.",
                            defaultsTo = "0",
                            max = MAX_U32)
                    long preferredWriteGranularity,
            @Param(
                            value = "Preferred alignment of writes in blocks, to report; 0: none.",
                            defaultsTo = "0",
                            max = MAX_U32)
                    long preferredWriteAlignment,
            @Param(value = "Optimal size of writes in blocks, to report; 0: none.", defaultsTo = "0", max = MAX_U32)
                    long optimalWriteSize,
            @Param(
                            value = "Preferred granularity of unmaps in blocks, to report; 0: none.",
                            defaultsTo = "0",
                            max = MAX_U32)
                    long preferredUnmapGranularity,
            @Param(
                            value = "Preferred alignment of unmaps in blocks, to report; 0: none.",
                            defaultsTo = "0",
                            max = MAX_U32)
                    long preferredUnmapAlignment) {}

    record DeleteParams(@Param(value = "Name of the null disk.", names = Param.Names.BDEV) String name) {}

    record ResizeParams(
            @Param(value = "Name of the null disk.", names = Param.Names.BDEV) String name,
            @Param("New size in MiB, not less than the present one.") long newSize) {}
}
