package io.cairn.module.aio;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Claim;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The least of a core that a physical module needs. */
final class TestHost implements BdevHost {
    private final Reactors reactors;
    private final Map<String, TestBdev> bdevs = new LinkedHashMap<>();
    private boolean refusesRegistrations;

    TestHost(Reactors reactors) {
        this.reactors = reactors;
    }

    /** Lets every registration fail, as a taken alias would. */
    void refuseRegistrations() {
        refusesRegistrations = true;
    }

    /** Removes what is left, as the core does before a module ends. */
    CompletionStage<Void> removeAll() {
        List<TestBdev> left = List.copyOf(bdevs.values());
        return CompletableFuture.allOf(left.stream()
                .map(bdev -> unregister(bdev).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    BdevBackend backend(String name) {
        return bdevs.get(name).backend;
    }

    @Override
    public Reactors reactors() {
        return reactors;
    }

    @Override
    public Optional<Bdev> find(String name) {
        reactors.app().requireCurrent();
        return Optional.ofNullable(bdevs.get(name));
    }

    @Override
    public CompletionStage<Void> settled(String name) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public Reservation reserve(List<String> names, String holder) {
        return () -> {};
    }

    @Override
    public boolean isReplaying() {
        return false;
    }

    @Override
    public CompletionStage<Bdev> register(BdevSpec spec, BdevBackend backend) {
        reactors.app().requireCurrent();
        if (refusesRegistrations) {
            throw new BdevException(Errno.EEXIST, "refused by the test");
        }
        TestBdev bdev = new TestBdev(spec, backend);
        bdevs.put(spec.name(), bdev);
        return CompletableFuture.completedFuture(bdev);
    }

    @Override
    public CompletionStage<Void> unregister(Bdev bdev) {
        return bdevs.remove(bdev.name()).backend.destruct();
    }

    @Override
    public CompletionStage<Void> delete(String name) {
        return unregister(bdevs.get(name));
    }

    @Override
    public boolean isBuiltOn(Bdev upper, Bdev lower) {
        return upper == lower;
    }

    @Override
    public BdevDescriptor open(String name, OpenMode mode, String holder, BdevEventListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void claimExclusive(BdevDescriptor descriptor, String claimName) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void releaseExclusive(Bdev bdev) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Object> handedOver() {
        return Map.of();
    }

    @Override
    public void resize(Bdev bdev, long numBlocks) {
        if (numBlocks < bdev.numBlocks()) {
            throw new BdevException(Errno.EBUSY, "bdev " + bdev.name() + " is open and cannot shrink");
        }
        bdevs.get(bdev.name()).numBlocks = numBlocks;
    }

    private static final class TestBdev implements Bdev {
        private final BdevSpec spec;
        private final BdevBackend backend;
        private final UUID uuid;
        private volatile long numBlocks;

        TestBdev(BdevSpec spec, BdevBackend backend) {
            this.spec = spec;
            this.backend = backend;
            this.uuid = spec.uuid().orElseGet(UUID::randomUUID);
            this.numBlocks = spec.numBlocks();
        }

        @Override
        public String name() {
            return spec.name();
        }

        @Override
        public List<String> aliases() {
            return spec.aliases();
        }

        @Override
        public UUID uuid() {
            return uuid;
        }

        @Override
        public String productName() {
            return spec.productName();
        }

        @Override
        public String moduleName() {
            return "aio";
        }

        @Override
        public int blockSize() {
            return spec.blockSize();
        }

        @Override
        public long numBlocks() {
            return numBlocks;
        }

        @Override
        public IoLimits limits() {
            return spec.limits();
        }

        @Override
        public boolean hasWriteCache() {
            return spec.hasWriteCache();
        }

        @Override
        public Set<IoType> supportedTypes() {
            return spec.types();
        }

        @Override
        public List<Claim> claims() {
            return List.of();
        }

        @Override
        public BdevState state() {
            return BdevState.READY;
        }

        @Override
        public List<String> baseNames() {
            return List.of();
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return backend.driverSpecific();
        }
    }
}
