package io.cairn.module.aio;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Bdevs on files and block devices, under both of SPDK's names ({@code aio} and {@code uring}). I/O goes through io_uring on the
 * reactors' rings, or through threads where there is no io_uring.
 */
@Component(service = BdevModule.class)
@ProvidesBdevModule("aio")
public final class AioModule implements BdevModule {
    private static final Logger LOG = System.getLogger(AioModule.class.getName());

    private final FileInspector inspector = new FileInspector();
    private final MemoryResidence memory;
    private final Map<String, FileBdev> bdevs = new LinkedHashMap<>();
    private final Map<String, CompletableFuture<Void>> opening = new LinkedHashMap<>();
    private BdevHost host;
    private FileEngine engine;
    private boolean leaving;

    /** A bdev of this module. */
    private record FileBdev(FileSettings settings, OpenFile file, Bdev bdev) {}

    /** Makes the module, to be added to a core. */
    @Activate
    public AioModule() {
        this(MemoryResidence.ofProcess());
    }

    /**
     * Makes the module.
     *
     * @param memory tells which files need no waiting for
     */
    AioModule(MemoryResidence memory) {
        this.memory = memory;
    }

    private FileEngine bestEngine(Reactors reactors) {
        if (UringLoop.drives(reactors)) {
            return new UringEngine(reactors, inspector, memory);
        }
        return reactors.app().eventLoop().isPresent()
                ? PoolEngine.withThreads(reactors, inspector)
                : PoolEngine.simulated(reactors, inspector);
    }

    @Override
    public String name() {
        return "aio";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        engine = bestEngine(core.reactors());
        LOG.log(Level.INFO, "file I/O by {0}", engine.name());
    }

    @Override
    public CompletionStage<Void> fini() {
        leaving = true;
        CompletableFuture<?>[] pending = opening.values().toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(pending).thenRun(engine::close);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return new AioOperations(this).all();
    }

    @Override
    public List<ConfigEntry> configuration() {
        return bdevs.values().stream()
                .map(ours -> ours.settings().toConfiguration())
                .toList();
    }

    /**
     * Opens a file and registers a bdev on it.
     *
     * @return the name, after the first wave of examine; fails with {@link BdevException}, nothing is left behind then
     */
    CompletionStage<String> create(FileSettings wanted) {
        wanted.check();
        String name = wanted.name();
        if (opening.containsKey(name)) {
            throw new BdevException(Errno.EEXIST, "bdev " + name + " is being created already");
        }
        host.find(name).ifPresent(other -> {
            throw new BdevException(
                    Errno.EEXIST, "the name " + name + " is taken by a bdev of module " + other.moduleName());
        });
        CompletableFuture<Void> over = new CompletableFuture<>();
        opening.put(name, over);
        return engine.open(wanted.filename(), wanted.readonly(), wanted.blockSize())
                .thenCompose(file -> registerOrClose(wanted, file))
                .whenComplete((registered, failure) -> {
                    opening.remove(name);
                    over.complete(null);
                })
                .thenCompose(Registered::examined)
                .thenApply(bdev -> name);
    }

    /** A bdev whose name is taken, with the stage of its first examine. */
    private record Registered(CompletionStage<Bdev> examined) {}

    private CompletionStage<Registered> registerOrClose(FileSettings wanted, OpenFile file) {
        try {
            return CompletableFuture.completedFuture(new Registered(register(wanted, file)));
        } catch (RuntimeException e) {
            return file.close().thenApply(closed -> {
                throw e;
            });
        }
    }

    private CompletionStage<Bdev> register(FileSettings wanted, OpenFile file) {
        if (leaving) {
            throw new BdevException(
                    Errno.ESHUTDOWN, "bdev " + wanted.name() + ": module aio left while the file was opened");
        }
        BlockGeometry geometry = BlockGeometry.of(wanted, file);
        BdevSpec spec = BdevSpec.physical(
                        wanted.name(),
                        wanted.flavour().productName(),
                        geometry.blockSize(),
                        geometry.numBlocks(),
                        types(wanted, file))
                .withLimits(limits(file))
                .withWriteCache(true);
        if (wanted.uuid().isPresent()) {
            spec = spec.withUuid(wanted.uuid().get());
        }
        FileBackend backend =
                new FileBackend(host.reactors(), wanted, file, geometry.blockSize(), () -> bdevs.remove(wanted.name()));
        CompletionStage<Bdev> examined = host.register(spec, backend);
        Bdev bdev = host.find(wanted.name()).orElseThrow();
        bdevs.put(wanted.name(), new FileBdev(wanted.withUuid(bdev.uuid()), file, bdev));
        return examined;
    }

    private static Set<IoType> types(FileSettings wanted, OpenFile file) {
        Set<IoType> types = EnumSet.of(IoType.READ, IoType.FLUSH, IoType.RESET, IoType.ABORT);
        if (wanted.readonly()) {
            return types;
        }
        types.add(IoType.WRITE);
        if (wanted.fallocate() && file.punchesHoles()) {
            types.add(IoType.UNMAP);
            types.add(IoType.WRITE_ZEROES);
        } else if (wanted.fallocate()) {
            LOG.log(
                    Level.WARNING,
                    "bdev {0}: no holes can be punched without io_uring, so UNMAP is not offered",
                    wanted.name());
        }
        return types;
    }

    private static IoLimits limits(OpenFile file) {
        return new IoLimits(0, file.memoryAlignment(), 0, false, 0, 0, file.maxSegments(), 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Looks at the file again: a larger file makes a larger bdev, an empty or missing one removes it.
     *
     * @throws BdevException ENODEV not a bdev of this kind
     */
    CompletionStage<Boolean> rescan(Flavour flavour, String name) {
        FileBdev ours = own(flavour, name);
        String filename = ours.settings().filename();
        return CompletableFuture.supplyAsync(
                        () -> sizeNow(ours), host.reactors().blocking())
                .thenComposeAsync(
                        size -> adopt(ours, filename, size), host.reactors().app());
    }

    /** Returns the file's size in bytes, 0 if it is not there any more. Blocks. */
    private long sizeNow(FileBdev ours) {
        try {
            FileFacts now = inspector.inspect(ours.settings().filename());
            return now.identity().equals(ours.file().facts().identity()) ? now.size() : 0;
        } catch (BdevException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENXIO || e.errno() == Errno.ENODEV) {
                return 0;
            }
            throw e;
        }
    }

    private CompletionStage<Boolean> adopt(FileBdev ours, String filename, long size) {
        Bdev bdev = ours.bdev();
        FileBdev current = bdevs.get(bdev.name());
        if (current == null || current.bdev() != bdev) {
            throw new BdevException(Errno.ENODEV, "bdev " + bdev.name() + " was removed meanwhile");
        }
        if (size == 0) {
            LOG.log(Level.WARNING, "bdev {0}: {1} is gone or empty; removing the bdev", bdev.name(), filename);
            return host.unregister(bdev).thenApply(gone -> true);
        }
        long blocks = size / bdev.blockSize();
        if (blocks != bdev.numBlocks()) {
            host.resize(bdev, blocks);
        }
        return CompletableFuture.completedFuture(true);
    }

    /**
     * Removes a bdev and closes its file.
     *
     * @throws BdevException ENODEV not a bdev of this kind; EBUSY on its way out already
     */
    CompletionStage<Boolean> delete(Flavour flavour, String name) {
        return host.delete(own(flavour, name).bdev().name()).thenApply(gone -> true);
    }

    private FileBdev own(Flavour flavour, String name) {
        Bdev bdev = host.find(name).orElseThrow(() -> new BdevException(Errno.ENODEV, "there is no bdev " + name));
        FileBdev ours = bdevs.get(bdev.name());
        if (ours == null || ours.bdev() != bdev || ours.settings().flavour() != flavour) {
            throw new BdevException(
                    Errno.ENODEV, "bdev " + name + " is a " + bdev.productName() + ", not a " + flavour.productName());
        }
        return ours;
    }
}
