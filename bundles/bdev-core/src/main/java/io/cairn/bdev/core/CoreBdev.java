package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Claim;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A registered bdev. What never changes is final; what changes does so on the app thread and is published to the reactors
 * that do I/O.
 */
final class CoreBdev implements Bdev {
    /** The types that need a writable descriptor, as bits. */
    static final int CHANGING_TYPES = bits(
            EnumSet.allOf(IoType.class).stream().filter(IoType::changesData).toList());

    private static final Logger LOG = System.getLogger(CoreBdev.class.getName());

    /** What is behind a bdev whose module is being exchanged: nothing opens a channel of it, and there is nothing to take down. */
    private static final BdevBackend NOBODY = reactor -> {
        throw new BdevException(Errno.EBUSY, "the module is being exchanged");
    };

    private final CoreContext context;
    private final String moduleName;
    private final int blockSize;
    private final UUID uuid;
    private final List<String> aliases;
    private final long alignmentMask;
    private final IoDevice<SharedChannel> sharedChannels;
    private final Claims claims = new Claims(this);
    private final PassedOver passedOver = new PassedOver();
    private final RangeLocks rangeLocks = new RangeLocks(this);
    private final Resets resets = new Resets(this);
    private final Removal removal = new Removal(this);
    private final Hold hold = new Hold(this);
    private final List<Descriptor> descriptors = new ArrayList<>();
    private final AtomicLong defects = new AtomicLong();
    private final Map<String, Long> defectsOfKind = new ConcurrentHashMap<>();
    private final Retired retired = new Retired();
    private volatile ModuleHost module;
    private volatile BdevBackend backend;
    private volatile BdevSpec spec;
    private volatile List<String> baseNames;
    private volatile int nativeTypes;
    private volatile int offeredTypes;
    private volatile long numBlocks;
    private volatile BdevState state = BdevState.REGISTERED;

    CoreBdev(CoreContext context, ModuleHost module, BdevSpec spec, UUID uuid, BdevBackend backend) {
        this.context = context;
        this.module = module;
        this.moduleName = module.name();
        this.spec = spec;
        this.baseNames = spec.baseNames();
        this.blockSize = spec.blockSize();
        this.uuid = uuid;
        this.backend = backend;
        this.numBlocks = spec.numBlocks();
        this.aliases = aliases(spec, uuid);
        this.nativeTypes = bits(spec.types());
        this.offeredTypes = offered(nativeTypes);
        this.alignmentMask = Math.max(1, spec.limits().requiredAlignment()) - 1L;
        this.sharedChannels =
                new IoDevice<>("bdev " + spec.name(), context.reactors(), new IoDevice.Channels<SharedChannel>() {
                    @Override
                    public SharedChannel open(Reactor reactor) {
                        return new SharedChannel(CoreBdev.this, reactor);
                    }

                    @Override
                    public void close(SharedChannel channel) {
                        channel.closeWhenIdle(() -> {});
                    }
                });
    }

    private static List<String> aliases(BdevSpec spec, UUID uuid) {
        List<String> all = new ArrayList<>(spec.aliases());
        String text = uuid.toString();
        if (!spec.name().equals(text) && !all.contains(text)) {
            all.add(text);
        }
        return List.copyOf(all);
    }

    private static int bits(Iterable<IoType> types) {
        int bits = 0;
        for (IoType type : types) {
            bits |= type.bit();
        }
        return bits;
    }

    /** Adds what the core makes up for what a module lacks. */
    private static int offered(int nativeTypes) {
        int all = nativeTypes | IoType.RESET.bit();
        boolean reads = (nativeTypes & IoType.READ.bit()) != 0;
        boolean writes = (nativeTypes & IoType.WRITE.bit()) != 0;
        if (reads) {
            all |= IoType.COMPARE.bit();
        }
        if (writes) {
            all |= IoType.WRITE_ZEROES.bit();
        }
        if (reads && writes) {
            all |= IoType.COMPARE_AND_WRITE.bit() | IoType.COPY.bit();
        }
        return all;
    }

    // ---- what everybody sees ----

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public List<String> aliases() {
        return aliases;
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
        return moduleName;
    }

    @Override
    public int blockSize() {
        return blockSize;
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
        Set<IoType> types = EnumSet.noneOf(IoType.class);
        for (IoType type : IoType.values()) {
            if ((offeredTypes & type.bit()) != 0) {
                types.add(type);
            }
        }
        return types;
    }

    @Override
    public List<Claim> claims() {
        return claims.list();
    }

    @Override
    public BdevState state() {
        return state;
    }

    @Override
    public List<String> baseNames() {
        return baseNames;
    }

    @Override
    public Map<String, Object> driverSpecific() {
        try {
            return backend.driverSpecific();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            // the list of all bdevs must not fail for one
            defect("threw from driverSpecific", e);
            return Map.of();
        }
    }

    // ---- for the core ----

    /** Returns the module; null while it is being exchanged. */
    ModuleHost module() {
        return module;
    }

    BdevBackend backend() {
        return backend;
    }

    // ---- another module behind the same handle ----

    Hold hold() {
        return hold;
    }

    /** Parts from the module, of which nothing is kept; returns its backend, to be taken down. */
    BdevBackend detach() {
        BdevBackend old = backend;
        module = null;
        backend = NOBODY;
        return old;
    }

    /** Refuses what those who use this bdev cannot go on with. */
    void refuseOther(BdevSpec other) {
        if (other.uuid().isPresent() && !other.uuid().get().equals(uuid)) {
            throw Hold.refused(
                    this, "its UUID is " + uuid + ", not " + other.uuid().get());
        }
        if (other.blockSize() != blockSize) {
            throw Hold.refused(this, "its blocks have " + blockSize + " bytes, not " + other.blockSize());
        }
        boolean baseGrew = other.numBlocks() > numBlocks && !other.baseNames().isEmpty();
        if (other.numBlocks() != numBlocks && !baseGrew) {
            throw Hold.refused(this, "it has " + numBlocks + " blocks, not " + other.numBlocks());
        }
        if (!other.limits().equals(spec.limits()) || other.hasWriteCache() != spec.hasWriteCache()) {
            throw Hold.refused(this, "its limits or its write cache are different");
        }
        if (!other.aliases().equals(spec.aliases())) {
            throw Hold.refused(this, "its aliases are " + spec.aliases() + ", not " + other.aliases());
        }
        int lost = offeredTypes & ~offered(bits(other.types()));
        if (lost != 0) {
            throw Hold.refused(
                    this,
                    "it does not support any more: "
                            + EnumSet.allOf(IoType.class).stream()
                                    .filter(t -> (lost & t.bit()) != 0)
                                    .toList());
        }
    }

    /** Has another module behind it from now on, for which I/O goes on waiting. */
    void attach(ModuleHost newModule, BdevBackend newBackend, List<String> newBases) {
        module = newModule;
        backend = newBackend;
        // not with the rest of its specification: until that is followed, the module may have said other ones
        baseNames = newBases;
    }

    /** Is built on other bdevs from now on. */
    void rebase(List<String> others) {
        baseNames = List.copyOf(others);
    }

    /** Follows what the new module says of the bdev, before I/O goes on. */
    void follow(BdevSpec newSpec) {
        spec = newSpec;
        nativeTypes = bits(newSpec.types());
        offeredTypes = offered(nativeTypes);
        // the base may have grown since the module looked at it
        resize(Math.max(numBlocks, newSpec.numBlocks()));
    }

    Claims claimTable() {
        return claims;
    }

    PassedOver passedOver() {
        return passedOver;
    }

    RangeLocks rangeLocks() {
        return rangeLocks;
    }

    Resets resets() {
        return resets;
    }

    Removal removal() {
        return removal;
    }

    Examinations examinations() {
        return context.examinations();
    }

    Reactors reactors() {
        return context.reactors();
    }

    CoreContext context() {
        return context;
    }

    IoBuffer zeroes() {
        return context.zeroes();
    }

    int ioObjectsPerChannel() {
        return context.options().ioObjectsPerChannel();
    }

    IoDevice<SharedChannel> sharedChannels() {
        return sharedChannels;
    }

    List<Descriptor> descriptors() {
        return descriptors;
    }

    boolean isNative(IoType type) {
        return (nativeTypes & type.bit()) != 0;
    }

    int offeredTypes() {
        return offeredTypes;
    }

    long alignmentMask() {
        return alignmentMask;
    }

    /** Returns up to how many blocks a read or write needs no look at the limits; 0: always look. */
    long fastBlocks() {
        if (limits().splitOnBoundary() && limits().optimalIoBoundary() > 0) {
            return 0;
        }
        return limits().maxReadWriteBlocks() == 0 ? Long.MAX_VALUE : limits().maxReadWriteBlocks();
    }

    boolean isLeaving() {
        return state.compareTo(BdevState.UNREGISTERING) >= 0;
    }

    void setState(BdevState next) {
        state = next;
    }

    Descriptor open(Reactor owner, OpenMode mode, String holder, BdevEventListener listener) {
        if (isLeaving()) {
            throw new BdevException(Errno.ENODEV, "bdev " + name() + " is being removed");
        }
        if (mode == OpenMode.WRITE) {
            claims.refuseWriter(holder);
        }
        Descriptor descriptor = new Descriptor(this, owner, mode, holder, listener);
        descriptors.add(descriptor);
        return descriptor;
    }

    void descriptorClosed(Descriptor descriptor) {
        if (descriptors.remove(descriptor)) {
            claims.descriptorClosed(descriptor);
            removal.descriptorClosed();
        }
    }

    void resize(long blocks) {
        if (blocks < 1) {
            throw new BdevException(Errno.EINVAL, "bdev " + name() + " cannot have " + blocks + " blocks");
        }
        if (blocks < numBlocks && !descriptors.isEmpty()) {
            throw new BdevException(
                    Errno.EBUSY,
                    "bdev " + name() + " cannot shrink from " + numBlocks + " to " + blocks + " blocks: it is open by "
                            + descriptors);
        }
        if (blocks != numBlocks) {
            numBlocks = blocks;
            descriptors.forEach(d -> d.tell(BdevEvent.RESIZE));
            context.resized(this);
        }
    }

    // ---- statistics and defects ----

    /** Keeps what a channel counted that is closed. */
    void addRetired(IoStatistics statistics) {
        retired.add(statistics);
    }

    Retired retired() {
        return retired;
    }

    /**
     * The module broke the contract. Counted; of each kind the first, the second, the fourth, … is logged. From any reactor.
     *
     * @param what the kind: one of few texts
     */
    void defect(String what) {
        defect(what, null);
    }

    void defect(String what, Throwable failure) {
        long count = defects.incrementAndGet();
        ModuleHost host = module;
        if (host != null) {
            host.countDefect();
        }
        if (Long.bitCount(defectsOfKind.merge(what, 1L, Long::sum)) == 1) {
            LOG.log(
                    Level.ERROR,
                    "module " + moduleName() + ", bdev " + name() + ": " + what + " (defect " + count + ")",
                    failure);
        }
    }

    /** Returns how often the module broke the contract on this bdev. */
    long defects() {
        return defects.get();
    }

    void reportSubmitter(Io io, Throwable failure) {
        LOG.log(Level.ERROR, "the completion of a " + io + " threw", failure);
    }

    @Override
    public String toString() {
        return name();
    }
}
