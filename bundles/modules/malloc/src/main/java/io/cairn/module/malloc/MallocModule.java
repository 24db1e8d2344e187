package io.cairn.module.malloc;

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
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Sparse disks in memory: memory is taken when written, and given back on unmap. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(MallocModule.NAME)
public final class MallocModule implements BdevModule {
    static final String NAME = "malloc";

    /** Bounds the work of one I/O: the core splits what is larger. */
    private static final int MAX_COPIED_BYTES = 1 << 20;

    private static final int MAX_ZEROED_BYTES = 1 << 28;

    private final MemoryRoom room;
    private final Map<String, MallocDisk> disks = new LinkedHashMap<>();
    private BdevHost host;
    private IoBuffer zeroes;
    private IoDevice<MallocChannel> channels;

    /** Makes the module; its disks take direct memory up to the JVM's limit, less a part that is left to the others. */
    @Activate
    public MallocModule() {
        this(new DirectMemoryRoom());
    }

    /** Makes the module with another bound. */
    MallocModule(MemoryRoom room) {
        this.room = room;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        zeroes = IoBuffer.allocate(BufferPool.LARGEST);
        channels = new IoDevice<>(NAME, core.reactors(), new IoDevice.Channels<>() {
            @Override
            public MallocChannel open(Reactor reactor) {
                Reclaimer reclaimer =
                        new Reclaimer(reactor, channels, core.reactors().blocking());
                return new MallocChannel(reactor, channels, reclaimer);
            }

            @Override
            public void close(MallocChannel channel) {
                channel.stop();
            }
        });
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_malloc_create", CreateParams.class)
                        .describedAs("Creates a sparse disk in memory. It is empty after every start.")
                        .changingConfiguration()
                        .answering("The name of the new bdev.")
                        .example("{\"name\": \"Malloc0\", \"block_size\": 512, \"num_blocks\": 131072}")
                        .handledBy(this::create),
                Operation.named("bdev_malloc_delete", DeleteParams.class)
                        .describedAs("Deletes a malloc disk and what it holds. Answers when everybody has closed it.")
                        .changingConfiguration()
                        .example("{\"name\": \"Malloc0\"}")
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return disks.values().stream().map(MallocDisk::configuration).toList();
    }

    private CompletionStage<String> create(CreateParams p) {
        String name = p.name.orElseGet(this::freeName);
        Geometry.refuseMetadata(name, "md_size", p.mdSize);
        Geometry.refuseMetadata(name, "md_interleave", p.mdInterleave ? 1 : 0);
        Geometry.refuseMetadata(name, "dif_type", p.difType);
        Geometry.refuseMetadata(name, "dif_pi_format", p.difPiFormat);
        Geometry.refuseMetadata(name, "dif_is_head_of_md", p.difIsHeadOfMd ? 1 : 0);
        if (p.numaId != -1) {
            throw new BdevException(
                    Errno.EOPNOTSUPP,
                    "bdev '" + name + "': numa_id " + p.numaId
                            + ": the memory's NUMA node cannot be chosen; leave it out");
        }
        Geometry.check(name, p.blockSize, p.numBlocks);
        Geometry.checkPhysicalBlockSize(name, p.physicalBlockSize);
        long bytes = p.numBlocks * p.blockSize;
        if (bytes > ChunkTable.MAX_BYTES) {
            throw new BdevException(
                    Errno.ENOMEM,
                    "bdev '" + name + "': " + bytes + " bytes are more than the " + ChunkTable.MAX_BYTES
                            + " that a malloc bdev can have");
        }
        IoLimits limits = new IoLimits(
                p.physicalBlockSize,
                0,
                p.optimalIoBoundary,
                p.optimalIoBoundary != 0,
                0,
                MAX_COPIED_BYTES / p.blockSize,
                0,
                MAX_ZEROED_BYTES / p.blockSize,
                MAX_ZEROED_BYTES / p.blockSize,
                MAX_COPIED_BYTES / p.blockSize,
                0,
                0,
                0,
                0,
                0);
        // the identity is made here, so that the configuration has it from the first moment
        UUID uuid = p.uuid.orElseGet(UUID::randomUUID);
        BdevSpec spec = BdevSpec.physical(name, "Malloc disk", p.blockSize, p.numBlocks, MallocDisk.types(p.blockSize))
                .withUuid(uuid)
                .withLimits(limits);
        MallocDisk disk = new MallocDisk(spec, room, zeroes, channels, host.reactors(), () -> disks.remove(name));
        String key = handedOverAs(uuid);
        Map<String, Object> handedOver = host.handedOver();
        disk.takeOver(handedOver.get(key));
        CompletionStage<Bdev> ready = host.register(spec, disk);
        disks.put(name, disk);
        return ready.thenApply(bdev -> {
            // until now it was there for a module that may have to be brought back
            handedOver.remove(key);
            disk.own();
            return bdev.name();
        });
    }

    private static String handedOverAs(UUID uuid) {
        return "disk " + uuid;
    }

    /** What the disks hold: {@code disk UUID} and the disk's memory, see {@link MallocDisk#handOver}. */
    @Override
    public Map<String, Object> handOver() {
        Map<String, Object> all = new LinkedHashMap<>();
        disks.values().forEach(disk -> all.put(handedOverAs(disk.uuid()), disk.handOver()));
        return all;
    }

    private String freeName() {
        int number = 0;
        while (host.find("Malloc" + number).isPresent()) {
            number++;
        }
        return "Malloc" + number;
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        return host.delete(p.name).thenApply(done -> true);
    }

    record CreateParams(
            @Param("Name of the new bdev. Without it: Malloc and the first free number.") Optional<String> name,
            @Param(value = "Block size in bytes: a multiple of 512 up to 65536.", max = Integer.MAX_VALUE)
                    int blockSize,
            @Param("Size in blocks.") long numBlocks,
            @Param("Its UUID. Without it a random one is made.") Optional<UUID> uuid,
            @Param(
                            value =
                                    "Reads and writes that cross a multiple of so many blocks are split there; 0: none are.",
                            defaultsTo = "0",
                            max = 0xffff_ffffL)
                    long optimalIoBoundary,
            @Param(
                            value = "Metadata bytes per block: must be 0, bdevs have no metadata.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int mdSize,
            @Param(value = "Place of metadata: must be false, bdevs have none.", defaultsTo = "false")
                    boolean mdInterleave,
            @Param(
                            value = "Type of protection information: must be 0, bdevs have none.",
                            defaultsTo = "0",
                            min = Integer.MIN_VALUE,
                            max = Integer.MAX_VALUE)
                    int difType,
            @Param(value = "Place of protection information: must be false, bdevs have none.", defaultsTo = "false")
                    boolean difIsHeadOfMd,
            @Param(
                            value = "Physical block size in bytes to report; 0: the block size.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int physicalBlockSize,
            @Param(
                            value = "Format of protection information: must be 0, bdevs have none.",
                            defaultsTo = "0",
                            max = Integer.MAX_VALUE)
                    int difPiFormat,
            @Param(
                            value = "NUMA node of the memory: must be -1, the node cannot be chosen.",
                            defaultsTo = "-1",
                            min = Integer.MIN_VALUE,
                            max = Integer.MAX_VALUE)
                    int numaId) {}

    record DeleteParams(@Param(value = "Name of the malloc disk.", names = Param.Names.BDEV) String name) {}
}
