package io.cairn.bdev.testkit;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.Submission;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.DerivedUuid;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A virtual module for the kit's own tests: its bdev is its base without the first blocks. Correct with {@link Bug#NONE}, and
 * wrong in one way with any other: written out by hand, so that every mistake has its place.
 */
final class WrapModule implements BdevModule {
    static final long FIRST_BLOCK = 8;

    static final Set<IoType> TYPES = Set.copyOf(EnumSet.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.RESET,
            IoType.WRITE_ZEROES,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.ABORT,
            IoType.COPY));

    private static final UUID NAMESPACE = UUID.fromString("5b5a3d2e-6e6f-4a0f-9a53-0f2f7d3c9b11");

    record Create(
            @Param("base") String baseBdevName, @Param("name") String name, @Param("identity") Optional<UUID> uuid) {}

    record Delete(@Param("name") String name) {}

    private final Bug bug;
    private final Map<String, Wrap> wraps = new LinkedHashMap<>();
    private BdevHost host;

    WrapModule(Bug bug) {
        this.bug = bug;
    }

    @Override
    public String name() {
        return "wrap";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_wrap_create", Create.class)
                        .changingConfiguration()
                        .handledBy(this::create),
                Operation.named("bdev_wrap_delete", Delete.class)
                        .changingConfiguration()
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return wraps.values().stream()
                .map(wrap -> {
                    Map<String, Object> params = new LinkedHashMap<>();
                    params.put("base_bdev_name", wrap.base);
                    params.put("name", wrap.name);
                    if (bug != Bug.FORGETS_UUID) {
                        params.put("uuid", wrap.uuid == null ? null : wrap.uuid.toString());
                    }
                    params.values().removeIf(v -> v == null);
                    return new ConfigEntry("bdev_wrap_create", params);
                })
                .toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        for (Wrap wrap : List.copyOf(wraps.values())) {
            if (wrap.base.equals(bdev.name()) && wrap.bdev == null) {
                try {
                    wrap.build();
                } catch (BdevException refused) {
                    wrap.bdev = null; // it waits for the next chance
                }
            }
        }
    }

    private CompletionStage<String> create(Create p) {
        if (wraps.containsKey(p.name()) && bug != Bug.TAKES_NAMES_TWICE) {
            throw new BdevException(Errno.EEXIST, "wrap " + p.name() + " exists");
        }
        if (host.find(p.name()).isPresent() && bug != Bug.TAKES_NAMES_TWICE) {
            throw new BdevException(Errno.EEXIST, "bdev " + p.name() + " exists");
        }
        Wrap wrap = new Wrap(p.name(), p.baseBdevName(), p.uuid().orElse(null));
        if (host.find(p.baseBdevName()).isEmpty()) {
            wraps.put(wrap.name, wrap);
            return CompletableFuture.completedFuture(wrap.name);
        }
        if (bug == Bug.TAKES_NAMES_TWICE && wraps.containsKey(p.name())) {
            return CompletableFuture.completedFuture(wrap.name);
        }
        wraps.put(wrap.name, wrap);
        try {
            return wrap.build().thenApply(bdev -> wrap.name);
        } catch (RuntimeException e) {
            if (bug != Bug.LEAVES_DEFINITION_WHEN_CREATION_FAILS) {
                wraps.remove(wrap.name);
            }
            throw e;
        }
    }

    private CompletionStage<Boolean> delete(Delete p) {
        Wrap wrap = wraps.get(p.name());
        if (wrap == null) {
            throw new BdevException(Errno.ENODEV, "no wrap " + p.name());
        }
        if (bug != Bug.REMEMBERS_WHAT_WAS_DELETED) {
            wraps.remove(p.name());
        }
        return wrap.bdev == null
                ? CompletableFuture.completedFuture(true)
                : host.delete(p.name()).thenApply(v -> true);
    }

    private final class Wrap implements BdevBackend {
        private final String name;
        private final String base;
        private UUID uuid;
        private BdevDescriptor descriptor;
        private Bdev bdev;

        Wrap(String name, String base, UUID uuid) {
            this.name = name;
            this.base = base;
            this.uuid = uuid;
        }

        CompletionStage<Bdev> build() {
            BdevDescriptor opened = host.open(base, OpenMode.READ, name, this::onEvent);
            try {
                host.claimExclusive(opened, name);
                try {
                    UUID identity = uuid != null
                            ? uuid
                            : bug == Bug.FORGETS_UUID
                                    ? new UUID(System.nanoTime(), 1)
                                    : DerivedUuid.of(NAMESPACE, opened.bdev().uuid());
                    descriptor = opened;
                    CompletionStage<Bdev> registered = host.register(
                            BdevSpec.physical(
                                            name,
                                            "Wrap",
                                            opened.bdev().blockSize(),
                                            opened.bdev().numBlocks() - FIRST_BLOCK,
                                            types(opened.bdev()))
                                    .withUuid(identity)
                                    .withWriteCache(true)
                                    .withBases(List.of(opened.bdev().name())),
                            this);
                    uuid = identity;
                    bdev = host.find(name).orElseThrow();
                    return registered;
                } catch (RuntimeException e) {
                    if (bug != Bug.LEAVES_CLAIM_WHEN_REGISTER_FAILS) {
                        host.releaseExclusive(opened.bdev());
                    }
                    throw e;
                }
            } catch (RuntimeException e) {
                opened.close();
                descriptor = null;
                throw e;
            }
        }

        private Set<IoType> types(Bdev below) {
            Set<IoType> both = EnumSet.copyOf(TYPES);
            both.retainAll(below.supportedTypes());
            if (bug == Bug.ADVERTISES_TOO_MUCH) {
                both.add(IoType.SEEK_DATA);
            }
            return both;
        }

        private void onEvent(BdevEvent event, BdevDescriptor from) {
            if (event == BdevEvent.REMOVE && bdev != null && bug != Bug.IGNORES_REMOVAL) {
                host.unregister(bdev);
            }
            if (event == BdevEvent.RESIZE && bdev != null && bug != Bug.IGNORES_GROWTH) {
                host.resize(bdev, from.bdev().numBlocks() - FIRST_BLOCK);
            }
        }

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            return new Channel(descriptor.openChannel());
        }

        @Override
        public CompletionStage<Void> destruct() {
            bdev = null;
            if (bug != Bug.KEEPS_CLAIM) {
                host.releaseExclusive(descriptor.bdev());
            }
            if (bug != Bug.KEEPS_DESCRIPTOR) {
                descriptor.close();
            }
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return Map.of("wrap", Map.of("base_bdev_name", base));
        }
    }

    private final class Channel extends BackendChannel {
        private final BdevChannel base;
        private final ArrayDeque<BdevIo> waiting = new ArrayDeque<>();
        private int served;

        Channel(BdevChannel base) {
            this.base = base;
            if (bug == Bug.LEAKS_POLLER) {
                base.reactor().poll("leaked", 1_000_000, () -> Poller.IDLE);
            }
        }

        @Override
        public void submitRequest(BdevIo io) {
            served++;
            if (bug == Bug.NEVER_COMPLETES && served % 40 == 0) {
                return;
            }
            if (bug == Bug.ADVERTISES_TOO_MUCH && io.type() == IoType.SEEK_DATA) {
                io.complete(IoStatus.FAILED);
                return;
            }
            if (bug == Bug.COMPLETES_BEFORE_ITS_CHILD && io.type() == IoType.WRITE && served % 5 == 0) {
                base.forward(io, io.offsetBlocks() + FIRST_BLOCK, child -> {});
                io.complete(IoStatus.SUCCESS);
                return;
            }
            if (bug == Bug.LEAKS_POOL_MEMORY && served == 20) {
                base.reactor().buffers().take(4096);
            }
            if (!pass(io)) {
                switch (bug) {
                    case FAILS_WHEN_THERE_IS_NO_IO_OBJECT -> io.complete(IoStatus.FAILED);
                    case RECURSES_WITHOUT_BOUND -> submitRequest(io);
                    default -> wait(io);
                }
            }
        }

        private void wait(BdevIo io) {
            waiting.add(io);
            if (waiting.size() == 1) {
                base.queueIoWait(this::goOn);
            }
        }

        private void goOn() {
            while (!waiting.isEmpty() && pass(waiting.peek())) {
                waiting.poll();
            }
            if (!waiting.isEmpty()) {
                if (bug == Bug.DROPS_WHAT_WAITS) {
                    return;
                }
                base.queueIoWait(this::goOn);
            }
        }

        private boolean pass(BdevIo io) {
            long at = io.offsetBlocks() + FIRST_BLOCK;
            if (bug == Bug.IGNORES_OFFSET && io.type() == IoType.WRITE_ZEROES) {
                at = io.offsetBlocks();
            }
            if (bug == Bug.READS_OFF_BY_ONE && io.type() == IoType.READ && io.offsetBlocks() > 0) {
                at--;
            }
            Submission submission;
            try {
                submission = base.forward(io, at, this::childDone);
            } catch (BdevException refused) {
                io.complete(IoStatus.errno(refused.errno()));
                return true;
            }
            return submission == Submission.ACCEPTED;
        }

        private void childDone(BdevIo child) {
            BdevIo io = (BdevIo) child.cookie();
            if (bug == Bug.LOSES_STATUS && !child.status().isSuccess()) {
                io.complete(IoStatus.FAILED);
                return;
            }
            io.completeFrom(child);
            if (bug == Bug.COMPLETES_TWICE && served % 10 == 0) {
                io.complete(IoStatus.SUCCESS);
            }
        }

        @Override
        public boolean abort(BdevIo victim) {
            if (waiting.remove(victim)) {
                victim.complete(IoStatus.ABORTED);
                return true;
            }
            return base.abort(victim, io -> {}, null) == Submission.ACCEPTED;
        }

        @Override
        public void close() {
            if (bug != Bug.FORGETS_BASE_CHANNEL) {
                base.close();
            }
        }
    }
}
